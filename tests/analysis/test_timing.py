"""Seconds and their noise."""

import pytest

from analysis.hand_tables import Run, tables
from bench.analysis.cells import read_cells
from bench.analysis.timing import contender_times, timing_noise


def times_of(*runs):
    made = tables(*runs)
    cells = read_cells(made.trials, made.scores, made.metrics)
    found = contender_times(cells.frame)
    return {str(cells.contenders["name"][number]): times for number, times in found.items()}


def test_times_are_medians_of_medians():
    """First the median over a dataset's trials, then that over datasets."""
    run = Run()
    for dataset, seconds in {"a": (1, 2, 9), "b": (4, 4, 4), "c": (100, 100, 1)}.items():
        for outer, fit in enumerate(seconds):
            run.add("lda", dataset, 0.5, outer=outer, fit=float(fit))
    ((times,),) = times_of(run).values()
    # medians 2, 4, 100
    assert times.warm_seconds == 4
    assert times.cold_seconds == 4.75
    assert not times.at_least
    assert times.n_trials == 9


def test_a_timeout_is_a_time_censored_at_the_limit():
    """Where half of the trials ran into the limit, the limit is a lower bound."""
    run = Run()
    run.add("lda", "a", 0.5, outer=0, fit=1.0)
    for outer in (1, 2):
        run.add("lda", "a", None, outer=outer, status="timeout")
    run.add("lda", "b", 0.5, fit=2.0)
    run.add("lda", "c", 0.5, fit=3.0)
    ((times,),) = times_of(run).values()
    # medians 60 (the limit), 2, 3: the median of these is 3, whatever lies beyond the limit
    assert times.warm_seconds == 3
    assert not times.at_least
    run.trials = [row for row in run.trials if row["dataset"] == "a"]
    ((times,),) = times_of(run).values()
    assert times.warm_seconds == 60
    assert times.at_least


def test_a_crash_has_no_time():
    """Failures but timeouts say nothing about time."""
    run = Run()
    run.add("lda", "a", None, status="crashed")
    assert times_of(run) == {}


def test_environments_are_never_pooled():
    """Each environment has its own times."""
    here, there = Run("run-1", "env-1"), Run("run-2", "env-2")
    here.add("lda", "a", 0.5, fit=1.0)
    there.add("lda", "a", 0.5, fit=5.0)
    (times,) = times_of(here, there).values()
    assert [(one.environment_id, one.warm_seconds) for one in times] == [
        ("env-1", 1.0),
        ("env-2", 5.0),
    ]


def test_noise_is_the_ninth_decile_of_reruns():
    """Eleven sentinels that differ by 0, 1, ... 10 %: nine in ten lie within 9 %."""
    run = Run()
    for outer in range(11):
        trial_id = run.add("lda", "a", 0.5, outer=outer, fit=2.0)
        run.measure(trial_id, "sentinel", "fit_seconds", 2.0 * (1 + outer / 100))
        run.measure(trial_id, "sentinel", "steal_seconds", 99.0)
    for slot, seconds in enumerate((1.0, 1.2, 1.1)):
        run.measure("", "calibration", f"slot-{slot}", seconds)
    made = tables(run)
    (noise,) = timing_noise(made.measures, made.trials)
    assert noise.spread == pytest.approx(0.09)
    assert noise.n_sentinels == 11
    assert noise.slot_spread == pytest.approx(0.2)


def test_faster_and_slower_reruns_count_alike():
    """Half the time is as far off as twice the time."""
    run = Run()
    trial_id = run.add("lda", "a", 0.5, fit=2.0)
    run.measure(trial_id, "sentinel", "fit_seconds", 1.0)
    made = tables(run)
    (noise,) = timing_noise(made.measures, made.trials)
    assert noise.spread == pytest.approx(1.0)
    assert noise.slot_spread is None


def test_no_measures_no_noise():
    """A run without sentinels says nothing about noise."""
    made = tables(Run())
    assert timing_noise(made.measures, made.trials) == ()
