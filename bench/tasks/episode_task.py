"""What the tasks on environments share: a budget of steps to learn in, fresh episodes to be judged.

An environment is what Gymnasium means by it: ``reset(seed=...)`` returns an observation and a dict,
``step(action)`` an observation, a reward, whether the episode has `terminated` (its end is reached,
nothing comes after it), whether it was `truncated` (it is cut off, and would have gone on), and a
dict. No environment is kept: one is made whenever it is needed, by calling the dataset's X.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from bench.spec import Cell, Dataset, Output, Part, Parts, Split, SplitProtocol, Task
from bench.spec.errors import BenchError, DatasetError
from bench.tasks.reading import as_numbers

MOST_DIVISIONS = 20
"""Of a budget, for tuning."""


class BudgetSpentError(BenchError):
    """`fit` asked its environment for a step, and had none left: see `Budgeted.steps_left`."""


class _Counter:
    """Steps that may still be taken, by an environment and by all its copies together."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __copy__(self) -> _Counter:
        return self

    def __deepcopy__(self, memo: Any) -> _Counter:
        return self


class Budgeted:
    """An environment that takes so many steps and not one more, in however many episodes.

    The last step that it may take is `truncated`, unless it terminates. Whatever else the
    environment offers (``action_space``, ``observation_space``) is read from it.

    Parameters
    ----------
    environment
        What is wrapped.
    n_steps
        The budget.
    seed
        Of the first episode, where `reset` is not given one.
    """

    def __init__(self, environment: Any, n_steps: int, seed: int) -> None:
        self._environment = environment
        self._counter = _Counter(n_steps)
        self._seed: int | None = seed

    @property
    def steps_left(self) -> int:
        """How many steps may still be taken."""
        return self._counter.left

    @property
    def unwrapped(self) -> Budgeted:
        """Itself: there is no way around the budget."""
        return self

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        seed, self._seed = self._seed if seed is None else seed, None
        observation, info = _reset(self._environment, seed, options)
        return observation, info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Take a step.

        Raises
        ------
        BudgetSpentError
            There is none left.
        """
        if self._counter.left <= 0:
            raise BudgetSpentError(
                "the budget of steps is spent: `fit` must return when `steps_left` is 0."
            )
        self._counter.left -= 1
        observation, reward, terminated, truncated, info = self._environment.step(action)
        truncated = bool(truncated) or (self._counter.left == 0 and not terminated)
        return observation, float(reward), bool(terminated), truncated, info

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "env":
            raise AttributeError(name)
        return getattr(self._environment, name)


@dataclass(frozen=True)
class EpisodePart(Part):
    """Episodes by their seeds (`rows`), or a budget of steps; X makes an environment.

    `seed` is that of the first episode of `fit`; `most_steps` an episode may take where it is
    judged.
    """

    seed: int = 0
    most_steps: int = 1000


class EpisodeTask(Task):
    """A task on an environment: `fit` takes steps in it, and the policy that it found is judged.

    The size is a budget of steps inside the environment (at most ``extra["n_steps"]``). `fit` is
    given a `Budgeted` environment, and ``predict(observation)`` returns an action. It is judged,
    frozen, on `n_episodes` fresh episodes, of at most ``extra["most_steps"]`` steps each, whose
    seeds come from the outer seed alone; validation episodes likewise. Scored are ``"returns"``
    (sums of rewards), ``"lengths"`` and ``"terminated"``, one an episode. What is timed is the
    acting, the environment's steps included.
    """

    size_unit: ClassVar[str] = "environment steps"
    latencies: ClassVar[tuple[int, ...]] = ()
    n_episodes: ClassVar[int] = 20
    most_steps: ClassVar[int] = 1000
    """Of an episode that is judged, where the dataset does not say ``extra["most_steps"]``."""

    def protocol(self, shares: SplitProtocol) -> str:
        """Return how many episodes judge."""
        validation = self.n_episodes if shares.validation else 0
        return f"episodes(test={self.n_episodes}, validation={validation})"

    def splits(self, dataset: Dataset, protocol: SplitProtocol) -> Iterator[Split]:
        """Yield one for each pair of seeds: every one learns and is judged in fresh episodes."""
        n_steps = self._n_steps(dataset)
        for outer_seed in protocol.outer_seeds:
            for inner_seed in protocol.inner_seeds:
                yield Split(outer_seed, inner_seed, n_steps, overlap=0.0)

    def prepare(self, dataset: Dataset, protocol: SplitProtocol, cell: Cell) -> Parts:
        """Return a budget of steps, and episodes that judge.

        Raises
        ------
        DatasetError
            The budget is larger than the dataset's.
        """
        if not 1 <= cell.n_train <= self._n_steps(dataset):
            raise DatasetError(
                f"size {cell.n_train} is not between 1 and {self._n_steps(dataset)}, the largest "
                'number of steps (extra["n_steps"]).'
            )
        outer, inner = cell.outer_seed, cell.inner_seed
        most = int((dataset.extra or {}).get("most_steps", self.most_steps))
        seed = _seeds(1, "train", outer, inner, cell.repeat)[0]
        train = EpisodePart(dataset.X, None, range(cell.n_train), seed=seed, most_steps=most)
        test = self._episodes(dataset.X, self.n_episodes, most, "test", outer)
        validation = None
        if protocol.validation:
            validation = self._episodes(
                dataset.X, self.n_episodes, most, "validation", outer, inner
            )
        return Parts(train, validation, test)

    def divide(self, dataset: Dataset, train: Part, *, share: float, seed: int) -> Iterator[Parts]:
        """Yield divisions of the budget: fewer steps to learn in, the others to judge in.

        Raises
        ------
        DatasetError
            The budget is too small.
        """
        most: int = getattr(train, "most_steps", self.most_steps)
        n_judged = round(share * len(train))
        if not 0 < n_judged < len(train):
            raise DatasetError(f"{len(train)} steps are too few to hold some of them out")
        n_episodes = max(1, min(self.n_episodes, n_judged // most))
        for k in range(MOST_DIVISIONS):
            own = _seeds(1, "tuning", seed, k)[0]
            learned = replace(train, rows=range(len(train) - n_judged), seed=own)  # type: ignore[call-arg]
            cap = min(most, n_judged)
            judged = self._episodes(train.X, n_episodes, cap, "judged", seed, k)
            yield Parts(learned, None, judged)

    def questions(self, parts: Parts) -> Iterator[tuple[str, Part]]:
        """Yield the episodes; what was learned in is over."""
        yield "test", parts.test
        if parts.validation is not None:
            yield "validation", parts.validation

    def shorten(self, part: Part, n: int) -> Part:
        """Return fewer steps, or fewer episodes."""
        return part if n >= len(part) else self.subset(part, range(n))

    def fit(self, estimator: Any, parts: Parts, fit_params: Mapping[str, Any]) -> Any:
        """Have it learn inside an environment with a budget."""
        train = parts.train
        seed: int = getattr(train, "seed", 0)
        return estimator.fit(Budgeted(train.X(), len(train), seed), **fit_params)

    def ask(self, estimator: Any, part: Part) -> Any:
        """Have it act in each episode; return a row of return, length and `terminated` for each."""
        import numpy as np

        most: int = getattr(part, "most_steps", self.most_steps)
        environment = part.X()
        told = np.zeros((len(part), 3))
        for episode, seed in enumerate(part.rows):
            observation, _ = _reset(environment, int(seed), None)
            for _ in range(most):
                action = estimator.predict(observation)
                observation, reward, terminated, truncated, _ = environment.step(action)
                told[episode] += (reward, 1, terminated)
                if terminated or truncated:
                    break
        return told

    def read(self, answer: Any, part: Part, parts: Parts, estimator: Any) -> Output:
        """Read finite returns."""
        told = as_numbers(answer, "returns", (len(part), 3))
        offers = {"returns": told[:, 0], "lengths": told[:, 1], "terminated": told[:, 2]}
        return Output(told[:, 0], len(part), offers)

    def _n_steps(self, dataset: Dataset) -> int:
        n_steps = (dataset.extra or {}).get("n_steps")
        if not callable(dataset.X) or not isinstance(n_steps, int) or n_steps < 1:
            raise DatasetError(
                f"{self.name} needs X to be a class or a function that makes an environment, and "
                'extra["n_steps"], the largest number of steps that may be learned from.'
            )
        return n_steps

    def _episodes(self, make: Any, n: int, most: int, *drawn_from: Any) -> EpisodePart:
        return EpisodePart(make, None, _seeds(n, *drawn_from), most_steps=most)


def _reset(environment: Any, seed: int | None, options: Any) -> Any:
    more = {} if options is None else {"options": options}
    return environment.reset(seed=seed, **more)


def _seeds(n: int, *drawn_from: Any) -> list[int]:
    """Return seeds below 2**31 that are drawn from these values alone: a hash, whoever asks."""
    text = "/".join(map(str, drawn_from))
    digests = (hashlib.sha256(f"{text}/{k}".encode()).digest() for k in range(n))
    return [int.from_bytes(digest[:4]) >> 1 for digest in digests]
