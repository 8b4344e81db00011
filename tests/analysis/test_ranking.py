"""Leaderboards of grids small enough to work out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.hand_tables import Run, realistic, tables
from bench.analysis.cells import read_cells
from bench.analysis.ranking import full_block, improvability, leaderboards


def boards_of(*runs, shuffle=None, **rules):
    made = tables(*runs, shuffle=shuffle)
    return leaderboards(read_cells(made.trials, made.scores, made.metrics), **rules)


def lines_of(*runs, **rules):
    (board,) = boards_of(*runs, **rules)
    return {line.name: line for line in board.standings}


def grid(**cells):
    """Two datasets; baselines 0.5 and 0.2; accuracy of each model on them, None: not run."""
    run = Run()
    for dataset, value in {"a": 0.5, "b": 0.2}.items():
        run.add("dummy", dataset, value)
    for model, values in cells.items():
        for dataset, value in zip(("a", "b"), values, strict=True):
            if value == "timeout":
                run.add(model, dataset, None, status="timeout")
            elif value is not None:
                run.add(model, dataset, value)
    return run


def test_mean_skill_and_mean_rank_are_those_worked_out_by_hand():
    """Skill and rank are means over datasets, and ties share the mean rank."""
    lines = lines_of(grid(lda=(0.9, 0.6), svm=(0.7, 0.6), mlp=(0.8, 0.4)))
    # a: skill (0.9-0.5)/(1-0.5) = 0.8, 0.4, 0.6; b: (0.6-0.2)/0.8 = 0.5, 0.5, (0.4-0.2)/0.8 = 0.25
    assert lines["lda"].skill == pytest.approx(0.65)
    assert lines["svm"].skill == pytest.approx(0.45)
    assert lines["mlp"].skill == pytest.approx(0.425)
    # a: ranks 1, 3, 2; b: lda and svm share 1 and 2, mlp is third
    assert [lines[name].rank for name in ("lda", "svm", "mlp")] == [1.25, 2.25, 2.5]
    assert [lines[name].place for name in ("lda", "svm", "mlp")] == [1, 2, 3]


def test_baseline_stands_outside():
    """A baseline has skill 0, no place, no rank and no interval, and stands last."""
    (board,) = boards_of(grid(lda=(0.9, 0.6)))
    last = board.standings[-1]
    assert (last.name, last.skill, last.place, last.rank) == ("dummy", 0.0, None, None)
    assert last.skill_interval is None
    assert board.candidates == {"classical": 1}


def test_equal_skill_shares_a_place():
    """Contenders with equal skill share a place, and the next one's counts them all."""
    lines = lines_of(grid(lda=(0.9, 0.6), svm=(0.9, 0.6), mlp=(0.8, 0.4)))
    assert [lines[name].place for name in ("lda", "svm", "mlp")] == [1, 1, 3]
    assert [lines[name].rank for name in ("lda", "svm", "mlp")] == [1.5, 1.5, 3]


def test_a_failed_trial_counts_as_the_baseline():
    """By default a failure has skill 0, and what it did elsewhere stands beside."""
    lines = lines_of(grid(lda=(0.9, 0.6), svm=(0.7, 0.6), mlp=(0.8, "timeout")))
    assert lines["mlp"].skill == pytest.approx((0.6 + 0) / 2)
    assert lines["mlp"].complete_skill == pytest.approx(0.6)
    assert lines["mlp"].n_failed_ranked == 1
    assert lines["mlp"].statuses == {"ok": 1, "timeout": 1}
    assert lines["mlp"].rank == 2.5
    assert lines["lda"].complete_skill is None
    assert lines["lda"].worst_rank is None


def test_worst_counts_a_failure_below_everyone():
    """With "worst", a failure has the lowest score of the others, the baseline's at best."""
    run = grid(lda=(0.9, 0.6), svm=(0.7, 0.1), mlp=(0.8, "timeout"))
    # b: svm is below the baseline, (0.1-0.2)/0.8 = -0.125
    lines = lines_of(run, failures="worst")
    assert lines["mlp"].skill == pytest.approx((0.6 - 0.125) / 2)
    # a: second; b: shares the last two ranks with svm
    assert lines["mlp"].rank == (2 + 2.5) / 2
    assert lines_of(run)["mlp"].worst_rank == (2 + 2.5) / 2
    # By default its 0 is above svm's -0.125.
    assert lines_of(run)["mlp"].rank == 2


