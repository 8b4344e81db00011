"""Two runs compared: what pairs, what is called a change, and what is not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analysis.hand_tables import Run, realistic, tables
from bench.analysis.compare import compare
from bench.analysis.pairs import Side
from bench.analysis.significance import benjamini_hochberg
from bench.spec.errors import ResultsError

ENDS = ("worse", "better")


def side(run, **more):
    made = tables(run)
    return replace(
        Side(made.trials, made.scores, made.measures, made.environments, made.metrics), **more
    )


def compared(base, head, **more):
    return compare(side(base), side(head), **more)


def a_run(
    values, *, run_id="run-1", fit=1.0, dummy=0.5, sentinel=1.02, environment="env-1", **more
):
    """Return a run of one model on one dataset, a value per outer seed, 16 rows each."""
    run = Run(run_id, environment)
    for outer, value in enumerate(values):
        run.add("dummy", "iris", dummy, outer=outer)
        seconds = fit * (1 + outer / 100)
        trial_id = run.add("lda", "iris", value, outer=outer, fit=seconds, **more)
        if sentinel:
            run.measure(trial_id, "sentinel", "fit_seconds", seconds * sentinel)
    return run


def only(comparison, measure, scope="largest"):
    (change,) = [one for one in comparison.changes if one.measure == measure and one.scope == scope]
    return change


BEFORE = [0.80, 0.82, 0.84, 0.86, 0.88]


def test_a_lower_score_is_worse():
    """Effect, interval and p are those of the corrected t test, by hand."""
    after = [
        value - drop for value, drop in zip(BEFORE, [0.10, 0.11, 0.10, 0.09, 0.10], strict=True)
    ]
    comparison = compared(a_run(BEFORE), a_run(after))
    change = only(comparison, "score")
    # Skill is (value - 0.5) / 0.5: drops of 0.2, 0.22, 0.2, 0.18, 0.2, variance 0.0002.
    assert change.effect == pytest.approx(-0.2)
    # One fifth, and 0.1 / 0.9 for units that share rows.
    error = np.sqrt(0.0002 * (1 / 5 + 1 / 9))
    assert change.p == pytest.approx(2 * stats.t.sf(0.2 / error, 4))
    assert change.interval.low == pytest.approx(-0.2 - stats.t.ppf(0.95, 4) * error)
    assert change.adjusted_p == change.p
    assert change.decision == "worse"
    assert (change.base, change.head) == (pytest.approx(0.84), pytest.approx(0.74))
    assert (change.scale, change.margin, change.n_units, change.n_pairs) == ("skill", 0.01, 5, 5)
    assert comparison.has_regression


def test_a_higher_score_is_better_and_no_regression():
    """The same the other way around."""
    after = [0.90, 0.93, 0.94, 0.95, 0.98]
    comparison = compared(a_run(BEFORE), a_run(after))
    assert only(comparison, "score").decision == "better"
    assert not comparison.has_regression


def test_lower_is_better_where_the_metric_says_so():
    """A larger error is worse, with a baseline and without one."""
    for models in (("dummy", "ridge"), ("ridge",)):
        runs = []
        for rise in (0.0, 1.0):
            run = Run()
            for outer in range(5):
                for model in models:
                    value = 10.0 if model == "dummy" else 2.0 + rise + outer * (0.1 + rise / 100)
                    run.add(model, "diabetes", value, task="regression", outer=outer)
            runs.append(run)
        change = only(compared(*runs), "score")
        assert change.decision == "worse"
        assert change.effect < 0
        # (10 - 2.2) / 10 and (10 - 3.22) / 10; without a baseline the metric itself.
        assert change.effect == pytest.approx(-0.102 if "dummy" in models else -1.02)
        assert change.scale == ("skill" if "dummy" in models else "metric")


def test_the_same_run_twice_is_identical():
    """A run against itself: scores identical, times equal, nothing else to say."""
    run = realistic()
    comparison = compared(run, run)
    scores = [change for change in comparison.changes if change.measure == "score"]
    assert {change.decision for change in scores} == {"identical"}
    assert {change.p for change in scores} == {None}
    times = {change.decision for change in comparison.changes if change.measure != "score"}
    assert times == {"equal", "not-measured"}
    assert comparison.endings == ()
    assert comparison.n_pairs == comparison.n_base == len(run.trials)
    assert not comparison.has_regression
    assert not comparison.has_missing


def test_a_small_certain_change_is_practically_equal():
    """What is within the region of equivalence is no change, unless the user narrows the region."""
    after = [value - 0.002 - outer * 1e-5 for outer, value in enumerate(BEFORE)]
    assert only(compared(a_run(BEFORE), a_run(after)), "score").decision == "equal"
    assert only(compared(a_run(BEFORE), a_run(after), region=0.001), "score").decision == "worse"


def test_a_noisy_change_is_undecided():
    """Differences as large as their spread are no change."""
    after = [0.70, 0.92, 0.70, 0.90, 0.74]
    assert only(compared(a_run(BEFORE), a_run(after)), "score").decision == "undecided"


def test_four_seeds_are_not_enough():
    """Below five outer seeds there is an effect, but no interval, no p and no decision."""
    change = only(compared(a_run(BEFORE[:4]), a_run([0.1] * 4)), "score")
    assert change.decision == "not-measured"
    assert (change.interval, change.p, change.adjusted_p) == (None, None, None)


def test_inner_splits_are_averaged_first():
    """Units are outer seeds, however many inner splits and repeats they have."""
    runs = []
    for drop in (0.0, 0.1):
        run = Run()
        for outer in range(5):
            for inner in (0, 1):
                run.add("dummy", "iris", 0.5, outer=outer, inner=inner)
                for repeat in (0, 1):
                    value = 0.8 - drop * (1 + outer / 50) + inner * 0.05
                    run.add("lda", "iris", value, outer=outer, inner=inner, repeat=repeat)
        runs.append(run)
    change = only(compared(*runs), "score")
    assert (change.n_units, change.n_pairs) == (5, 20)
    # Means of outer seeds fall by 0.1 times 1, 1.02 ... 1.08, in skill twice as much.
    assert change.effect == pytest.approx(-0.208)
    spread = np.std([0.2, 0.204, 0.208, 0.212, 0.216], ddof=1)
    assert change.p == pytest.approx(2 * stats.t.sf(0.208 / (spread * np.sqrt(14 / 45)), 4))


def test_a_curve_is_tested_at_its_largest_size_and_on_its_mean():
    """Two tests a curve: a loss at the largest size alone is found, and told apart."""
    runs = []
    for drop in (0.0, 0.1):
        run = Run()
        for outer in range(5):
            for n in (16, 32, 64):
                run.add("dummy", "iris", 0.5, outer=outer, n=n)
                lost = drop * (1 + outer / 50) if n == 64 else 0.0
                run.add("lda", "iris", 0.8 - lost, outer=outer, n=n)
        runs.append(run)
    comparison = compared(*runs)
    largest, mean = only(comparison, "score"), only(comparison, "score", "mean")
    assert (largest.sizes, mean.sizes) == ((64, 64), (16, 64))
    assert largest.effect == pytest.approx(-0.208)
    assert mean.effect == pytest.approx(-0.208 / 3)


def test_p_values_are_adjusted_over_all_curves():
    """The more curves, the stronger the evidence must be; unmoved curves do not count."""
    runs = []
    for drop in (0.0, 0.02):
        run = Run()
        for outer in range(5):
            for at in range(12):
                name = f"set-{at:02d}"
                run.add("dummy", name, 0.5, outer=outer)
                # On the first dataset a loss with p of about 0.02, on others none, or only noise.
                noise = 0.01 * ((outer * 7 + at) % 5 - 2)
                lost = drop * (1 + 2 * noise / 0.05) if at == 0 else drop * noise if at < 10 else 0
                run.add("lda", name, 0.8 - lost, outer=outer)
        runs.append(run)
    scores = {c.dataset: c for c in compared(*runs).changes if c.measure == "score"}
    assert {name for name, c in scores.items() if c.decision == "identical"} == {"set-10", "set-11"}
    assert scores["set-00"].p < 0.05
    # The smallest of ten.
    assert scores["set-00"].adjusted_p == pytest.approx(10 * scores["set-00"].p)
    assert scores["set-00"].decision == "undecided"


def test_benjamini_hochberg_is_scipys():
    """Adjusted values equal SciPy's; what was not tested stays out."""
    p = np.random.default_rng(0).uniform(size=40) ** 3
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p), rtol=1e-12)
    # 0.01 and 0.04 of two tests: 0.02 and 0.04.
    found = benjamini_hochberg(np.array([0.04, np.nan, 0.01]))
    np.testing.assert_allclose(found, [0.04, np.nan, 0.02])


