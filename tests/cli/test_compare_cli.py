"""`bench compare`, called as a user calls it."""

import json

import pytest
from click.testing import CliRunner

from analysis.hand_tables import Run, tables
from bench.cli import main
from bench.results.run_tables import write_table
from bench.results.store import create_run

EVIL = "</summary><img src=x>|`\x1b[31m"


def written(path, drop=0.0, factor=1.0, fails=(), models=("lda", "mlp")):
    """Write a run to a folder: lda loses so much of its accuracy and takes so much longer."""
    run = Run(create_run(path, "by-hand", "", ["bench"]).run_id)
    for outer in range(5):
        for n in (16, 32):
            run.add("dummy", "iris", 0.3, outer=outer, n=n)
            for model in models:
                is_lda = model == "lda"
                value = 0.9 - drop * is_lda * (1 + outer / 50)
                fit = (factor if is_lda else 1.0) * (1 + outer / 100)
                failed = (model, outer) in fails
                status, reason = ("crashed", EVIL) if failed else ("ok", "")
                facts = {"outer": outer, "n": n, "fit": fit, "status": status, "reason": reason}
                trial_id = run.add(model, "iris", value, **facts)
                run.measure(trial_id, "sentinel", "fit_seconds", fit * 1.05)
    made = tables(run)
    for name in ("trials", "scores", "measures", "environments", "metrics"):
        write_table(path, name, getattr(made, name))
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of runs: one, its like, a worse one, and one that fails and lacks a model."""
    folder = tmp_path_factory.mktemp("runs")
    return {
        "base": written(folder / "base"),
        "same": written(folder / "same"),
        "worse": written(folder / "worse", drop=0.2, factor=2.0),
        "broken": written(folder / "broken", fails=[("lda", 0)], models=("lda",)),
    }


def bench(*arguments):
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def test_a_regression_is_shown_and_exits_with_1(runs):
    """What is worse is a line each, scores and times; the exit code says so when asked to."""
    found = bench(runs["base"], runs["worse"])
    assert found.exit_code == 0, found.output
    assert "✗ 2 worse" in found.stdout
    assert "accuracy" in found.stdout
    assert "2.00×" in found.stdout
    found = bench(runs["base"], runs["worse"], "--fail-on", "regression")
    assert found.exit_code == 1
    assert "--fail-on regression: found." in found.stderr


def test_no_regression_exits_with_0(runs):
    """Neither the same again nor an improvement is a regression."""
    found = bench(runs["base"], runs["same"], "--fail-on", "regression")
    assert found.exit_code == 0, found.output
    assert "Nothing changed by more than chance and noise explain." in found.stdout
    found = bench(runs["worse"], runs["base"], "--fail-on", "regression", "--fail-on", "missing")
    assert found.exit_code == 0, found.output
    assert "✓ 2 better" in found.stdout


def test_failing_and_missing_trials(runs):
    """Newly failing trials are a regression; missing ones fail where that is asked for."""
    found = bench(runs["base"], runs["broken"], "--fail-on", "regression")
    assert found.exit_code == 1
    assert "2 trials newly failing, 10 trials missing" in found.stdout
    assert bench(runs["base"], runs["broken"], "--fail-on", "missing").exit_code == 1
    found = bench(runs["broken"], runs["base"], "--fail-on", "regression", "--fail-on", "missing")
    assert found.exit_code == 0
    assert "2 trials recovered, 10 trials new" in found.stdout


def test_markdown_for_a_pull_request(runs):
    """A heading, the answer, tables of equal width; what strangers wrote stays text."""
    found = bench(runs["base"], runs["worse"], "--format", "markdown")
    assert found.stdout.startswith("### bench: base → worse\n\n**✗ 2 worse")
    rows = [line for line in found.stdout.splitlines() if line.startswith("|")]
    # A header and a rule; score and time, each at the largest size and on the mean.
    assert len(rows) == 6
    assert len({row.count("|") for row in rows}) == 1
    text = bench(runs["base"], runs["broken"], "--format", "markdown").stdout
    assert r"\</summary\>\<img src=x\>\|\`\\x1b\[31m" in text
    assert "<img" not in text.replace(r"\<", "")
    assert "\x1b" not in text


def test_json_holds_everything(runs):
    """Standard output is one JSON object with every learning curve by every measure."""
    found = bench(runs["base"], runs["worse"], "--format", "json")
    top = json.loads(found.stdout)
    assert (top["version"], top["base"], top["head"]) == (1, "base", "worse")
    assert top["has_regression"]
    assert not top["has_missing"]
    # Two models, three measures, two scopes.
    assert len(top["changes"]) == 12
    worst = top["changes"][0]
    assert (worst["model"], worst["measure"], worst["decision"]) == ("lda", "score", "worse")
    assert worst["effect"] == pytest.approx(-0.208 / 0.7)
    assert set(worst["interval"]) == {"low", "high"}
    assert bench(runs["base"], runs["worse"], "--json").stdout == found.stdout


def test_text_drives_no_terminal(runs):
    """Reasons of strangers are shown literally."""
    text = bench(runs["base"], runs["broken"]).stdout
    assert "\x1b" not in text
    assert r"\x1b[31m" in text


def test_the_region_of_equivalence_is_the_users(runs):
    """A wide region leaves no change of scores."""
    found = bench(runs["base"], runs["worse"], "--equivalence", "0.5")
    assert "1 worse" in found.stdout.splitlines()[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--equivalence", "1"], "is not in the range"),
        (["--fail-on", "regresion"], "is not one of"),
        (["--format", "html"], "is not one of"),
    ],
)
def test_wrong_options_are_exit_code_2(runs, arguments, message):
    """One message on standard error, nothing on standard output."""
    found = bench(runs["base"], runs["same"], *arguments)
    assert found.exit_code == 2
    assert message in found.stderr
    assert found.stdout == ""


def test_a_run_that_is_not_there(runs, tmp_path):
    """A folder that is no run is refused, whichever of the two it is."""
    for pair in ((runs["base"], tmp_path / "no"), (tmp_path / "no", runs["base"])):
        assert bench(*pair).exit_code == 2