def test_dropped_failures_leave_a_hole():
    """With "drop", a failure is a missing cell, and who has one on a dataset has no place."""
    lines = lines_of(grid(lda=(0.9, 0.6), svm=(0.7, 0.6), mlp=(0.8, "timeout")), failures="drop")
    assert lines["mlp"].place is None
    assert lines["mlp"].skill == pytest.approx(0.6)
    assert lines["mlp"].n_datasets == 1
    # Ranks are those of a pool of two.
    assert [lines[name].rank for name in ("lda", "svm")] == [1.25, 1.75]


def test_contenders_are_compared_on_what_all_ranked_ones_have():
    """A contender that misses a dataset has no place, and the others' ranks do not count it."""
    (board,) = boards_of(grid(lda=(0.9, 0.6), svm=(0.7, 0.6), mlp=(None, 0.9)))
    lines = {line.name: line for line in board.standings}
    # lda and svm on two datasets make a block of 4, all three on one a block of 3.
    assert board.ranked_on == ("a", "b")
    assert lines["mlp"].place is None
    assert lines["mlp"].rank is None
    assert lines["mlp"].n_datasets_measured == 1
    assert lines["mlp"].n_units_missing == 1
    # b: lda and svm would be 2.5 each if mlp were counted.
    assert [lines[name].rank for name in ("lda", "svm")] == [1.25, 1.75]


def test_a_dataset_of_few_is_left_out_of_the_ranking():
    """A dataset that most contenders lack is left out, for those too that have it."""
    run = grid(lda=(0.9, None), svm=(0.7, None), mlp=(0.8, 0.6))
    (board,) = boards_of(run)
    assert board.ranked_on == ("a",)
    assert board.datasets == ("a", "b")
    mlp = next(line for line in board.standings if line.name == "mlp")
    assert mlp.skill == pytest.approx(0.6)
    assert (mlp.n_datasets, mlp.n_datasets_measured) == (1, 2)


def test_a_skipped_model_is_still_listed():
    """A model that did nothing but skip is shown, without figures."""
    run = grid(lda=(0.9, 0.6))
    run.add("svm", "a", None, status="skipped")
    line = lines_of(run)["svm"]
    assert (line.place, line.skill, line.n_datasets_measured) == (None, None, 0)
    assert line.statuses == {"skipped": 1}
    assert line.n_units_missing == 2


def test_lower_is_better_where_the_metric_says_so():
    """Skill turns RMSE round: half the baseline's error is 0.5."""
    run = Run()
    run.add("dummy", "d", 10.0, task="regression")
    run.add("ridge", "d", 5.0, task="regression")
    run.add("lasso", "d", 4.0, task="regression")
    lines = lines_of(run)
    assert lines["ridge"].skill == pytest.approx(0.5)
    assert lines["lasso"].skill == pytest.approx(0.6)
    assert lines["lasso"].place == 1


def test_without_a_baseline_mean_rank_decides():
    """No baseline, no skill: contenders stand by mean rank, in the metric's direction."""
    run = Run()
    for dataset, values in {"d": (5.0, 4.0), "e": (3.0, 2.0)}.items():
        for model, value in zip(("ridge", "lasso"), values, strict=True):
            run.add(model, dataset, value, task="regression")
    (board,) = boards_of(run)
    assert not board.by_skill
    assert [(line.name, line.rank, line.skill) for line in board.standings] == [
        ("lasso", 1, None),
        ("ridge", 2, None),
    ]


def test_a_dataset_without_baseline_is_named():
    """Where one dataset of several has no baseline, it is left out and named."""
    run = grid(lda=(0.9, 0.6))
    run.add("lda", "c", 0.9)
    (board,) = boards_of(run)
    assert board.without_baseline == ("c",)
    assert board.ranked_on == ("a", "b")