@pytest.mark.parametrize(
    ("factor", "decision"), [(1.5, "worse"), (1 / 1.5, "better"), (1.05, "equal"), (1.1, "equal")]
)
def test_time_changes_beyond_the_sentinels(factor, decision):
    """A ratio of seconds is a change where it exceeds the spread of sentinels (12 %) alone."""
    comparison = compared(a_run(BEFORE, sentinel=1.12), a_run(BEFORE, sentinel=1.12, fit=factor))
    change = only(comparison, "fit_seconds")
    assert change.effect == pytest.approx(factor)
    assert change.margin == pytest.approx(0.12)
    assert change.decision == decision
    assert comparison.has_regression == (decision == "worse")
    # 1, 1.01 ... 1.04 seconds: the geometric mean.
    seconds = float(np.exp(np.mean(np.log([1, 1.01, 1.02, 1.03, 1.04]))))
    assert (change.base, change.head) == (pytest.approx(seconds), pytest.approx(seconds * factor))


def test_times_that_scatter_are_not_called_slower():
    """A mean ratio beyond the noise is no change where the seeds do not agree on it."""
    head = a_run(BEFORE)
    for row, factor in zip(
        [row for row in head.trials if row["model"] == "lda"], [3, 0.8, 2, 0.9, 1.5], strict=True
    ):
        row["fit_seconds"] *= factor
    change = only(compared(a_run(BEFORE), head), "fit_seconds")
    assert change.effect > 1.4
    assert change.decision == "undecided"


