"""What is said of two runs, in words."""

import json

import pytest

from analysis.hand_tables import Run, tables
from bench.analysis.compare import compare
from bench.analysis.pairs import Side
from bench.report.compared import headline, notes_of, show, summary, to_json, to_markdown


def side(run):
    made = tables(run)
    return Side(made.trials, made.scores, made.measures, made.environments, made.metrics)


def compared(drop=0.0, *, seeds=5, datasets=("iris",), environment="env-1", **more):
    """Compare a run with one whose scores on all datasets are lower by so much."""
    base, head = Run(), Run("run-2", environment)
    for outer in range(seeds):
        for name in datasets:
            for run, lost, facts in ((base, 0.0, {}), (head, drop, more)):
                run.add("dummy", name, 0.5, outer=outer)
                run.add("lda", name, 0.9 - lost * (1 + outer / 50), outer=outer, **facts)
    return compare(side(base), side(head))


def said(comparison):
    return " ".join(notes_of(comparison))


def test_the_headline_counts_learning_curves():
    """A curve that is worse at its largest size and on its mean is one that is worse."""
    comparison = compared(0.2, datasets=("iris", "wine"))
    assert headline(comparison) == "✗ 2 worse"
    assert summary(comparison)[0] == "score of 2 learning curves: 2 worse"


def test_nothing_changed_and_not_measured_are_not_the_same():
    """With too few seeds it is not claimed that nothing changed."""
    assert headline(compared()) == "Nothing changed by more than chance and noise explain."
    assert "Not enough measured" in headline(compared(0.2, seeds=4))
    assert "fewer than 5 outer seeds" in said(compared(0.2, seeds=4))


def test_more_than_can_be_shown_is_said():
    """The tables show thirty changes, and how many more there are."""
    comparison = compared(0.2, datasets=[f"set-{at}" for at in range(33)])
    rows = [line for line in to_markdown(comparison, "a", "b").splitlines() if "✗ worse" in line]
    assert len(rows) == 30
    assert "3 more changes are in --format json." in said(comparison)


def test_why_times_are_not_judged_is_said():
    """No sentinels, and other environments: each has its sentence."""
    assert "No sentinel was timed in either run" in said(compared())
    notes = said(compared(environment="env-2"))
    assert "Times of 10 pairs are not compared" in notes
    assert "cpu_model: AMD EPYC 9R14 → Apple M3" in notes


def test_what_else_is_different_is_said():
    """Versions and parameters of models are named where they changed."""
    notes = said(compared(model_version="2", params='{"a":1}'))
    assert "Another version in head: lda." in notes
    assert "Other parameters in head: lda." in notes


def test_json_is_strict():
    """No NaN, no infinity: what is not known is null."""

    def refuse(word):
        pytest.fail(f"{word} is no JSON")

    found = json.loads(to_json(compared(0.2, seeds=4), "a", "b"), parse_constant=refuse)
    assert found["changes"][0]["p"] is None


@pytest.mark.parametrize("columns", ["40", "200"])
def test_text_is_as_wide_as_the_window(capsys, monkeypatch, columns):
    """Sentences are folded at the window's width, and at a hundred columns."""
    monkeypatch.setenv("COLUMNS", columns)
    show(compared(), "base", "head")
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if line.startswith(("·", "  "))) <= min(
        int(columns), 100
    )