def test_inner_seeds_and_repeats_are_averaged_first():
    """An outer seed weighs the same however many inner seeds and repeats it has."""
    run = Run()
    for outer, inner in ((0, 0), (0, 1), (1, 0)):
        run.add("dummy", "a", 0.5, outer=outer, inner=inner)
    run.add("lda", "a", 0.6, outer=0, inner=0)  # skill 0.2
    run.add("lda", "a", 0.8, outer=0, inner=1)  # skill 0.6
    run.add("lda", "a", 1.0, outer=1, inner=0, repeat=0)  # skill 1
    run.add("lda", "a", 0.5, outer=1, inner=0, repeat=1)  # skill 0
    # (mean(0.2, 0.6) + mean(1, 0)) / 2
    assert lines_of(run)["lda"].skill == pytest.approx(0.45)


def test_skill_is_measured_from_the_baseline_of_the_same_split():
    """Each inner seed has a baseline of its own."""
    run = Run()
    run.add("dummy", "a", 0.0, inner=0)
    run.add("dummy", "a", 0.5, inner=1)
    run.add("lda", "a", 0.5, inner=0)  # skill 0.5
    run.add("lda", "a", 0.5, inner=1)  # skill 0
    assert lines_of(run)["lda"].skill == pytest.approx(0.25)


def test_a_failed_baseline_gives_no_zero():
    """Where the baseline failed, skill is unknown, and a failure is no 0 either."""
    run = grid(lda=(0.9, 0.6))
    run.add("dummy", "c", None, status="crashed")
    run.add("lda", "c", 0.9)
    run.add("svm", "c", None, status="error")
    lines = lines_of(run)
    assert lines["lda"].n_datasets == 2
    assert lines["svm"].skill is None


def sizes_run():
    """One dataset; lda at 16, 32 and 64 rows with skill 0.2, 0.4, 0.8; svm not at 64."""
    run = Run()
    for n, skill in {16: 0.2, 32: 0.4, 64: 0.8}.items():
        run.add("dummy", "a", 0.0, n=n)
        run.add("lda", "a", skill, n=n)
        if n < 64:
            run.add("svm", "a", skill / 2, n=n)
    return run


@pytest.mark.parametrize(
    ("size", "lda", "svm"),
    [
        ("common", 0.4, 0.2),
        ("largest", 0.8, None),
        ("all", 0.3, 0.15),  # (0.2 + 0.4) / 2, the sizes that both have
        (16, 0.2, 0.1),
        (64, 0.8, None),
    ],
)
def test_size_rules(size, lda, svm):
    """Each rule looks at the sizes that it says."""
    lines = lines_of(sizes_run(), size=size)
    assert lines["lda"].skill == pytest.approx(lda)
    assert lines["svm"].skill == (None if svm is None else pytest.approx(svm))
    assert (lines["svm"].place is None) == (svm is None)


def test_a_size_that_failed_is_a_size_that_was_tried():
    """A timeout at the largest size counts there, and does not lower the size for all."""
    run = sizes_run()
    run.add("svm", "a", None, n=64, status="timeout")
    lines = lines_of(run)
    assert lines["lda"].skill == pytest.approx(0.8)
    assert lines["svm"].skill == 0


def test_the_largest_size_may_differ_between_outer_seeds():
    """Where groups make every outer seed's training part of another size, each gives its own."""
    run = Run()
    for outer, n in ((0, 100), (1, 98)):
        run.add("dummy", "a", 0.0, outer=outer, n=n)
        run.add("lda", "a", 0.5 + outer / 10, outer=outer, n=n)
    (board,) = boards_of(run)
    assert board.sizes == {"a": (98, 100)}
    assert board.standings[0].skill == pytest.approx(0.55)


def test_a_size_that_only_some_seeds_reached_waits():
    """While a run goes on, the size looked at is one that all outer seeds have reached."""
    run = Run()
    for outer in range(2):
        for n in (16, 32):
            if (outer, n) != (1, 32):
                run.add("dummy", "a", 0.0, outer=outer, n=n)
                run.add("lda", "a", 0.5, outer=outer, n=n)
    (board,) = boards_of(run)
    assert board.sizes == {"a": (16, 16)}


