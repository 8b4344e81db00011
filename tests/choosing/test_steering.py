"""Wishes of the schedule become trials of a plan, and what ends is told without test scores."""

from dataclasses import fields, replace
from types import SimpleNamespace

import pyarrow as pa
import pytest

from bench import SplitProtocol
from bench.choosing.so_far import Seen
from bench.choosing.steering import Steering, earlier, entrants_of, seen_of, telling_limit
from bench.planning.describing import DatasetFacts
from bench.planning.plan import make_plan
from bench.planning.suite import parse
from bench.registry.lookup import discover
from bench.spec import Column, Split, Target
from bench.spec.outcome import Facts, Measure, Outcome, Score

SUITE = """
[suite]
name = "mine"
[protocol]
sizes = [250, 1000]
outer_seeds = 6
[[models]]
name = "dummy"
[[models]]
name = "lda"
[[models]]
name = "gaussian-nb"
[[models]]
name = "ridge"
[[models]]
name = "mlp"
[[datasets]]
name = "breast-cancer"
"""


@pytest.fixture(scope="module")
def registry():
    return discover()


@pytest.fixture(scope="module")
def plan(registry):
    """A plan of facts that are made up: nothing is loaded."""
    splits = tuple(Split(seed, 0, 1000) for seed in range(6))

    def facts_of(source, tasks):
        return DatasetFacts(
            fingerprint="0",
            n_rows=1234,
            n_features=1,
            has_missing=False,
            task="classification",
            columns=(Column("a"),),
            target=Target("binary", classes=(0, 1)),
            splits=splits,
        )

    assert SplitProtocol().test == 0.1
    return make_plan(parse(SUITE, "mine"), registry, facts_of)


@pytest.fixture
def metric(registry):
    return registry.metric("balanced-accuracy").record


def steering(plan, metric, earlier=(), left=100.0):
    return Steering(plan, metric, earlier, n_slots=1, left=lambda: left, grace_seconds=5.0)


def ended(trial, validation, test=0.5, status="ok"):
    return Outcome(
        trial_id=trial.trial_id,
        status=status,
        facts=Facts(fit_seconds=1.0, compile_seconds=0.5),
        scores=(
            Score("train", "", "balanced-accuracy", 1.0, 10),
            Score("validation", "", "accuracy", 0.1, 10),
            Score("validation", "", "balanced-accuracy", validation, 10),
            Score("test", "", "balanced-accuracy", test, 10),
        ),
        measures=(Measure("trial", "clock", "turn_seconds", 2.0, "s"),),
    )


def test_who_does_not_do_the_task_does_not_stand(plan):
    """Ridge regression has no trial of a classification."""
    assert [entrant.name for entrant in entrants_of(plan)] == ["dummy", "lda", "gaussian-nb", "mlp"]


def test_it_gives_trials_of_the_plan_with_limits_of_its_own(plan, metric):
    """The same identities as in the plan, and no more time than is left."""
    trial = steering(plan, metric, left=20.0).take()
    assert trial.trial_id in {planned.trial_id for planned in plan.trials}
    assert (trial.label, trial.n_train, trial.outer_seed) == ("lda", 250, 0)
    assert trial.limit_seconds == 25.0


def played(plan, metric, test):
    """Run everything that is wanted, with some validation score, and `test` on test rows."""
    wheel, order = steering(plan, metric), []
    while (trial := wheel.take()) is not None:
        order.append(trial.trial_id)
        wheel.ended(trial, ended(trial, 0.5 + len(trial.label) / 100, test(trial)))
    assert wheel.is_over
    return order


def test_what_test_rows_say_changes_nothing(plan, metric):
    """Once one model is best on test rows, once another: the same trials in the same order."""
    first = played(plan, metric, lambda trial: 1.0 if trial.label == "lda" else 0.0)
    second = played(plan, metric, lambda trial: 1.0 if trial.label == "mlp" else 0.0)
    assert first == second
    assert len(first) == len(set(first)) > 20


