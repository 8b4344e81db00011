"""Verdicts from tables."""

import dataclasses

import pytest

from analysis.hand_families import contest, put
from analysis.hand_tables import Run, realistic, tables
from bench import Metric
from bench.analysis.cells import read_cells
from bench.analysis.judging import verdicts

GOOD = [0.90, 0.91, 0.89, 0.90, 0.92]
POOR = [0.70, 0.71, 0.69, 0.70, 0.72]


def judge(*runs, shuffle=None, n_crossovers=0, **more):
    made = tables(*runs, shuffle=shuffle)
    return verdicts(made.trials, made.scores, made.metrics, n_crossovers=n_crossovers, **more)


def of(found, name):
    return next(one for one in found if one.name == name)


def test_a_dataset_has_its_winner_its_gain_and_its_price():
    """Deep is 0.2 of accuracy ahead everywhere, which is 0.4 of skill above a baseline of 0.5."""
    run = Run()
    contest(run, "a", POOR, GOOD)
    found = of(judge(run), "a")
    assert (found.decision, found.choice, found.n_train, found.n_units) == ("deep", "deep", 16, 5)
    assert found.gain == pytest.approx(0.4)
    assert found.gain_in_metric == pytest.approx(0.2)
    assert found.gain_in_metric_interval.low == pytest.approx(found.gain_interval.low / 2)
    assert found.p_deep > 0.99
    assert found.p_deep + found.p_equal + found.p_classical == pytest.approx(1)
    assert found.winners == {"classical": "lda", "deep": "mlp"}
    assert found.candidates == {"classical": 1, "deep": 1}
    assert found.ratios["warm_seconds"] == pytest.approx(1)
    assert found.environment_id == "env-1"


def test_lower_is_better_where_the_metric_says_so():
    """An error that is smaller by 2 of 10 is a gain of 0.2 in skill and -2 in the metric."""
    run = Run()
    contest(run, "a", [6.0] * 5, [4.0, 4.1, 3.9, 4.0, 4.0], base=10.0, task="regression")
    found = of(judge(run), "a")
    assert found.decision == "deep"
    assert found.gain == pytest.approx(0.2)
    assert found.gain_in_metric == pytest.approx(-2.0)
    assert found.gain_in_metric_interval.high < 0


def test_of_equals_the_cheaper_is_chosen():
    """The same scores, ten times the seconds: classical, though neither is better."""
    run = Run()
    for outer in range(20):
        value = 0.9 + outer / 1000
        run.add("dummy", "a", 0.5, outer=outer)
        put(run, "lda", "a", value, outer=outer, fit=1.0)
        put(run, "mlp", "a", value, outer=outer, fit=10.0)
    found = of(judge(run), "a")
    assert (found.decision, found.choice) == ("equal", "classical")
    assert found.total_ratios["warm_seconds"] == pytest.approx(10)


def test_the_dearer_that_is_not_better_is_not_chosen_either():
    """Classical is a little ahead, too little to decide; deep is not better and costs more."""
    run = Run()
    gaps = [0.004, 0.012, 0.008, 0.015, 0.010]
    for outer, gap in enumerate(gaps):
        run.add("dummy", "a", 0.5, outer=outer)
        put(run, "lda", "a", 0.9 + gap / 2, outer=outer, fit=1.0)
        put(run, "mlp", "a", 0.9, outer=outer, fit=10.0)
    found = of(judge(run), "a")
    assert found.decision == "undecided"
    assert found.p_deep < 0.1
    assert found.choice == "classical"


def test_what_is_too_close_has_no_choice():
    """Gains of either sign leave it open at equal price."""
    run = Run()
    contest(run, "a", [0.8] * 5, [0.85, 0.75, 0.83, 0.77, 0.8])
    found = of(judge(run), "a")
    assert (found.decision, found.choice) == ("undecided", None)