def seeds_run(n_seeds, models=("lda", "svm")):
    run = Run()
    rng = np.random.default_rng(1)
    for dataset in "ab":
        for outer in range(n_seeds):
            run.add("dummy", dataset, 0.0, outer=outer)
            for model in models:
                run.add(model, dataset, float(rng.uniform(0.4, 0.6)), outer=outer)
    return run


def test_no_interval_below_five_outer_seeds():
    """Four outer seeds are not enough measured; five are."""
    (few,), (enough,) = boards_of(seeds_run(4)), boards_of(seeds_run(5))
    assert not few.enough_seeds
    assert all(line.skill_interval is None for line in few.standings)
    assert enough.enough_seeds
    line = enough.standings[0]
    assert line.skill_interval.low < line.skill < line.skill_interval.high
    assert line.rank_interval.low <= line.rank <= line.rank_interval.high


def test_one_missing_seed_is_left_out_for_all():
    """Where one of many seeds is missing, all are compared on the seeds that all have."""
    run = seeds_run(6)
    run.trials = [row for row in run.trials if row["trial_id"] != "svm-b-classification-3-0-0-16"]
    (board,) = boards_of(run)
    lines = {line.name: line for line in board.standings}
    assert lines["svm"].place is not None
    assert lines["svm"].n_units_missing == 1
    assert board.n_seeds == (5, 6)


@pytest.mark.parametrize("shuffle", [1, 2, 3])
def test_the_order_of_rows_changes_nothing(shuffle):
    """Rows in any order give the same boards to the last bit."""
    assert boards_of(realistic(), shuffle=shuffle) == boards_of(realistic())


def test_ranks_are_recomputed_in_the_pool():
    """Leaving a contender out is ranking the others as if it had never run."""
    with_all = grid(lda=(0.9, 0.6), svm=(0.7, 0.6), mlp=(0.8, 0.9))
    made = tables(with_all)
    cells = read_cells(made.trials, made.scores, made.metrics)
    mlp = cells.contenders.index[cells.contenders["name"] == "mlp"][0]
    fewer = replace(cells, frame=cells.frame[cells.frame["contender"] != mlp])
    without = boards_of(grid(lda=(0.9, 0.6), svm=(0.7, 0.6)))
    assert leaderboards(fewer) == without


def test_namesakes_are_told_apart():
    """Two parameter sets under one label are two contenders, named by what differs."""
    run = Run()
    run.add("dummy", "a", 0.5)
    run.add("mlp", "a", 0.6, params='{"hidden": [8], "lr": 0.1}')
    run.add("mlp", "a", 0.7, params='{"hidden": [64], "lr": 0.1}')
    names = {line.name for line in boards_of(run)[0].standings}
    assert names == {"mlp (hidden=[8])", "mlp (hidden=[64])", "dummy"}


def test_one_recipe_under_two_labels_is_one_contender():
    """The label is how a model is shown and no part of what it is; it is shown as both."""
    first, second = Run("run-1"), Run("run-2")
    first.add("dummy", "a", 0.5)
    first.add("mlp", "a", 0.6)
    second.add("dummy", "a", 0.5)
    second.add("mlp", "a", 0.6, label="my-mlp")
    names = [line.name for line in boards_of(first, second)[0].standings]
    assert names == ["mlp (also my-mlp)", "dummy"]


def test_a_task_of_which_nothing_is_said_is_named_and_the_others_ranked():
    """Tables of before schema 3 do not say what leads a plugin's task."""
    run = grid(lda=(0.9, 0.6))
    run.add("lda", "z", 0.5, task="gone")
    run.add("lda", "y", 0.5, task="odd", primary_metric="oddity")
    made = tables(run)
    cells = read_cells(made.trials, made.scores, made.metrics)
    assert cells.unknown_tasks == ("gone", "odd")
    assert [board.task for board in leaderboards(cells)] == ["classification"]


def test_empty_tables_give_no_board():
    """A run without a finished trial has no leaderboard, and no error."""
    assert boards_of(Run()) == ()


@pytest.mark.parametrize("status", ["skipped", "crashed", "ok"])
@pytest.mark.parametrize("failures", ["baseline", "drop", "worst"])
def test_contenders_without_any_value_are_listed(status, failures):
    """Where nobody has a value there is no place, and everybody is still there."""
    run = Run()
    run.add("lda", "a", None, status=status)
    run.add("svm", "a", None, status=status)
    lines = lines_of(run, failures=failures)
    assert {name: line.place for name, line in lines.items()} == {"lda": None, "svm": None}