def test_a_slower_machine_is_no_slower_model():
    """Where the calibration load took 40 % longer in head, that much is added to the noise."""
    base, head = a_run(BEFORE), a_run(BEFORE, fit=1.4)
    base.measure("", "calibration", "slot-0", 0.1)
    head.measure("", "calibration", "slot-0", 0.14)
    comparison = compared(base, head)
    assert comparison.drift == {"env-1": pytest.approx(1.4)}
    change = only(comparison, "fit_seconds")
    # 5 %, the least noise that is believed, times 1.4.
    assert change.margin == pytest.approx(1.4 * 1.05 - 1)
    assert change.decision == "equal"


def test_without_sentinels_times_are_not_judged():
    """No recorded noise, no decision."""
    comparison = compared(a_run(BEFORE, sentinel=None), a_run(BEFORE, sentinel=None, fit=9.0))
    change = only(comparison, "fit_seconds")
    assert change.decision == "not-measured"
    assert change.margin is None
    assert change.p is None


def test_times_of_different_environments_are_never_compared():
    """On another machine scores pair, times do not, and what differs is named."""
    comparison = compared(a_run(BEFORE), a_run(BEFORE, environment="env-2", fit=9.0))
    assert {change.measure for change in comparison.changes} == {"score"}
    assert comparison.n_elsewhere == 10
    assert comparison.differing_facts == ("cpu_model: AMD EPYC 9R14 → Apple M3",)
    assert not comparison.has_regression


def test_a_new_version_pairs_by_names():
    """Another version and other parameters are another identity, and still the same curve."""
    base = a_run(BEFORE)
    head = a_run([0.7, 0.71, 0.74, 0.75, 0.78], model_version="2", params='{"shrinkage":1}')
    comparison = compared(base, head)
    assert comparison.n_pairs == 10
    assert only(comparison, "score").decision == "worse"
    assert comparison.changed_versions == ("lda",)
    assert comparison.changed_parameters == ("lda",)
    assert comparison.endings == ()


def test_another_label_pairs_by_identity():
    """The same trial is the same, whatever it is shown as; head's label is the one shown."""
    comparison = compared(a_run(BEFORE), a_run(BEFORE, label="discriminant"))
    assert only(comparison, "score").model == "discriminant"
    assert comparison.endings == ()


def test_other_data_are_not_compared():
    """Where the content of a dataset changed its trials pair with nothing, and it is said."""
    base, head = a_run(BEFORE), a_run(BEFORE, dataset_fingerprint="0" * 64)
    for outer in range(5):
        base.add("lda", "wine", 0.8, outer=outer)
        head.add("lda", "wine", 0.8, outer=outer)
    for row in head.trials:
        row["trial_id"] += "'" * (row["dataset"] == "iris")
    comparison = compared(base, head)
    assert comparison.changed_data == ("iris",)
    assert {change.dataset for change in comparison.changes} == {"wine"}
    assert comparison.has_missing


