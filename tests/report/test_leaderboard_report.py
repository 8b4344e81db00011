"""The leaderboard as text, in windows of every width, and in every format."""

import csv
import io
import json
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from analysis.hand_tables import Run, realistic, tables
from bench.report import formats, terminal
from bench.report.contents import Selection, read_contents
from bench.spec.errors import ResultsError

NASTY = "[red]x[/red] | a\nb \x1b[31m\u202e*_`<i>"


def contents_of(*runs, by="task", **rules):
    return read_contents(tables(*runs), by=by, selection=Selection(**rules))


def drawn(*runs, width=120, by="task", encoding="utf-8", **rules):
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=file, width=width)
    terminal.show_contents(contents_of(*runs, by=by, **rules), console)
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.fixture(scope="module")
def quick():
    return realistic()


@pytest.fixture
def nasty():
    run = Run()
    run.add("dummy", "a", 0.5)
    run.add("lda", "a", 0.9, label=NASTY, dataset_label=NASTY)
    run.add("svm", "a", None, status="crashed")
    for row in run.trials:
        row["dataset_label"] = NASTY
    return run


@pytest.mark.parametrize("by", ["task", "dataset"])
@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_window(quick, width, by):
    """In every window each line fits, and the best model's name and skill are there."""
    text = drawn(quick, width=width, by=by)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert re.search(r"random-for", text)
    assert re.search(r"0\.888|0\.923", text)


def test_a_narrow_window_drops_columns_before_names(quick):
    """At 40 columns there are places, names, skill and time; the rest has gone."""
    header = next(line for line in drawn(quick, width=40).splitlines() if "model" in line)
    assert header.split() == ["#", "model", "skill", "fit"]


def test_failures_and_holes_are_shown(quick):
    """Failed trials are marked and counted by status; who misses datasets is named."""
    text = " ".join(drawn(quick, width=140).split())
    assert re.search(r"realmlp +deep +0\.654✗", text)
    assert "svm-rbf 4 of 110 (4 error)" in text
    assert "realmlp 10 of 110 (8 timeout, 2 out of memory)" in text
    assert "Without a place, for missing what the ranked ones have: cnn (1 of 5 datasets" in text
    assert "unequal numbers of contenders: 4 classical and 3 deep" in text
    assert "Timing noise on this machine: ±" in text


def test_few_seeds_are_said_to_be_few():
    """Without five outer seeds the interval's place is taken by a sentence."""
    run = Run()
    run.add("dummy", "a", 0.5)
    run.add("lda", "a", 0.9)
    assert "No interval: not enough measured (1 outer seed, an interval needs 5)." in drawn(run)


def test_without_a_baseline_the_way_to_one_is_told():
    """A run without dummy is ranked by mean rank, and says how to add one."""
    run = Run()
    run.add("lda", "a", 0.9)
    text = " ".join(drawn(run, width=80).split())
    assert "mean rank, at the largest size that all contenders share" in text
    assert '[[models]] name = "dummy"' in text


def test_a_baseline_without_a_score_is_said_to_be_there():
    """Where the dummy ran but has no score, nobody is told to add it."""
    run = Run()
    run.add("dummy", "a", None)
    run.add("lda", "a", 0.9)
    text = " ".join(drawn(run, width=100).split())
    assert "No skill, for the baseline has no score" in text
    assert "Add one" not in text


def test_times_of_two_machines_stand_apart():
    """Each environment has a table of seconds, named by its processor."""
    here, there = Run("run-1", "env-1"), Run("run-2", "env-2")
    here.add("dummy", "a", 0.5)
    here.add("lda", "a", 0.9, fit=1.0)
    there.add("dummy", "a", 0.5)
    there.add("mlp", "a", 0.8, fit=5.0)
    text = drawn(here, there)
    assert "seconds on AMD EPYC 9R14 (env-1)" in text
    assert "seconds on Apple M3 (env-2)" in text
    ranking = text.split("seconds on")[0]
    assert "1.00 s" not in ranking
    assert "mlp" not in text.split("seconds on")[1]


@pytest.mark.parametrize("by", ["task", "dataset"])
def test_names_are_shown_literally(nasty, by):
    """Markup is text, and control characters are written out."""
    text = drawn(nasty, by=by, width=160)
    assert r"[red]x[/red] | a\nb \x1b[31m\u202e*_`<i>" in text
    assert "\x1b" not in text