def test_a_specialist_does_not_empty_the_block():
    """The block leaves out a row that shares nothing with the others."""
    has = np.array([[1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 1]], dtype=bool)
    rows, columns = full_block(has)
    assert rows.tolist() == [0, 1]
    assert columns.tolist() == [0, 1, 2]


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 6).flatmap(
        lambda width: st.lists(
            st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=6
        )
    )
)
def test_the_block_has_no_hole_and_is_no_smaller_than_any_row(rows):
    """Whatever is missing where, the block is full, and holds at least the fullest row."""
    has = np.array(rows, dtype=bool)
    kept, columns = full_block(has)
    assert has[np.ix_(kept, columns)].all()
    assert len(kept) * len(columns) >= has.sum(axis=1).max()


def test_win_rate_and_improvability_are_those_worked_out_by_hand():
    """Shares of rivals beaten, and how much less the best one's error is: means over datasets."""
    lines = lines_of(grid(lda=(0.9, 0.6), svm=(0.7, 0.6), mlp=(0.8, 0.4)))
    # a: lda beats both; b: lda and svm beat mlp and share the rest.
    assert lines["lda"].win_rate == (1 + 0.75) / 2
    assert lines["svm"].win_rate == (0 + 0.75) / 2
    assert lines["mlp"].win_rate == (0.5 + 0) / 2
    # a: errors 0.1, 0.3, 0.2, of which the best is 1 - 1/3 and 1 - 1/2 less; b: 0.4, 0.4, 0.6.
    assert lines["lda"].improvability == pytest.approx(0)
    assert lines["svm"].improvability == pytest.approx((2 / 3 + 0) / 2)
    assert lines["mlp"].improvability == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert lines["dummy"].win_rate is lines["dummy"].elo is lines["dummy"].improvability is None


def test_an_error_of_zero_leaves_nothing_to_improve():
    """Who is perfect has a gap of 0, and who is not, of 1 to who is."""
    assert improvability(np.array([[0.0, 0.0], [0.5, 0.0]])).tolist() == [0.0, 0.5]


def test_elo_is_that_of_who_beats_whom():
    """One win each, the virtual tie aside: equal ratings; a contender alone has 1000."""
    lines = lines_of(grid(lda=(0.9, 0.4), svm=(0.7, 0.6)))
    assert lines["lda"].elo == pytest.approx(1000)
    assert lines["svm"].elo == pytest.approx(1000)
    alone = lines_of(grid(lda=(0.9, 0.4)))["lda"]
    assert (alone.elo, alone.elo_interval, alone.win_rate) == (1000, None, None)


def test_a_failure_loses_to_who_beats_the_baseline():
    """A failed cell enters ratings and win rates as the ranking's rule says: as skill 0."""
    lines = lines_of(grid(lda=(0.9, 0.1), mlp=(0.8, "timeout")))
    # b: lda is below the baseline, so that the failure is above it.
    assert lines["mlp"].win_rate == 0.5
    assert lines_of(grid(lda=(0.9, 0.3), mlp=(0.8, "timeout")))["mlp"].win_rate == 0


def test_a_board_says_who_can_be_told_apart():
    """Ranked contenders are compared, on the ranked datasets, by their skill."""
    (board,) = boards_of(grid(lda=(0.9, 0.6), svm=(0.7, 0.6), mlp=(0.8, 0.4)))
    found = board.comparison
    assert found.names == ("lda", "svm", "mlp")
    assert found.n_datasets == 2
    assert found.pairs[1].gain == pytest.approx((0.2 + 0.25) / 2)
    assert "at least 7 datasets" in found.reason


def test_without_a_baseline_there_is_no_comparison():
    """Values of several metrics have no common scale: ratings and win rates, and no more."""
    run = Run()
    run.add("lda", "a", 0.9)
    run.add("svm", "a", 0.8)
    (board,) = boards_of(run)
    assert board.comparison is None
    assert [line.win_rate for line in board.standings] == [1, 0]
    assert board.standings[0].improvability is None
