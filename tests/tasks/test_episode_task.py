"""Environments: a budget that nobody can go beyond, and policies judged on fresh episodes."""

import copy

import pytest

import bench
from bench.spec.errors import DatasetError
from bench.tasks.episode_task import Budgeted, BudgetSpentError

PROTOCOL = bench.SplitProtocol(outer_seeds=(0, 1))


class Counting:
    """Ends after `length` steps, each worth its action; counts those of all that are made."""

    length = 5
    taken = 0
    action_space = "0 or 1"

    def reset(self, *, seed=None, options=None):
        self.seed = seed if seed is not None else self.seed
        self.at = 0
        return self.seed, {}

    def step(self, action):
        Counting.taken += 1
        self.at += 1
        return self.at, action, self.at == self.length, False, {}


class Endless(Counting):
    length = 10**9


class Acting(bench.EpisodeTask):
    name, metrics, n_episodes = "acting", ("return",), 3


class One:
    """Always does 1, after it was fitted by `learn`."""

    def __init__(self, learn=lambda environment: None):
        self.learn = learn

    def fit(self, environment):
        self.learn(environment)
        return self

    def predict(self, observation):
        return 1


def data(make=Counting, **extra):
    return bench.Dataset(make, extra={"n_steps": 50, **extra})


def parts_of(dataset, n_train=10, outer_seed=0, repeat=0):
    return Acting().prepare(dataset, PROTOCOL, bench.Cell(outer_seed, 0, n_train, repeat))


def answer(dataset, estimator=None):
    parts = parts_of(dataset)
    told = Acting().ask(estimator or One(), parts.test)
    return Acting().read(told, parts.test, parts, None)


def test_no_step_beyond_the_budget_is_taken():
    """The last one is truncated; the next is refused before the environment sees it."""
    before = Counting.taken
    seen = []

    def learn(environment):
        environment.reset()
        while environment.steps_left:
            seen.append(environment.step(0)[2:4])
            if seen[-1] != (False, False) and environment.steps_left:
                environment.reset()
        with pytest.raises(BudgetSpentError, match="`fit` must return when `steps_left` is 0"):
            environment.step(0)

    Acting().fit(One(learn), parts_of(data(), 12), {})
    assert Counting.taken - before == 12
    assert seen[4] == seen[9] == (True, False)
    assert seen[11] == (False, True)


def test_there_is_no_way_around_the_budget():
    """Neither a copy nor what Gymnasium calls unwrapped has steps of its own."""
    environment = Budgeted(Counting(), 2, seed=0)
    environment.reset()
    twin = copy.deepcopy(environment)
    twin.step(0)
    environment.unwrapped.step(0)
    assert environment.steps_left == twin.steps_left == 0
    assert environment.action_space == "0 or 1"
    with pytest.raises(AttributeError):
        _ = environment.env


def test_episodes_are_fresh_and_the_same_for_all():
    """Their seeds come from the outer seed; learning begins with another, of its own repeat."""
    one, same, other = parts_of(data()), parts_of(data(), 5), parts_of(data(), outer_seed=1)
    assert one.test.rows == same.test.rows
    assert len({*one.test.rows, *one.validation.rows, *other.test.rows, one.train.seed}) == 10
    assert one.train.seed == same.train.seed != parts_of(data(), repeat=1).train.seed
    (split, _) = Acting().splits(data(), PROTOCOL)
    assert (split.n_train_max, split.overlap) == (50, 0.0)


def test_an_episode_ends_by_itself_or_is_cut_off():
    """Five steps of 1 each and an end; or as many as an episode may have, and none."""
    output = answer(data())
    offered = {name: values.tolist() for name, values in output.offers.items()}
    assert offered == {"returns": [5] * 3, "lengths": [5] * 3, "terminated": [1] * 3}
    cut = answer(data(Endless, most_steps=7)).offers
    assert (cut["returns"].tolist(), cut["terminated"].tolist()) == ([7] * 3, [0] * 3)


def test_a_return_that_is_no_number_is_invalid():
    """And named."""
    policy = One()
    policy.predict = lambda observation: float("nan")
    with pytest.raises(bench.InvalidAnswer, match="returns with NaN"):
        answer(data(), policy)


def test_a_budget_is_divided_for_tuning():
    """Of 40 steps 32 are for learning; the others hold one episode of at most 8."""
    parts = parts_of(data(Endless), 40)
    first, second = list(Acting().divide(data(Endless), parts.train, share=0.2, seed=3))[:2]
    assert (len(first.train), len(first.test), first.test.most_steps) == (32, 1, 8)
    assert first.test.rows != second.test.rows
    assert first.train.seed != second.train.seed
    with pytest.raises(DatasetError, match="too few"):
        next(Acting().divide(data(), parts_of(data(), 1).train, share=0.2, seed=3))


def test_what_is_no_environment_is_refused():
    """The message says what X and extra must be."""
    for dataset in (bench.Dataset(3, extra={"n_steps": 5}), bench.Dataset(Counting)):
        with pytest.raises(DatasetError, match="a class or a function that makes an environment"):
            list(Acting().splits(dataset, PROTOCOL))
    with pytest.raises(DatasetError, match="size 51 is not between 1 and 50"):
        parts_of(data(), 51)


def test_parts_can_be_shortened():
    """A budget to fewer steps, a question to fewer episodes."""
    parts = parts_of(data())
    assert len(Acting().shorten(parts.train, 4)) == 4
    assert Acting().shorten(parts.test, 1).rows == parts.test.rows[:1]
    assert [name for name, _ in Acting().questions(parts)] == ["test", "validation"]