def test_few_seeds_are_not_enough():
    """With two seeds it takes three more of both candidates and the baseline: nine trials."""
    run = Run()
    contest(run, "a", POOR[:2], GOOD[:2])
    found = of(judge(run), "a")
    assert (found.decision, found.choice, found.p_deep) == ("not-measured", None, None)
    assert found.gain == pytest.approx(0.4)
    assert found.gain_interval is None
    assert found.n_missing == 9
    assert "3 more outer seeds" in found.missing[0]


def test_a_family_that_failed_is_said_to_have_failed():
    """Deep failed at every seed: classical is better in skill, and no figure stands against it."""
    run = Run()
    for outer in range(5):
        run.add("dummy", "a", 0.5, outer=outer)
        put(run, "lda", "a", GOOD[outer], GOOD[outer], outer=outer)
        run.add("mlp", "a", None, outer=outer, status="error")
    found = of(judge(run), "a")
    assert (found.decision, found.failed) == ("classical", {"deep": 5})
    assert found.gain_in_metric is None
    assert any("no deep candidate ended well in 5 seeds" in note for note in found.notes)
    assert of(judge(run), "classification").failed == {"deep": 1}


def test_two_families_that_failed_are_not_equal():
    """Nothing was measured of either, and that is said."""
    run = Run()
    for outer in range(5):
        run.add("dummy", "a", 0.5, outer=outer)
        for model in ("lda", "mlp"):
            run.add(model, "a", None, outer=outer, status="timeout")
    found = of(judge(run), "a")
    assert (found.decision, found.n_units, found.failed) == ("not-measured", 0, {})
    assert "all candidates of both families failed" in found.missing[0]


def test_seeds_at_which_both_failed_are_left_out():
    """Seven seeds, at one nobody ended well, at another only deep did not: six count."""
    run = Run()
    for outer in range(7):
        run.add("dummy", "a", 0.5, outer=outer)
        for model, n_failed, value in (("lda", 1, 0.8), ("mlp", 2, 0.7)):
            if outer < n_failed:
                run.add(model, "a", None, outer=outer, status="error")
            else:
                put(run, model, "a", value, value, outer=outer)
    found = of(judge(run), "a")
    assert (found.n_units, found.failed) == (6, {"deep": 1})
    # Once 0.6 of skill ahead of the baseline's 0, five times 0.2 ahead.
    assert found.gain == pytest.approx(-(0.6 + 5 * 0.2) / 6)


def test_an_average_metric_that_contradicts_skill_is_not_told():
    """Deep gains 2 points of 10 on one dataset and loses 5 of 80 on the other: +0.2, -0.0625."""
    run = Run()
    contest(run, "a", [0.92] * 5, [0.94] * 5, base=0.9)
    contest(run, "b", [0.95] * 5, [0.90] * 5, base=0.2)
    found = of(judge(run), "classification")
    assert found.gain == pytest.approx((0.2 - 0.0625) / 2)
    assert found.gain_in_metric is None
    assert of(judge(run), "b").gain_in_metric == pytest.approx(-0.05)


def test_inner_seeds_are_asked_for_where_the_test_part_is_official():
    """There is one outer seed, and no run can have more of them."""
    run = Run()
    for inner in range(3):
        run.add("dummy", "a", 0.5, inner=inner)
        put(run, "lda", "a", 0.7, 0.7, inner=inner)
        put(run, "mlp", "a", 0.8, 0.8, inner=inner)
    assert of(judge(run), "a").missing[0].startswith("2 more inner seeds")


def test_a_missing_family_is_asked_for():
    """Without deep models five trials of one are the least, at the largest size there is."""
    run = Run()
    for outer in range(3):
        run.add("dummy", "a", 0.5, outer=outer, n=32)
        put(run, "lda", "a", 0.7, outer=outer, n=32)
    found = of(judge(run), "a")
    assert found.decision == "not-measured"
    assert found.missing == ("deep models (none was measured): 5 outer seeds at 32 rows",)
    assert found.n_missing == 5


