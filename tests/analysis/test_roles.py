"""Yardsticks, controls and pretrained models: who is compared with whom, and from what."""

import pytest

from analysis.hand_families import contest, put
from analysis.hand_tables import Run, tables
from bench.analysis.cells import read_cells
from bench.analysis.compare import compare
from bench.analysis.judging import verdicts
from bench.analysis.pairs import Side
from bench.analysis.ranking import leaderboards
from bench.report.contents import Selection, read_contents


def cells_of(run):
    made = tables(run)
    return read_cells(made.trials, made.scores, made.metrics)


def board_of(run):
    (board,) = leaderboards(cells_of(run))
    return board


def test_the_yardstick_is_skill_zero():
    """Not the baseline with the same number of values, and first by name."""
    run = Run()
    run.add("dummy", "a", 0.5)
    run.add("seasonal", "a", 0.6, role="yardstick", family="classical")
    run.add("lda", "a", 0.8)
    cells = cells_of(run)
    assert cells.problems["yardstick"].tolist() == ["seasonal"]
    skills = {line.name: line.skill for line in board_of(run).standings}
    assert skills == pytest.approx({"lda": 0.5, "seasonal": 0.0, "dummy": -0.25})


def test_a_yardstick_is_in_no_familys_ranking():
    """Though the record of its model says that it is of one."""
    run = Run()
    run.add("seasonal", "a", 0.6, role="yardstick", family="classical")
    run.add("lda", "a", 0.8)
    places = {line.name: (line.family, line.place) for line in board_of(run).standings}
    assert places == {"lda": ("classical", 1), "seasonal": ("baseline", None)}
    assert board_of(run).candidates == {"classical": 1}


def with_controls():
    """Two families, a control that is better than both, and one that does the same as lda."""
    run = Run()
    for outer in range(5):
        run.add("dummy", "a", 0.5, outer=outer)
        run.add("oracle", "a", 0.99, outer=outer, role="control")
        run.add(
            *("mlp", "a", 0.98), outer=outer, role="control", label="twin", control="labels-only"
        )
    contest(run, "a", [0.7, 0.71, 0.69, 0.7, 0.72], [0.8, 0.81, 0.79, 0.8, 0.82])
    return run


def test_controls_stand_beside_and_outside():
    """They have a skill, no place and no rating, and change nobody else's."""
    board = board_of(with_controls())
    lines = {line.name: line for line in board.standings}
    assert [line.name for line in board.standings] == ["mlp", "lda", "oracle", "twin", "dummy"]
    assert [lines[name].family for name in ("oracle", "twin")] == ["control", "control"]
    assert lines["oracle"].skill == pytest.approx(0.98)
    assert (lines["oracle"].place, lines["oracle"].elo, lines["oracle"].rank) == (None, None, None)
    assert lines["mlp"].rank == 1.0
    assert board.candidates == {"classical": 1, "deep": 1}
    assert board.comparison.names == ("mlp", "lda")


def test_controls_are_outside_the_contrast():
    """The verdict is that of a run without them."""
    without = Run()
    contest(without, "a", [0.7, 0.71, 0.69, 0.7, 0.72], [0.8, 0.81, 0.79, 0.8, 0.82])
    judged = []
    for run in (with_controls(), without):
        made = tables(run)
        judged.append(verdicts(made.trials, made.scores, made.metrics))
    assert judged[0] == judged[1]


def test_a_selection_of_models_keeps_controls():
    """As it keeps baselines: they are what the selected are to be compared with."""
    contents = read_contents(tables(with_controls()), selection=Selection(models=["lda"]))
    names = {line.name for line in contents.boards[0].standings}
    assert names == {"lda", "dummy", "oracle", "twin"}


def test_controls_are_not_compared_between_runs():
    """They are no learning curve of either run."""
    made = tables(with_controls())
    side = Side(made.trials, made.scores, made.measures, made.environments, made.metrics)
    changes = compare(side, side).changes
    assert {change.model for change in changes} == {"lda", "mlp"}


def test_pretrained_models_are_named_and_outside_the_contrast():
    """One that has seen more than the training part is best, and represents nobody."""
    run = Run()
    contest(run, "a", [0.7, 0.71, 0.69, 0.7, 0.72], [0.8, 0.81, 0.79, 0.8, 0.82])
    for outer in range(5):
        put(run, "cnn", "a", 0.95, 0.95, outer=outer, pretrained=True)
    assert board_of(run).standings[0].name == "cnn (pretrained)"
    made = tables(run)
    found = verdicts(made.trials, made.scores, made.metrics)[-1]
    assert found.winners["deep"] == "mlp"
    assert found.candidates == {"classical": 1, "deep": 1}
    assert "pretrained, and outside the contrast: cnn (pretrained)" in found.notes


def test_slices_and_figures_across_trials_enter_no_mean():
    """Scores of a class, a step or several trials stand in the table beside that of the part."""
    plain, more = Run(), Run()
    for run in (plain, more):
        contest(run, "a", [0.7, 0.71, 0.69, 0.7, 0.72], [0.8, 0.81, 0.79, 0.8, 0.82])
    for row in list(more.scores):
        more.scores.append({**row, "slice": "class=2", "value": 0.01})
        more.scores.append({**row, "part": "across", "value": 0.02})
        more.scores.append({**row, "part": "across", "slice": "class=2", "value": 0.02})
    found = []
    for run in (plain, more):
        contents = read_contents(tables(run), with_verdicts=True)
        by_dataset = read_contents(tables(run), by="dataset")
        found.append((contents.boards, contents.verdicts, by_dataset.dataset_boards))
    assert found[0] == found[1]