def test_colour_goes_with_no_color(quick, monkeypatch):
    """NO_COLOR takes the colours, and a pipe gets none anyway."""
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    console = Console(file=file, width=100, force_terminal=True)
    terminal.show_contents(contents_of(quick), console)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m|\x1b\[9[0-7]m", file.getvalue())


def test_an_ascii_terminal_gets_ascii(nasty):
    """Where the encoding has no bars and dashes, plain characters stand in."""
    text = drawn(nasty, encoding="ascii")
    assert "0.800" in text
    assert drawn(nasty, encoding="latin-1", by="dataset")


def test_nothing_to_rank_is_said():
    """A run without trials prints one sentence."""
    assert drawn(Run()).strip() == "· No finished trial yet: nothing to rank."


def test_json_is_strict_and_complete(quick):
    """No NaN, every contender, intervals as pairs, nothing of the text."""
    found = json.loads(formats.to_json(contents_of(quick)), parse_constant=pytest.fail)
    assert found["version"] == formats.JSON_VERSION
    classification, regression = found["tasks"]
    assert regression["task"] == "regression"
    assert classification["ranked_on"] == ["breast-cancer", "digits", "iris", "wine"]
    lines = {line["name"]: line for line in classification["standings"]}
    assert len(lines) == 8
    low, high = lines["mlp"]["skill_interval"]
    assert low < lines["mlp"]["skill"] < high
    assert lines["realmlp"]["statuses"] == {"ok": 100, "out_of_memory": 2, "timeout": 8}
    assert lines["realmlp"]["n_failed"] == 10
    assert lines["cnn"]["place"] is None
    assert lines["mlp"]["times"][0]["environment_id"] == "env-1"


def test_json_by_dataset_has_every_point(quick):
    """Each model has a point at each size, empty where nothing was run."""
    found = json.loads(formats.to_json(contents_of(quick, by="dataset")))
    digits = next(board for board in found["datasets"] if board["dataset"] == "digits")
    cnn = next(model for model in digits["models"] if model["name"] == "cnn")
    assert [point["n_train"] for point in cnn["points"]] == digits["sizes"]
    assert all(point["value"] is None for point in cnn["points"])


@pytest.mark.parametrize("by", ["task", "dataset"])
def test_csv_has_a_row_per_line(quick, by):
    """Whatever a name holds, the rows have the header's columns."""
    rows = list(csv.DictReader(io.StringIO(formats.to_csv(contents_of(quick, by=by)))))
    # 8 lines of classification and 7 of regression; or 8 x (6+8+8+4+4) and 7 x (6+7) points
    assert len(rows) == (15 if by == "task" else 8 * 30 + 7 * 13)
    assert all(None not in row and None not in row.values() for row in rows)


@pytest.mark.parametrize("by", ["task", "dataset"])
def test_a_markdown_table_keeps_its_columns(nasty, by):
    """A name with a pipe and a line break stays in its cell, and nothing in it is markup."""
    text = formats.to_markdown(contents_of(nasty, by=by))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    assert r"\[red\]x\[/red\] \| a\\nb \\x1b\[31m\\u202e\*\_\`\<i\>" in text


def test_nasty_names_survive_in_json_and_csv(nasty):
    """JSON keeps the name as it is; CSV has it on one line."""
    found = json.loads(formats.to_json(contents_of(nasty)))
    assert NASTY in [line["name"] for line in found["tasks"][0]["standings"]]
    rows = list(csv.DictReader(io.StringIO(formats.to_csv(contents_of(nasty)))))
    assert r"[red]x[/red] | a\nb \x1b[31m\u202e*_`<i>" in [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"tasks": ["regresion"]}, "no task 'regresion'.*Did you mean 'regression'"),
        ({"models": ["mpl"]}, "no model 'mpl'.*Did you mean 'mlp'"),
        ({"datasets": ["wines"]}, "no dataset 'wines'.*Did you mean 'wine'"),
        ({"size": 17}, "--size 17: nothing was measured at 17 training rows; there: 16, 32"),
    ],
)
def test_a_selection_of_nothing_is_refused(quick, rules, message):
    """What is not in the tables is named, with what is, and the nearest."""
    with pytest.raises(ResultsError, match=message):
        contents_of(quick, **rules)


