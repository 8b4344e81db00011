"""Tuning: spaces and what is drawn from them, how training rows are divided, when a search ends."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bench
from bench.planning.search import Search, make_search, why_untunable
from bench.registry.lookup import discover
from bench.spec import Dataset, Output, Part, Target
from bench.spec.errors import DatasetError, SuiteError
from bench.tasks import TASKS
from bench.tasks.classification import CLASSIFICATION
from bench.tasks.reading import check_finite
from bench.tasks.regression import REGRESSION
from bench.tasks.row_task import RowsPart
from bench.trial.deadline import OutOfTimeError
from bench.trial.tuning import divisions, n_divisions, proposals, search, tune


def model(space):
    return bench.ModelSpec(
        name="forest",
        family="classical",
        does=(("classification", "tabular"),),
        factory="acme:forest",
        search_space=space,
    )


def asked(space, trials=20, seconds=None):
    return Search(trials=trials, seconds=seconds, space=space)


# --- spaces ---------------------------------------------------------------------------------------


def test_what_a_suite_fixes_leaves_the_space():
    """A parameter that `params` sets is not searched; tuples become what JSON has for them."""
    space = {"depth": [3, 9], "width": [(64, 64), None], "rate": {"low": 0.1, "high": 1}}
    found = make_search(model(space), {"depth": 5}, trials=4, seconds=9.0)
    assert found.space == {"width": [[64, 64], None], "rate": {"low": 0.1, "high": 1}}
    assert (found.trials, found.seconds) == (4, 9.0)
    assert Search.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize(
    ("space", "fixed", "said"),
    [
        ({}, (), r"'forest' has no search space.*leave `tune` out"),
        ({"depth": [1]}, ("depth", "width"), "nothing is left to be tuned.*depth"),
        ({"depth": []}, (), r"depth is \[\]: at least one choice"),
        ({"depth": 3}, (), "a list of choices or a table with low and high"),
        ({"depth": [len]}, (), "only what JSON can hold"),
        ({"depth": [math.nan]}, (), "only what JSON can hold"),
        ({"depth": {"low": 1, "hgih": 2}}, (), "'hgih' is no key of a range; allowed: low, high"),
        ({"depth": {"low": 1}}, (), "low and high must be numbers"),
        ({"depth": {"low": True, "high": 2}}, (), "low and high must be numbers"),
        ({"depth": {"low": 2, "high": 2}}, (), "low must be below high"),
        ({"depth": {"low": 0, "high": 2, "log": True}}, (), "above zero where log is true"),
        ({"depth": {"low": 1, "high": 2.5, "int": True}}, (), "whole numbers where int is true"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(space, fixed, said):
    """The model, the parameter, what it has and what is allowed are said."""
    with pytest.raises(SuiteError, match=said):
        make_search(model(space), fixed, trials=4, seconds=None)


def test_every_installed_search_space_is_one():
    """Whatever a model offers to be tuned can be drawn from, and at least one offers something."""
    specs = [entry.record for entry in discover().models.values() if entry.record.search_space]
    assert specs
    for spec in specs:
        found = make_search(spec, (), trials=3, seconds=None)
        assert len(list(proposals(found, dict(spec.params), 0))) > 1, spec.name


def test_what_shows_no_truth_to_fit_is_not_tuned_by_it():
    """Of the built-in tasks, clustering is fitted blind."""
    assert [task.name for task in TASKS if why_untunable(task)] == ["clustering"]


# --- proposals ------------------------------------------------------------------------------------


def test_what_is_given_comes_first_and_stays_around_the_draws():
    """The first candidate is untouched; the others differ from it in the space alone."""
    first, *others = proposals(asked({"depth": [1, 2, 3]}, 3), {"depth": 9, "seed": 7}, 0)
    assert first == {"depth": 9, "seed": 7}
    assert len(others) == 2
    assert all(other["seed"] == 7 and other["depth"] in (1, 2, 3) for other in others)


def test_no_candidate_comes_twice_and_a_small_space_ends():
    """Two times three choices, the given one among them: six candidates, and no more."""
    space = {"depth": [1, 2], "width": [1, 2, 3]}
    found = [
        tuple(sorted(c.items())) for c in proposals(asked(space, 50), {"depth": 1, "width": 1}, 0)
    ]
    assert len(found) == len(set(found)) == 6


def test_the_seed_decides_the_draws_and_the_order_of_the_space_does_not():
    """The same seed draws the same candidates from the same space, written in whatever order."""
    space = {"a": {"low": 0, "high": 1}, "b": {"low": 0, "high": 1}}
    turned = dict(reversed(space.items()))
    drawn = [
        list(proposals(asked(s), {}, seed)) for s, seed in ((space, 1), (turned, 1), (space, 2))
    ]
    assert drawn[0] == drawn[1] != drawn[2]


@given(
    st.floats(1e-6, 1e3),
    st.floats(1.001, 1e3),
    st.booleans(),
    st.integers(0, 2**31 - 1),
)
def test_draws_stay_within_their_range(low, ratio, log, seed):
    """A real number is between low and high, on either scale."""
    high = low * ratio
    (_, drawn) = proposals(asked({"x": {"low": low, "high": high, "log": log}}, 2), {}, seed)
    assert low <= drawn["x"] <= high


@pytest.mark.parametrize("log", [True, False])
def test_whole_numbers_reach_both_ends(log):
    """From 1 to 3, all three are drawn, and as whole numbers."""
    space = {"n": {"low": 1, "high": 3, "int": True, "log": log}}
    drawn = [c["n"] for c in proposals(asked(space, 10), {"n": 0}, 0)][1:]
    assert sorted(drawn) == [1, 2, 3]
    assert all(type(n) is int for n in drawn)


def test_a_logarithmic_range_is_drawn_by_its_logarithm():
    """Of 1 to 10,000 half of the draws are below 100; of a uniform range, one in a hundred."""
    space = {"x": {"low": 1, "high": 10_000, "log": True}}
    below = [c["x"] < 100 for c in list(proposals(asked(space, 400), {"x": 0}, 0))[1:]]
    assert 0.4 < np.mean(below) < 0.6


# --- divisions ------------------------------------------------------------------------------------


def part(n, y=None, **more):
    X = np.arange(n, dtype=float)[:, None]
    return RowsPart(X=X, y=np.arange(n) % 2 if y is None else y, rows=np.arange(n) + 7, **more)


def dataset_of(kind="binary", classes=(0, 1)):
    return Dataset(np.zeros((1, 1)), None, target=Target(kind, 1, classes))


@pytest.mark.parametrize(
    ("n_train", "expected"), [(2500, 1), (10**6, 1), (2499, 2), (1000, 3), (500, 5), (16, 5)]
)
def test_small_sets_are_divided_more_often(n_train, expected):
    """Until 500 rows were held out in all, a fifth each time, and five times at most."""
    assert n_divisions(n_train) == expected


def test_a_division_holds_out_a_fifth_of_the_training_rows():
    """Both sides together are the training rows, each once, with the shares of the classes kept."""
    found = divisions(CLASSIFICATION, dataset_of(), part(100), 3)
    assert len(found) == 5
    for parts in found:
        assert (len(parts.train), len(parts.test), parts.validation) == (80, 20, None)
        both = np.concatenate([parts.train.X[:, 0], parts.test.X[:, 0]])
        assert sorted(both) == list(range(100))
        assert parts.test.y.sum() == 10
        assert parts.test.target.kind == "binary"
    assert len({tuple(sorted(parts.test.X[:, 0])) for parts in found}) == 5


def test_the_seed_decides_the_divisions():
    """The same seed holds out the same rows, another one others."""
    held = [divisions(CLASSIFICATION, dataset_of(), part(50), s)[0].test.X for s in (1, 1, 2)]
    assert np.array_equal(held[0], held[1])
    assert not np.array_equal(held[0], held[2])


def test_groups_stay_whole():
    """No group of the training rows is on both sides, and weights go with their rows."""
    groups = np.arange(60) // 6
    whole = part(60, groups=groups, sample_weight=np.arange(60.0))
    for parts in divisions(CLASSIFICATION, dataset_of(), whole, 0):
        assert not set(parts.train.groups) & set(parts.test.groups)
        assert np.array_equal(parts.train.sample_weight, parts.train.X[:, 0])


def test_what_is_held_out_lies_after_what_is_learned_from():
    """With a time, the divisions are rolling origins within the training rows."""
    time = np.arange(100)[::-1]
    found = divisions(REGRESSION, dataset_of("continuous", ()), part(100, time=time), 5)
    assert [len(parts.train) for parts in found] == [80, 60, 40, 20]
    for parts in found:
        assert parts.train.time.max() < parts.test.time.min()


def test_no_division_leaves_one_class_to_learn_from():
    """With one row of the second class, those draws are taken that keep it for training."""
    y = np.zeros(20, dtype=int)
    y[4] = 1
    found = divisions(CLASSIFICATION, dataset_of(), part(20, y), 0)
    assert len(found) == 5
    assert all(4.0 in parts.train.X for parts in found)


def test_both_classes_are_held_out_where_a_draw_can_do_so():
    """The area under the ROC curve has no value for one class, and a candidate would fail by it."""
    y = np.zeros(16, dtype=int)
    y[[4, 9]] = 1
    groups = np.arange(16)
    found = divisions(CLASSIFICATION, dataset_of(), part(16, y, groups=groups), 0)
    assert found
    for parts in found:
        assert set(parts.train.y) == set(parts.test.y) == {0, 1}


def test_rows_of_one_class_are_divided_as_they_are():
    """Where the training rows have one class only, a division need not have two."""
    found = divisions(CLASSIFICATION, dataset_of(), part(20, np.zeros(20, dtype=int)), 0)
    assert len(found) == 5


class Unread:
    """Rows that nobody may read."""

    fingerprint = "f"

    def __len__(self):
        return 100

    def take(self, rows):
        raise AssertionError("rows were read")

    batches = take


def test_rows_that_are_not_in_memory_are_divided_unread():
    """The sides of a division are views of the rows that the trial may train on."""
    view = bench.RowsView(Unread(), np.arange(10, 70))
    whole = RowsPart(X=view, y=np.arange(60) % 2, rows=view.rows)
    parts = divisions(CLASSIFICATION, dataset_of(), whole, 0)[0]
    both = np.concatenate([parts.train.X.rows, parts.test.X.rows])
    assert sorted(both) == list(range(10, 70))


def test_no_duplicates_are_looked_for(monkeypatch):
    """The divisions are part of the time of a fit: what only the split phase tells is left out."""

    def counted(*_):
        raise AssertionError("duplicates were counted")

    monkeypatch.setattr("bench.tasks.row_task.n_twins", counted)
    found = divisions(CLASSIFICATION, dataset_of(), part(100), 0)
    assert [dict(parts.notes) for parts in found] == [{}] * 5


def test_rows_that_cannot_be_divided_are_refused():
    """Two rows are too few."""
    with pytest.raises(DatasetError):
        divisions(CLASSIFICATION, dataset_of(), part(2), 0)


# --- the search -----------------------------------------------------------------------------------


class Clock:
    """Time that passes only when told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def run(values, *, seconds=None, budget=None, costs=1.0, n_fits=1, direction="higher", cut=()):
    """Search over candidates 0, 1, 2, ...; return what is found, and what time each was allowed."""
    clock, allowed = Clock(), []
    costs = [costs] * len(values) if isinstance(costs, float) else costs

    def evaluate(params, left):
        n = len(allowed)
        allowed.append(left)
        clock.now += costs[n]
        if isinstance(values[n], Exception):
            raise values[n]
        return values[n], n in cut

    space = {"x": {"low": 0, "high": 1}}
    found = search(
        asked(space, len(values), seconds), evaluate, given={"x": 2}, seed=0,
        direction=direction, n_fits=n_fits, budget=budget, clock=clock,
    )  # fmt: skip
    return found, allowed