def test_only_validation_scores_and_seconds_are_kept(plan, metric):
    """Of 2 s in the slot 1 s was the fit and 0.5 s compiling."""
    trial = steering(plan, metric).take()
    seen = seen_of(trial, ended(trial, 0.75, test=0.99), metric)
    assert seen == Seen(
        entrant="lda",
        size=250,
        seed=0,
        status="ok",
        score=0.75,
        fit_seconds=1.0,
        other_seconds=0.5,
        compile_seconds=0.5,
    )
    assert {field.name for field in fields(Seen)} == {
        "entrant",
        "size",
        "seed",
        "status",
        "score",
        "fit_seconds",
        "other_seconds",
        "compile_seconds",
    }


def test_lower_is_better_is_turned(plan, metric):
    """A loss of 0.1 scores higher than one of 0.2."""
    trial = steering(plan, metric).take()
    loss = replace(metric, direction="lower", ideal=0.0)
    small, large = (seen_of(trial, ended(trial, value), loss).score for value in (0.1, 0.2))
    assert small > large


def test_a_failed_trial_has_no_score(plan, metric):
    """Whatever its row may hold."""
    trial = steering(plan, metric).take()
    assert seen_of(trial, ended(trial, 0.9, status="timeout"), metric).score is None


def test_what_an_earlier_session_measured_is_not_wanted_again(plan, metric):
    """The first wish of a new session is the second of the old one."""
    wheel = steering(plan, metric)
    first = wheel.take()
    wheel.ended(first, ended(first, 0.7))
    second = wheel.take()
    again = steering(plan, metric, earlier=[seen_of(first, ended(first, 0.7), metric)])
    assert again.take().trial_id == second.trial_id


def test_it_waits_for_what_runs_before_it_is_over(plan, metric):
    """With one slot that is taken there is nothing to give, and it is not over."""
    wheel = steering(plan, metric)
    trial = wheel.take()
    assert wheel.take() is None
    assert not wheel.is_over
    wheel.ended(trial, ended(trial, 0.7))
    assert wheel.take() is not None


def test_a_suite_s_own_limit_holds(plan, metric):
    """Candidates that are given ten seconds get no more, however much is left."""
    short = replace(plan, trials=tuple(replace(t, limit_seconds=10.0) for t in plan.trials))
    assert steering(short, metric).take().limit_seconds == 10.0


def test_a_trial_that_the_end_of_a_session_cut_off_is_tried_again(metric):
    """Ended after 9.8 s it tells nothing of its candidate; ended after 60 s it does."""
    trials = [
        {
            "trial_id": label,
            "label": label,
            "n_train": 250,
            "outer_seed": 0,
            "status": "timeout",
            "limit_seconds": limit,
            "fit_seconds": None,
            "compile_seconds": None,
        }
        for label, limit in (("lda", 9.8), ("mlp", 60.0))
    ]
    nothing = pa.table(
        {
            name: pa.array([], pa.string())
            for name in ("trial_id", "part", "slice", "metric", "name")
        }
        | {"value": pa.array([], pa.float64())}
    )
    results = SimpleNamespace(trials=pa.Table.from_pylist(trials), scores=nothing, measures=nothing)
    assert [seen.entrant for seen in earlier(results, metric)] == ["mlp"]
    assert [seen.entrant for seen in earlier(results, metric, limit_seconds=5.0)] == ["lda", "mlp"]


def test_a_timeout_tells_of_a_candidate_from_the_suite_s_own_limit_on(plan):
    """A minute, or the limit of the suite where that is less: there is no more to be had."""
    assert telling_limit(plan) == 60.0
    limits = plan.suite.limits.model_copy(update={"seconds": 5.0})
    suite = plan.suite.model_copy(update={"limits": limits})
    assert telling_limit(replace(plan, suite=suite)) == 5.0


def test_without_time_it_is_over(plan, metric):
    """Nothing is started when no second is left."""
    wheel = steering(plan, metric, left=-1.0)
    assert wheel.take() is None
    assert wheel.is_over