def test_a_selection_keeps_the_baseline_and_recomputes_ranks(quick):
    """Two models among themselves have ranks 1 and 2, and skill still has its zero."""
    contents = contents_of(quick, models=["mlp", "random-*"], tasks=["regression"])
    (board,) = contents.boards
    assert [line.name for line in board.standings][-1] == "dummy"
    assert sorted(line.rank for line in board.standings[:2]) == pytest.approx([1.0, 2.0], abs=0.5)
    assert len(board.standings) == 3


def test_a_tuned_contender_is_said_to_be_so():
    """Whatever it is called, every format says that it was tuned and over how many sets."""
    run = Run()
    run.add("dummy", "a", 0.5)
    run.add("mlp", "a", 0.8)
    search = '{"seconds":null,"space":{},"trials":20}'
    run.add("mlp", "a", 0.9, repeat=1, label="long", tuning="tuned", search=search)
    assert "in training time: long up to 20." in " ".join(drawn(run).split())
    contents = contents_of(run)
    (board,) = json.loads(formats.to_json(contents))["tasks"]
    found = {line["name"]: (line["tuning"], line["n_candidates"]) for line in board["standings"]}
    assert found == {"long": ("tuned", 20), "mlp": ("default", 1), "dummy": ("default", 1)}
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(formats.to_csv(contents)))}
    assert (rows["long"]["tuning"], rows["long"]["n_candidates"]) == ("tuned", "20")
    assert "long up to 20" in formats.to_markdown(contents)


def wide(n=14):
    """A run of so many datasets, on which lda and qda win in turn and svm never does."""
    run = Run()
    for at in range(n):
        name = f"set-{at:02d}"
        run.add("dummy", name, 0.5)
        run.add("lda", name, 0.8 + 0.01 * (at % 2) + 0.001 * at)
        run.add("qda", name, 0.81 - 0.01 * (at % 2) + 0.001 * at)
        run.add("svm", name, 0.6 + 0.001 * at)
    return run


def test_who_cannot_be_told_apart_shares_a_letter():
    """Groups are letters in every format, with the tests that they are from."""
    text = drawn(wide(), width=100)
    rows = {line.split()[2]: line for line in text.splitlines() if re.match(r" *\d", line)}
    assert [bool(re.search(r" a ", rows[name])) for name in ("lda", "qda", "svm")] == [1, 1, 0]
    said = " ".join(text.split())
    assert "Alike: who shares a letter cannot be told apart; 2 of 3 pairs told apart" in said
    assert "over 14 datasets" in said
    assert re.search(r"the first is better \d+ %, practically equal \d+ % and worse \d+ %", said)
    contents = contents_of(wide())
    csv_rows = {row["name"]: row for row in csv.DictReader(io.StringIO(formats.to_csv(contents)))}
    assert [csv_rows[name]["alike"] for name in ("lda", "qda", "svm", "dummy")] == [
        "a",
        "a",
        "",
        "",
    ]
    (board,) = json.loads(formats.to_json(contents))["tasks"]
    assert board["comparison"]["groups"] == [["lda", "qda"]]
    assert board["comparison"]["pairs"][0]["chances"].keys() == {"better", "equal", "worse"}
    header = next(line for line in formats.to_markdown(contents).splitlines() if "model" in line)
    assert "| alike | Elo | Elo 90 % | wins | gap |" in header


def test_ratings_are_in_every_format(quick):
    """Elo, win rate and improvability reach the terminal, JSON and CSV; the reason is given."""
    text = drawn(quick, width=150)
    header = next(line for line in text.splitlines() if "model" in line)
    assert all(word in header.split() for word in ("Elo", "wins", "gap"))
    assert "alike" not in header
    assert (
        "Cannot distinguish the contenders: for 15 pairs it takes at least 10 datasets, and there "
        "are 4." in " ".join(text.split())
    )
    rows = list(csv.DictReader(io.StringIO(formats.to_csv(contents_of(quick)))))
    lines = json.loads(formats.to_json(contents_of(quick)))["tasks"][0]["standings"]
    for row, line in zip(rows, lines, strict=False):
        for name in ("elo", "win_rate", "improvability"):
            assert row[name] == ("" if line[name] is None else str(line[name]))
    assert sum(line["elo"] or 0 for line in lines) == pytest.approx(6 * 1000)


def test_elo_is_there_in_a_hundred_columns(quick):
    """A window of 100 columns has the rating beside skill, rank and time."""
    header = next(line for line in drawn(quick, width=100).splitlines() if "model" in line)
    assert {"skill", "rank", "Elo", "fit"} <= set(header.split())