def test_the_best_is_taken_by_the_metrics_direction():
    """The largest value of a metric that should be high, the smallest of one that should be low."""
    high, _ = run([0.5, 0.9, 0.7])
    low, _ = run([0.5, 0.9, 0.7], direction="lower")
    assert high.params == high.candidates[1].params
    assert low.params == {"x": 2}
    assert [c.value for c in high.candidates] == [0.5, 0.9, 0.7]
    assert not high.is_cut


def test_of_equals_the_first_is_taken():
    """Where nothing is better than what is given, it stays."""
    found, _ = run([0.5, 0.5, 0.5])
    assert found.params == {"x": 2}


def test_a_candidate_that_fails_is_kept_with_its_reason():
    """It has no value; the search goes on, though it was the first, and even if it is skipped."""
    found, _ = run([ValueError("no way"), 0.4, bench.Skip("not this one")])
    assert [c.value for c in found.candidates] == [None, 0.4, None]
    assert found.candidates[0].reason == "failed: ValueError: no way"
    assert found.candidates[2].reason == "skipped: not this one"
    assert found.params == found.candidates[1].params
    points = list(found.curve("accuracy"))
    assert [(p.step, p.part, p.name, p.value) for p in points] == [(2, "tuning", "accuracy", 0.4)]
    first, second, _ = found.notes("accuracy", ["x"])
    assert first == "tuning: candidate 1, as given: failed: ValueError: no way"
    assert second.endswith(": accuracy 0.4")
    assert '{"x": 0.' in second