def test_a_missing_baseline_is_asked_for():
    """Without a baseline there is no skill."""
    run = Run()
    for outer in range(5):
        put(run, "lda", "a", 0.7, outer=outer)
        put(run, "mlp", "a", 0.8, outer=outer)
    found = of(judge(run), "a")
    assert (found.decision, found.gain, found.n_missing) == ("not-measured", None, 5)
    assert "dummy" in found.missing[0]


def test_candidates_without_validation_rows_are_asked_for():
    """Two candidates and nothing to choose by: both again, with validation rows."""
    run = Run()
    for outer in range(5):
        run.add("dummy", "a", 0.5, outer=outer)
        for model in ("lda", "svm", "mlp"):
            put(run, model, "a", 0.7, outer=outer)
    found = of(judge(run), "a")
    assert found.decision == "not-measured"
    assert "classical candidates with a validation part" in found.missing[0]


def test_only_what_both_families_have_at_the_largest_common_size_counts():
    """Classical alone at 64 rows is not compared, and 16 rows are not the largest common size."""
    run = Run()
    contest(run, "a", GOOD, POOR, n=16)
    contest(run, "a", POOR, GOOD, n=32)
    for outer in range(5):
        run.add("dummy", "a", 0.5, outer=outer, n=64)
        put(run, "lda", "a", 1.0, outer=outer, n=64)
    found = of(judge(run), "a")
    assert (found.n_train, found.decision) == (32, "deep")


OTHER = Metric(name="other", direction="higher", ideal=1.0, needs="labels", function="none:none")


def test_the_metrics_that_would_flip_it_are_named():
    """Deep is better by accuracy and classical by the other metric, at the same seeds and size."""
    run = Run()
    for outer in range(5):
        run.add("dummy", "a", 0.5, outer=outer)
        put(run, "lda", "a", 0.7, outer=outer)
        put(run, "mlp", "a", 0.9, outer=outer)
    for row in run.scores:
        if row["metric"] == "other":
            model = row["trial_id"].split("-")[0]
            row["value"] = {"dummy": 0.5, "lda": 0.9, "mlp": 0.7}[model]
    run.metrics["other"] = OTHER
    found = of(judge(run), "a")
    assert (found.decision, found.flips) == ("deep", ("other",))


@pytest.mark.parametrize(("more", "is_said"), [({}, True), ({"overlap": 0.0}, False)])
def test_test_parts_that_share_nothing_are_not_called_unknown(more, is_said):
    """Of fresh episodes, or one official part, the overlap is 0, and that is known."""
    run = Run()
    for outer in range(5):
        where = {"outer": outer, "protocol": "by hand", **more}
        run.add("dummy", "a", 0.5, **where)
        put(run, "lda", "a", 0.7, **where)
        put(run, "mlp", "a", 0.8, **where)
    (one,) = (v for v in judge(run) if v.scope == "dataset")
    assert any("unknown" in note for note in one.notes) is is_said


def test_unequal_candidates_are_said():
    """Two against one is said beside the verdict."""
    run = Run()
    contest(run, "a", POOR, GOOD)
    for outer in range(5):
        put(run, "svm", "a", 0.6, 0.6, outer=outer)
    found = of(judge(run), "a")
    assert "unequal numbers of candidates: 2 classical and 1 deep" in found.notes


def test_too_many_validation_rows_are_said():
    """Three rows are more than a ninth of sixteen."""
    run = Run()
    contest(run, "a", POOR, GOOD, n_validation=3)
    for outer in range(5):
        put(run, "svm", "a", 0.6, 0.6, outer=outer, n_validation=3)
    assert any("a validation part of 3" in note for note in of(judge(run), "a").notes)


