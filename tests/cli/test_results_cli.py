import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.results import store
from bench.results.journal import Journal
from bench.spec.outcome import Measure, Score

sys.path.insert(0, str(Path(__file__).parents[1] / "results"))
from result_makers import failed, make_outcome, make_trial, new_run, session

EVIL = "[red]not red[/red] \x1b[31mnor this\x1b[0m\a"


@pytest.fixture
def run(tmp_path, monkeypatch) -> store.RunInfo:
    """Make a run `quick-1` of three trials under results/ of the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    info = new_run(tmp_path / "results" / "quick-1")
    environment_id = store.write_environment(info.folder, {"cpu_model": "Z80", "n_cores": 1})
    good, bad, late = make_trial("good"), make_trial("bad", label=EVIL), make_trial("late")
    scores = (Score("test", "", "accuracy", float("nan"), 2, EVIL),)
    session(
        info,
        (good, make_outcome(good, scores=scores)),
        (bad, failed(bad, "error", EVIL)),
        (late, failed(late, "timeout", "over its limit")),
        environment_id=environment_id,
    )
    store.consolidate(info.folder)
    with Journal.open(info.folder, info.run_id, environment_id) as journal:
        for seconds in (1.0, 3.0, 2.0):
            row = Measure("calibrate", "calibration", "slot-0", seconds, "s")
            journal.append_measures("", [row])
    return info


def bench(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, result.output
    return result.output


def id_of(name: str) -> str:
    return make_trial(name).trial_id


def test_show_run(run):
    """A run is summarised: what, statuses, failures with reasons, noise, environment."""
    text = bench("show", "quick-1")
    for part in (
        "quick-1",
        "3: 1 ok, 1 error, 1 timeout",
        "bench run quick",
        "Failures (2)",
        "over its limit",
        id_of("late")[:12],
        "Z80",
    ):
        assert part in text
    # The median of 1, 2 and 3 seconds.
    assert [line.split() for line in text.splitlines() if line.startswith("calibration")] == [
        ["calibration", "slot-0", "3", "2", "s", "1", "s", "3", "s"]
    ]


def test_show_run_as_json(run):
    """The same for machines, every failure listed."""
    facts = json.loads(bench("show", "quick-1", "--json"))
    assert facts["statuses"] == {"ok": 1, "error": 1, "timeout": 1}
    assert {row["trial_id"] for row in facts["failures"]} == {id_of("bad"), id_of("late")}
    assert facts["noise"][0]["median"] == 2.0
    assert facts["run_id"] == run.run_id


@pytest.mark.parametrize("prefix", ["", "quick-1/", "results/quick-1/"])
def test_show_trial(run, prefix):
    """A trial is found by the beginning of its id, alone or behind its run."""
    text = bench("show", f"{prefix}{id_of('good')[:8]}")
    for part in (id_of("good"), "accuracy", "loss", "wall", "hello", "2 answers", "n_trees"):
        assert part in text


def test_show_failed_trial(run):
    """A failed trial is shown with its traceback."""
    text = bench("show", id_of("bad"))
    assert "Traceback: x" in text
    assert "[red]not red[/red]" in text


def test_show_trial_as_json(run):
    """Everything of a trial is one JSON object; what JSON has no number for is null."""
    facts = json.loads(bench("show", id_of("good")[:10], "--json"))
    assert facts["trial"]["trial_id"] == id_of("good")
    assert facts["scores"][0]["value"] is None
    assert facts["predictions"] == [
        {"row": 7, "output": [0.25, 0.75], "text": None},
        {"row": 4, "output": [1.0, 0.0], "text": None},
    ]
    assert facts["output"] == "hello\n"
    assert facts["environment"]["cpu_model"] == "Z80"


def test_text_of_plugins_is_shown_literally(run):
    """Markup is shown as written; nothing that drives a terminal gets through."""
    for what in ("quick-1", id_of("bad"), id_of("good")):
        text = bench("show", what)
        assert "[red]not red[/red]" in text
        assert not set(text) & {"\x1b", "\a"}


@pytest.mark.parametrize("columns", ["40", "100"])
def test_on_a_terminal(run, columns):
    """On a terminal of any width no line is longer than the terminal is wide."""
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "bench", "show", "quick-1"]
    environment = {**os.environ, "COLUMNS": columns, "NO_COLOR": "1", "TERM": "xterm"}
    with subprocess.Popen(command, stdout=slave, env=environment) as process:
        os.close(slave)
        text = b""
        while True:
            try:
                text += os.read(master, 4096)
            except OSError:
                break
    os.close(master)
    assert process.returncode == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text.decode()).splitlines()
    assert any("timeout" in line for line in lines)
    assert max(map(len, lines)) <= int(columns)


def test_unknown_run(run):
    """A name that is neither run nor trial is answered with the nearest run."""
    assert "Did you mean 'quick-1'?" in bench("show", "quick-2", code=2)
    assert "No trial in results" in bench("show", "0123456789", code=2)
    assert "No trial in" in bench("show", "quick-1/0123456789", code=2)


def test_ambiguous_beginnings(run):
    """A beginning that several trials share is refused with these; so is one in several runs."""
    names = {}
    for i in range(70_000):  # four hexadecimal digits have 65,536 values
        beginning = make_trial_id(str(i))[:4]
        if beginning in names:
            break
        names[beginning] = str(i)
    one, two = make_trial(names[beginning]), make_trial(str(i))
    session(run, (one, make_outcome(one)), (two, make_outcome(two)))
    assert "2 trials in results" in bench("show", beginning, code=2)
    other = new_run(run.folder.parent / "quick-2")
    session(other, (one, make_outcome(one)))
    message = bench("show", one.trial_id, code=2)
    assert f"quick-1/{one.trial_id[:12]}" in message
    assert f"quick-2/{one.trial_id[:12]}" in message


def make_trial_id(name: str) -> str:
    return make_trial(name).trial_id


def test_export(run, tmp_path):
    """The tables of a run are written, and the path is announced."""
    assert bench("export", "quick-1", "--to", "csv", "-o", "out") == "Wrote out\n"
    assert (tmp_path / "out" / "trials.csv").read_text().count("\n") >= 4
    assert "exists already" in bench("export", "quick-1", "--to", "csv", "-o", "out", code=2)
    assert "Did you mean 'csv'" in bench("export", "quick-1", "--to", "csf", "-o", "o", code=2)


def test_a_damaged_table_is_named(run):
    """A damaged table is one line that says what is lost; the rest is shown."""
    (run.folder / "trials.parquet").write_bytes(b"PAR1")
    message = bench("show", "quick-1")
    assert message.count("trials.parquet is damaged") == 1
    assert "3 of 3 rows are lost" in message
    assert "Environment" in message
    assert "Traceback" not in message