def test_where_all_fail_what_is_given_stays():
    """The last fit decides; a model that skips what it is given is one that failed, no more."""
    found, _ = run([bench.Skip("never"), ValueError("b")])
    assert found.params == {"x": 2}
    assert [c.reason for c in found.candidates] == ["skipped: never", "failed: ValueError: b"]
    assert not found.is_cut
    assert list(found.notes("accuracy", ["x"]))[-1] == (
        "tuning: no candidate has a value; the parameters stay as given"
    )
    assert list(found.curve("accuracy")) == []


def test_a_candidate_that_does_not_stop_is_given_up():
    """The search ends with it, for its time is over, and the best of the others is taken."""

    def evaluate(params, left):
        if params["x"] != 2:
            raise OutOfTimeError  # as `ended_within` does in the midst of it
        return 0.5, False

    found = search(
        asked({"x": {"low": 0, "high": 1}}, 9, 0.5), evaluate, given={"x": 2}, seed=0,
        direction="higher", clock=lambda: 0.0,
    )  # fmt: skip
    assert found.params == {"x": 2}
    assert [c.value for c in found.candidates] == [0.5, None]
    assert found.candidates[1].reason.startswith("failed: over its time of 0.5 s")
    assert found.is_cut


def test_fits_that_used_up_their_time_may_still_be_scored(monkeypatch):
    """A candidate is given up a quarter later than the time that its fits are told."""
    rings = []

    def unbounded(seconds, call):
        rings.append(seconds)
        return call()

    monkeypatch.setattr("bench.trial.tuning.ended_within", unbounded)
    _, allowed = run([0.1] * 9, seconds=10.0, costs=3.0)
    assert allowed == [10.0, 7.0, 4.0]
    assert rings == [12.5, 8.75, 5.0]