def test_few_datasets_are_counted():
    """Two for deep, one open: deep by more than half, and no probability across datasets."""
    run = Run()
    contest(run, "a", POOR, GOOD)
    contest(run, "b", POOR, GOOD)
    contest(run, "c", [0.8] * 5, [0.85, 0.75, 0.83, 0.77, 0.8])
    found = of(judge(run), "classification")
    assert (found.scope, found.decision, found.n_units) == ("task", "deep", 3)
    assert found.counts == {"deep": 2, "equal": 0, "classical": 0, "undecided": 1}
    assert found.p_deep is None
    assert found.gain == pytest.approx(0.8 / 3)
    assert found.gain_interval.low < 0.8 / 3 < found.gain_interval.high


def test_twelve_datasets_have_a_probability():
    """One value each; one outer seed is then enough."""
    run = Run()
    for at in range(12):
        contest(run, f"d{at:02}", [0.7 + at / 1000], [0.9])
    found = of(judge(run), "classification")
    assert (found.counts, found.decision, found.n_units) == (None, "deep", 12)
    # The mean of 0.2 - at / 1000, over a span of a half.
    assert found.gain == pytest.approx(2 * (0.2 - 0.0055))
    assert found.p_deep > 0.99


def test_datasets_not_measured_are_listed_with_what_they_need():
    """The task's verdict sums what its datasets lack."""
    run = Run()
    contest(run, "a", POOR, GOOD)
    contest(run, "b", POOR[:1], GOOD[:1])
    found = of(judge(run), "classification")
    assert found.n_missing == 12  # four seeds of two candidates and the baseline
    assert found.missing[0].startswith("b: 4 more outer seeds")
    assert "not enough measured on: b" in found.notes


def test_the_widest_scope_is_declared_and_the_rest_explores():
    """Two tasks: the suite's verdict was declared; one dataset: its own."""
    run = Run()
    contest(run, "a", POOR, GOOD)
    assert [one.exploratory for one in judge(run)] == [False, False]
    contest(run, "b", [6.0] * 5, [4.0] * 5, base=10.0, task="regression")
    found = judge(run)
    assert [(one.scope, one.exploratory) for one in found] == [
        ("suite", False),
        ("task", True),
        ("task", True),
        ("dataset", True),
        ("dataset", True),
    ]
    assert (found[0].name, found[0].metric) == ("by-hand", "accuracy, rmse")


def test_times_of_two_machines_are_not_pooled():
    """Costs are those of the machine with most trials, and that is said."""
    here, there = Run("run-1", "env-1"), Run("run-2", "env-2")
    contest(here, "a", POOR[:3], GOOD[:3], fit=1.0)
    for outer in (3, 4):
        there.add("dummy", "a", 0.5, outer=outer, fit=50.0)
        put(there, "lda", "a", POOR[outer], outer=outer, fit=50.0)
        put(there, "mlp", "a", GOOD[outer], outer=outer, fit=50.0)
    found = of(judge(here, there), "a")
    assert (found.n_units, found.environment_id) == (5, "env-1")
    assert found.price["deep"].winner.warm_seconds == 1.0
    assert any("several machines" in note for note in found.notes)


def test_a_candidate_that_failed_makes_the_sum_a_lower_bound():
    """Two seconds of lda, and svm ended with an error after nobody knows how long."""
    run = Run()
    contest(run, "a", POOR, GOOD, fit=2.0)
    for outer in range(5):
        run.add("svm", "a", None, outer=outer, status="error")
    found = of(judge(run), "a").price
    assert found["classical"].total.warm_seconds == pytest.approx(2.0)
    assert found["classical"].total.at_least
    assert not found["classical"].winner.at_least
    assert not found["deep"].total.at_least


def test_prices_across_datasets_are_those_of_one_machine():
    """Two datasets here at one second, one there at fifty: the median of all three is nobody's."""
    here, there = Run("run-1", "env-1"), Run("run-2", "env-0")
    contest(here, "a", POOR, GOOD, fit=1.0)
    contest(here, "b", POOR, GOOD, fit=3.0)
    contest(there, "c", POOR, GOOD, fit=50.0)
    found = of(judge(here, there), "classification")
    assert found.environment_id == "env-1"
    assert found.price["deep"].winner.warm_seconds == pytest.approx(2.0)
    assert any("several machines" in note for note in found.notes)