def test_endings_are_told_apart():
    """Newly failing, recovered, missing and new trials are listed, alike ones together."""
    base, head = a_run(BEFORE), a_run(BEFORE)
    for outer in range(3):
        base.add("svm", "iris", 0.8, outer=outer, n=16 * (outer + 1))
        head.add(
            "svm", "iris", None, outer=outer, n=16 * (outer + 1), status="timeout", reason="60 s"
        )
        base.add("qda", "iris", None, outer=outer, status="crashed")
        head.add("qda", "iris", 0.8, outer=outer)
    base.add("knn", "iris", 0.8)
    base.add("tree", "iris", 0.8)
    head.add("tree", "iris", None, status="skipped", reason="not today")
    head.add("mlp", "iris", 0.8)
    head.add("cnn", "iris", None, status="error")
    base.add("cnn", "iris", None, status="error")
    head.add("nan", "iris", None)
    base.add("nan", "iris", 0.5)
    comparison = compared(base, head)
    found = {
        (e.kind, e.model): (e.base_status, e.head_status, e.sizes, e.n_trials, e.reason)
        for e in comparison.endings
    }
    assert found == {
        ("newly failing", "nan"): ("ok", "unscored", (16, 16), 1, ""),
        ("newly failing", "svm"): ("ok", "timeout", (16, 48), 3, "60 s"),
        ("missing", "knn"): ("ok", None, (16, 16), 1, ""),
        ("missing", "tree"): ("ok", "skipped", (16, 16), 1, "not today"),
        ("recovered", "qda"): ("crashed", "ok", (16, 16), 3, ""),
        ("new", "mlp"): (None, "ok", (16, 16), 1, ""),
    }
    assert comparison.endings[0].kind == "newly failing"
    assert comparison.has_regression
    assert comparison.has_missing


def test_a_baseline_that_moved_is_said():
    """Skill is measured from the same baseline on both sides; that it moved is told."""
    comparison = compared(a_run(BEFORE, dummy=0.5), a_run(BEFORE, dummy=0.6))
    assert comparison.changed_baselines == ("iris",)
    assert only(comparison, "score").decision == "identical"


def test_a_trial_measured_again_supersedes_the_older_one():
    """Of a resumed run whose plugin was upgraded the later trials count."""
    head = a_run([0.5] * 5, started_at=1.0)
    late = a_run(BEFORE, started_at=2.0, model_version="2", params='{"a":1}')
    head.trials += [row for row in late.trials if row["model"] == "lda"]
    head.scores += [row for row in late.scores if row["trial_id"].startswith("lda")]
    comparison = compared(a_run(BEFORE), head)
    assert comparison.n_superseded == 5
    assert only(comparison, "score").decision == "identical"


def test_the_same_model_on_two_devices_is_two_curves():
    """Curves that differ in cores or device are told apart by name."""
    run = a_run(BEFORE)
    for outer, value in enumerate(BEFORE):
        run.add("lda", "iris", value, outer=outer, cores=2)
    comparison = compared(run, run)
    names = {change.model for change in comparison.changes}
    assert names == {"lda (1 core)", "lda (2 cores)"}


def test_runs_that_share_nothing_are_refused():
    """The message names what either run has."""
    other = Run()
    other.add("mlp", "wine", 0.9)
    with pytest.raises(
        ResultsError, match=r"datasets of base: iris; of head: wine; models of base"
    ):
        compared(a_run(BEFORE), other)
    changed = a_run(BEFORE, dataset_fingerprint="0")
    changed.trials = [row for row in changed.trials if row["model"] == "lda"]
    with pytest.raises(ResultsError, match="data of 'iris' are not the same"):
        compared(a_run(BEFORE), changed)


def test_order_of_rows_does_not_matter():
    """Shuffled tables give the same comparison."""
    one, other = realistic(seed=1), realistic(seed=2)
    plain = compare(side(one), side(other))
    made = tables(other, shuffle=3)
    shuffled = Side(made.trials, made.scores, made.measures, made.environments, made.metrics)
    again = compare(side(one), shuffled)
    assert [(c.dataset, c.model, c.scope, c.decision) for c in again.changes] == [
        (c.dataset, c.model, c.scope, c.decision) for c in plain.changes
    ]


def test_noise_alone_is_seldom_called_a_change():
    """Three comparisons of 30 curves that differ by chance alone: none is worse or better."""
    rng = np.random.default_rng(0)
    called = 0
    base = {at: 0.7 + 0.05 * rng.standard_normal(5) for at in range(30)}
    for _ in range(3):
        runs = []
        for values in (base, {at: row + 0.02 * rng.standard_normal(5) for at, row in base.items()}):
            run = Run()
            for at, row in values.items():
                for outer, value in enumerate(row):
                    run.add("lda", f"set-{at}", float(value), outer=outer)
            runs.append(run)
        changes = compared(*runs).changes
        called += any(c.decision in ENDS for c in changes if c.measure == "score")
    assert called == 0