def test_no_candidate_is_begun_that_would_not_end_in_time():
    """Of 10 s, candidates of 3 s leave room for three; a fourth would end at 12 s."""
    found, allowed = run([0.1] * 9, seconds=10.0, costs=3.0)
    assert len(found.candidates) == 3
    assert allowed == [10.0, 7.0, 4.0]
    assert found.is_cut


def test_the_last_fit_keeps_its_time():
    """Of 10 s, after candidates of 2 s at two fits each: the last fit may need 2 x 2 / 2 = 2 s.

    The first may take what leaves its own last fit, 10 x 2 / 4 = 5 s; the second, at 2 s, 8 x 2 / 4
    = 4 s; the third 6 x 2 / 4 = 3 s; a fourth, at 6 s, would have 4 x 2 / 4 = 2 s, just what such
    candidates take, which is no room.
    """
    found, allowed = run([0.1] * 9, budget=10.0, costs=2.0, n_fits=2)
    assert allowed == [5.0, 4.0, 3.0]
    assert len(found.candidates) == 3
    assert found.is_cut


def test_without_any_time_what_is_given_stays():
    """Nothing is tried, and the search says that time has ended it."""
    found, allowed = run([0.5, 0.6], budget=0.0)
    assert (found.params, found.candidates, found.is_cut) == ({"x": 2}, (), True)
    assert allowed == []


def test_a_fit_that_time_has_ended_marks_the_search():
    """All candidates were tried, but one of them would be another with more time."""
    found, _ = run([0.5, 0.6, 0.7], cut={1})
    assert len(found.candidates) == 3
    assert found.is_cut


class Numbers(type(REGRESSION)):
    """A task whose estimators are their own answers."""

    def ask(self, estimator, part):
        return np.full(len(part), estimator)

    def read(self, answer, part, parts, estimator):
        check_finite(answer, "numbers")
        return Output(answer, len(part), {"numbers": answer})


METRIC = bench.Metric(
    name="error", direction="lower", ideal=0.0, needs="numbers", function="none:none"
)


def test_a_candidate_counts_by_its_mean_over_the_divisions():
    """Every division is fitted with its share of the time left, and scored on what it holds out."""
    held = [
        SimpleNamespace(train=None, test=Part(None, np.full(2, y), np.arange(2))) for y in (0, 1)
    ]
    seen = []

    def fit(params, parts, seconds):
        seen.append((params["x"], parts, seconds))
        return params["x"], False

    found = tune(
        asked({"x": [0.5]}, 5), Numbers(), held, fit,
        (METRIC, lambda part, numbers: float(np.square(part.y - numbers).mean())),
        given={"x": 1.0}, seed=0, budget=None,
    )  # fmt: skip
    assert [c.value for c in found.candidates] == [0.5, 0.25]
    assert found.params == {"x": 0.5}
    assert seen == [(x, parts, None) for x in (1.0, 0.5) for parts in held]


def test_an_answer_that_cannot_be_scored_is_a_failure():
    """NaN in an answer, and a metric that cannot be computed, each fail their candidate."""
    held = [SimpleNamespace(train=None, test=Part(None, np.zeros(2), np.arange(2)))]

    def error(part, numbers):
        if numbers[0] == 1:
            raise ValueError("undefined here")
        return 0.5

    found = tune(
        asked({"x": [0, 1, math.inf]}, 3), Numbers(), held, lambda params, *_: (params["x"], False),
        (METRIC, error), given={"x": 0}, seed=0, budget=None,
    )  # fmt: skip
    reasons = {c.params["x"]: c.reason for c in found.candidates}
    assert reasons[0] == ""
    assert reasons[1] == "failed: ValueError: error: undefined here"
    assert "NaN or infinity" in reasons[math.inf]