def test_the_order_of_rows_changes_nothing():
    """Shuffled tables give the same verdicts."""
    run = Run()
    contest(run, "a", POOR, GOOD)
    contest(run, "b", GOOD, POOR)
    assert judge(run, shuffle=1) == judge(run, shuffle=2)


def test_a_narrowed_pool_is_judged_anew():
    """Cells without the best classical model give the verdict among the rest."""
    run = Run()
    contest(run, "a", POOR, [0.8] * 5)
    for outer in range(5):
        put(run, "svm", "a", 0.9, 0.9, outer=outer)
    assert of(judge(run), "a").decision == "classical"
    made = tables(run)
    cells = read_cells(made.trials, made.scores, made.metrics)
    svm = cells.contenders["name"].tolist().index("svm")
    fewer = dataclasses.replace(cells, frame=cells.frame[cells.frame["contender"] != svm])
    assert of(judge(run, cells=fewer), "a").decision == "deep"


def test_the_crossover_of_the_families_is_found():
    """Classical leads at 16 and 32 rows, deep at 64 and 128: it overtakes between 32 and 64."""
    run = Run()
    for n, classical, deep in ((16, 0.8, 0.6), (32, 0.8, 0.7), (64, 0.8, 0.9), (128, 0.8, 0.95)):
        shifts = [0.0, 0.004, -0.004, 0.002, -0.002]
        contest(run, "a", [classical] * 5, [deep + shift for shift in shifts], n=n)
    found = of(judge(run, n_crossovers=1), "a")
    assert found.crossover.outcome == "within"
    assert 32 < found.crossover.n_cross < 64
    assert found.cheaper.ratio_largest == pytest.approx(1)


def test_an_empty_run_has_no_verdict():
    """Baselines alone are no contest, and without a trial there is nothing to judge."""
    run = Run()
    assert judge(run) == ()
    run.add("dummy", "a", 0.5)
    assert {one.decision for one in judge(run)} == {"not-measured"}


def test_the_hand_made_suite_is_judged_throughout():
    """Failures, a timeout, two tasks and a dataset that only some models do: nothing is lost."""
    run = realistic()
    seen = [row for row in run.scores if (row["part"], row["slice"]) == ("test", "")]
    run.scores += [row | {"part": "validation"} for row in seen]
    found = judge(run)
    assert [one.scope for one in found] == ["suite", "task", "task", *["dataset"] * 7]
    digits = of(found, "digits")
    assert digits.n_train == 1455
    assert digits.price["deep"].total.at_least
    assert not digits.price["deep"].winner.at_least


def test_a_budget_buys_what_the_largest_affordable_size_reaches():
    """Of .1 to 8 s the powers of ten are .1 and 1; the network's smallest fit takes 2 s."""
    run = Run()
    for seed in range(5):
        for n, classical, deep in ((16, (0.6, 0.1), (0.6, 2.0)), (64, (0.8, 0.4), (0.9, 8.0))):
            run.add("dummy", "d", 0.5, outer=seed, n=n)
            put(run, "lda", "d", classical[0], 0.5, outer=seed, n=n, fit=classical[1])
            put(run, "mlp", "d", deep[0], 0.5, outer=seed, n=n, fit=deep[1])
    bought = of(judge(run, n_crossovers=1), "d").budgets
    assert [one.budget_seconds for one in bought["classical"]] == pytest.approx([0.1, 1.0])
    # An accuracy of a over a dummy of .5 is a skill of (a - .5) / .5.
    assert [one.skill for one in bought["classical"]] == pytest.approx([0.2, 0.6])
    assert [one.skill for one in bought["deep"]] == [None, None]
