"""The leaderboard of a task: a line per contender, and what all of them stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.analysis.distinctions import Distinctions
from bench.analysis.failures import Failures
from bench.analysis.intervals import MIN_UNITS, Interval
from bench.analysis.sizes import Size
from bench.analysis.timing import Times
from bench.spec.outcome import FAILED


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One contender's line.

    Parameters
    ----------
    name, model, family
        How it is shown, what it is, and on which of `bench.analysis.sides.SIDES` it stands.
    tuning
        "default", or "tuned": its parameters were chosen on the training rows, in training time.
    n_candidates
        How many sets of parameters it may choose from; 1 where it is not tuned.
    place
        1 for the best; ties share a place. None: outside the ranking (a baseline, a control, or a
        contender that misses what the ranked ones have).
    skill, skill_interval
        Mean over datasets of the mean over outer seeds, failures counted as the board's rule says.
        For a ranked contender over the units that all ranked ones have, else over its own.
    value, value_interval
        Without skill, on a single dataset: mean of the metric over outer seeds, likewise. None
        elsewhere, for values of several datasets have no mean.
    complete_skill
        The same as skill over trials that did not fail; None where nothing failed.
    rank, rank_interval
        Mean over datasets of the rank among ranked contenders.
    worst_rank
        The same with failed trials in the worst place; None where nothing failed.
    elo, elo_interval
        From who beats whom on how many datasets, mean 1000 (`bench.analysis.elo`); the interval is
        over datasets, and None for few of them.
    win_rate
        Share of the other ranked contenders that it beats, ties as half: mean over datasets. None
        for one who has no rival.
    improvability
        How much less the best contender's error is, as a share of this one's: mean over datasets; 0
        for one who is best on all (Erickson et al. 2025, "TabArena"). The error is 1 - skill, of
        which the baseline cancels. None without skill.
    n_datasets
        Datasets behind `skill`.
    n_datasets_measured
        Datasets with at least one value at the sizes looked at.
    n_units, n_units_missing
        Dataset x outer seed: those it has, and those that another contender has and it has not.
    n_trials, statuses
        All trials of the task, at whatever size, and how many ended how.
    n_failed_ranked
        Failed trials at the sizes looked at.
    times
        One per environment.
    """

    name: str
    model: str
    family: str
    tuning: str = "default"
    n_candidates: int = 1
    place: int | None = None
    skill: float | None = None
    skill_interval: Interval | None = None
    value: float | None = None
    value_interval: Interval | None = None
    complete_skill: float | None = None
    rank: float | None = None
    rank_interval: Interval | None = None
    worst_rank: float | None = None
    elo: float | None = None
    elo_interval: Interval | None = None
    win_rate: float | None = None
    improvability: float | None = None
    n_datasets: int = 0
    n_datasets_measured: int = 0
    n_units: int = 0
    n_units_missing: int = 0
    n_trials: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    n_failed_ranked: int = 0
    times: tuple[Times, ...] = ()

    @property
    def n_failed(self) -> int:
        """How many of its trials failed."""
        return sum(self.statuses.get(status, 0) for status in FAILED)


@dataclass(frozen=True, kw_only=True)
class Board:
    """The leaderboard of one task.

    Parameters
    ----------
    task
        Its name.
    metrics
        Names of the primary metrics of its datasets, each once.
    by_skill
        False where no dataset has skill, for want of a baseline or of an ideal value of its metric:
        then contenders stand by mean rank alone.
    unit
        Of the metric, where there is one metric; empty: it has none.
    size_unit
        What sizes count.
    failures, size
        The rules that were asked for.
    datasets
        All datasets of the task.
    ranked_on
        Those that the ranking compares on.
    sizes
        Smallest and largest number of training rows looked at, by dataset.
    n_seeds
        Fewest and most outer seeds that ranked contenders share in a dataset.
    without_baseline
        Datasets left out because nothing gives their skill a zero.
    without_ideal
        Datasets of which the metric has no ideal value; left out where others have skill.
    standings
        Ranked contenders first, then the others by skill, then controls, then baselines.
    candidates
        Number of contenders with at least one trial that was not skipped, by family; no baselines
        and no controls.
    comparison
        Which of the ranked contenders can be told apart. None for fewer than two, and without
        skill, for differences of metrics of several datasets have no common scale.
    """

    task: str
    metrics: tuple[str, ...]
    unit: str = ""
    size_unit: str = "rows"
    by_skill: bool
    failures: Failures
    size: Size
    datasets: tuple[str, ...]
    ranked_on: tuple[str, ...]
    sizes: Mapping[str, tuple[int, int]]
    n_seeds: tuple[int, int]
    without_baseline: tuple[str, ...]
    without_ideal: tuple[str, ...] = ()
    standings: tuple[Standing, ...]
    candidates: Mapping[str, int]
    comparison: Distinctions | None = None

    @property
    def has_no_ideal(self) -> bool:
        """Whether it has no skill for want of ideals, and not of baselines."""
        return not self.by_skill and bool(self.without_ideal)

    @property
    def enough_seeds(self) -> bool:
        """Whether every ranked dataset has enough outer seeds for an interval."""
        return self.n_seeds[0] >= MIN_UNITS

    @property
    def environments(self) -> tuple[str, ...]:
        """Environments whose times it holds."""
        found = {times.environment_id for line in self.standings for times in line.times}
        return tuple(sorted(found))
