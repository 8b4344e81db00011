"""What each dataset says of the two families: the parts that its verdict is put together from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.analysis.crossover import (
    BudgetSkill,
    CostCrossover,
    Crossover,
    cost_crossover,
    crossover,
    skill_for_budget,
)
from bench.analysis.decisions import REGION, Contrast, units_to_settle
from bench.analysis.evidence import Evidence
from bench.analysis.families import Represented, common_sizes, paired, too_informed
from bench.analysis.intervals import MIN_UNITS
from bench.analysis.merits import Merit
from bench.analysis.prices import Price, prices
from bench.analysis.sides import FAMILIES
from bench.spec.metrics import equal_within

Array = NDArray[np.float64]

_OWN = ("figure", "value")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One dataset's part of the evidence, at the largest common size.

    Parameters
    ----------
    name, task, metric, merit
        Of the dataset; its primary metric, and what that is.
    facts
        Its row of `bench.analysis.evidence.Evidence.problems`.
    size
        The largest common size; None where the families share none.
    largest
        The largest size that any candidate has; None without any.
    gains
        Deep minus classical in skill by metric, one per outer seed that both have (n_units,); NaN
        where both failed, for that makes nobody equal. Without skill the primary metric's alone, in
        its own unit, turned so that more is better.
    value_gain
        The same in the primary metric itself, as it is.
    span
        Of the primary metric: mean size of ideal less baseline.
    better
        The better family's mean of the primary metric; NaN without one.
    price
        By family.
    shares
        How many outer seeds each candidate represents its family in, by family and name.
    candidates
        How many candidates each family has there, or at `largest` where there is no common size.
    failed
        In how many outer seeds there no candidate ended well, by family (``"both"`` where both
        failed, and then not counted for either); those that never failed are absent.
    present
        Families with a candidate at any size.
    n_trials
        Of all of these.
    n_validation
        Most validation rows that a choice among several was made by; NaN without such.
    lacking
        Candidates that some outer seed misses.
    unchosen
        Families with several candidates and no validation score to choose by, at some size.
    curves
        Rows of `bench.analysis.families.Represented.frame` at all sizes.
    """

    name: str
    task: str
    metric: str
    merit: Merit
    facts: Mapping[str, Any]
    size: int | None
    largest: int | None
    gains: Mapping[str, Array]
    value_gain: Array
    span: float
    better: float
    price: Mapping[str, Price]
    shares: Mapping[str, Mapping[str, float]]
    candidates: Mapping[str, int]
    failed: Mapping[str, int]
    present: tuple[str, ...]
    n_trials: int
    n_validation: float
    lacking: tuple[str, ...]
    unchosen: tuple[str, ...]
    curves: pd.DataFrame

    @property
    def has_skill(self) -> bool:
        """Whether gains are of skill; else they are of the primary metric."""
        return self.merit.ideal is not None

    def region(self, of_skill: float) -> float | None:
        """Return the half width of what is practically equal, in the unit of `gains`.

        None where the gains are of a metric that does not say it.
        """
        if self.has_skill:
            return of_skill
        return None if np.isnan(self.better) else equal_within(self.merit.region, self.better, None)

    @property
    def size_unit(self) -> str:
        """What sizes count."""
        return str(self.facts["size_unit"])


def make_cases(evidence: Evidence, represented: Represented) -> list[Case]:
    """Return a case per dataset, by name.

    Parameters
    ----------
    evidence
        From `bench.analysis.evidence.read_evidence`.
    represented
        What `bench.analysis.families.represent` made of it.
    """
    # Everything is grouped once for all datasets: there may be hundreds.
    points = evidence.points.assign(share=represented.shares)
    frame = represented.frame
    size = common_sizes(frame)
    is_here = (frame["n_train"] == frame["problem"].map(size)).to_numpy()
    here = frame.loc[is_here]
    largest = points.groupby("problem")["n_train"].max()
    # Without a common size candidates are counted at the largest that there is.
    at = size.reindex(largest.index).fillna(largest)
    rivals = points.loc[points["n_train"] == points["problem"].map(at)]
    differences = _differences(here, represented.others.loc[is_here])
    spans = here.groupby("problem")["span"].mean()
    means = here.groupby(["problem", "family"])["value"].mean().unstack()
    failed = _failures(here)
    several = here.loc[here["n_present"] > 1].groupby("problem")["n_validation"].max()
    price = prices(here, rivals)
    shares = _shares(rivals, evidence.contenders["name"].astype(str).to_numpy())
    counts = rivals.groupby(["problem", "family"])["contender"].nunique().to_dict()
    n_trials = rivals.groupby("problem")["n_trials"].sum()
    present = points.groupby("problem")["family"].unique()
    lacking = _lacking(rivals, evidence.contenders["name"].astype(str).to_numpy())
    blind = represented.unchosen.groupby("problem")["family"].unique()
    curves: dict[Any, pd.DataFrame] = dict(iter(frame.groupby("problem")))
    found = []
    ordered = evidence.problems.sort_values(["name", "task"])
    for number, record in zip(ordered.index.tolist(), ordered.to_dict("records"), strict=True):
        row = {str(name): fact for name, fact in record.items()}
        metric = str(row["metric"])
        own = differences.get(number, {})
        sign, has_skill = float(row["sign"]), not np.isnan(row["ideal"])
        gains = {
            name: figures
            for name, figures in own.items()
            if name not in _OWN and has_skill and not np.isnan(figures).all()
        }
        found.append(
            Case(
                name=str(row["name"]),
                task=str(row["task"]),
                metric=metric,
                merit=evidence.merits[metric],
                facts=row,
                size=_whole(size.get(number)),
                largest=_whole(largest.get(number)),
                gains={metric: own.get("figure", np.empty(0)), **gains},
                value_gain=own.get("value", np.empty(0)),
                span=float(spans.get(number, np.nan)),
                better=sign * float((sign * means).max(axis="columns").get(number, np.nan)),
                price=price.get(number, {}),
                shares=shares.get(number, {}),
                candidates={family: int(counts.get((number, family), 0)) for family in FAMILIES},
                failed=failed.get(number, {}),
                present=tuple(present.get(number, ())),
                n_trials=int(n_trials.get(number, 0)),
                n_validation=float(several.get(number, np.nan)),
                lacking=tuple(lacking.get(number, ())),
                unchosen=tuple(blind.get(number, ())),
                curves=curves.get(number, frame.iloc[:0]),
            )
        )
    return found


def _failures(here: pd.DataFrame) -> dict[int, dict[str, int]]:
    """Return by problem in how many outer seeds each family failed alone, and both together."""
    wide = here.pivot(index=["problem", "outer_seed"], columns="family", values="failed")
    wide = wide.reindex(columns=list(FAMILIES)).dropna() >= 1
    both = wide.all(axis="columns")
    counts = wide.mask(both, False).assign(both=both).groupby(level="problem").sum()
    return {
        int(str(number)): {str(name): int(n) for name, n in row.items() if n}
        for number, row in counts.iterrows()
    }


def _differences(here: pd.DataFrame, others: pd.DataFrame) -> dict[int, dict[str, Array]]:
    """Return deep minus classical of every figure, by problem, over outer seeds that both have."""
    unit = [here["problem"], here["outer_seed"]]
    figures = pd.concat([here[list(_OWN)], others], axis="columns").set_index(unit)
    is_deep = (here["family"] == "deep").to_numpy()
    classical, deep = figures.loc[~is_deep], figures.loc[is_deep]
    both = deep.index.intersection(classical.index).sort_values()
    apart = deep.loc[both].to_numpy() - classical.loc[both].to_numpy()
    failed = pd.Series((here["failed"] >= 1).to_numpy(), figures.index)
    apart[(failed[is_deep].loc[both] & failed[~is_deep].loc[both]).to_numpy()] = np.nan
    problems, starts = np.unique(both.get_level_values("problem"), return_index=True)
    parts = np.split(apart, starts[1:])
    return {
        int(number): dict(zip(figures.columns, part.T, strict=True))
        for number, part in zip(problems, parts, strict=False)
    }


def _shares(rivals: pd.DataFrame, names: NDArray[Any]) -> dict[int, dict[str, dict[str, float]]]:
    found: dict[int, dict[str, dict[str, float]]] = {}
    sums = rivals.groupby(["problem", "family", "contender"])["share"].sum().reset_index()
    for number, family, contender, share in sums.itertuples(index=False):
        found.setdefault(number, {}).setdefault(family, {})[str(names[contender])] = float(share)
    return found


def _lacking(rivals: pd.DataFrame, names: NDArray[Any]) -> dict[int, list[str]]:
    """Return by problem the candidates that some outer seed misses."""
    held = rivals.groupby(["problem", "contender"])["outer_seed"].nunique()
    wanted = rivals.groupby("problem")["outer_seed"].nunique()
    short = held < wanted.reindex(held.index.get_level_values("problem")).to_numpy()
    found: dict[int, list[str]] = {}
    for number, contender in held.index[short]:
        found.setdefault(number, []).append(names[contender])
    return found


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def crossovers(case: Case) -> tuple[Crossover | None, CostCrossover | None]:
    """Return where deep overtakes classical, and where it becomes cheaper."""
    figure, seconds = paired(case.curves, "figure"), paired(case.curves, "warm_seconds")
    failed = paired(case.curves, "failed")
    both_failed = (failed["classical"] >= 1) & (failed["deep"] >= 1)
    sizes = [int(n) for n in figure["deep"].columns]
    if len(sizes) < 2:
        return None, None
    found = crossover(
        sizes,
        figure["classical"].mask(both_failed).to_numpy(),
        figure["deep"].mask(both_failed).to_numpy(),
        overlap=case.facts["overlap"],
        limits=(-1.0, 1.0) if case.has_skill else (-np.inf, np.inf),
    )
    if seconds["deep"].isna().all(axis=None) or seconds["classical"].isna().all(axis=None):
        return found, None
    cheaper = cost_crossover(sizes, seconds["classical"].to_numpy(), seconds["deep"].to_numpy())
    return found, cheaper


def budgets(case: Case) -> dict[str, tuple[BudgetSkill, ...]]:
    """Return by family the skill that a fit of so many seconds buys; nothing without skill.

    The budgets are powers of ten between the least and the most that a fit took of either family;
    seconds are the representative's, warm.
    """
    if not case.has_skill:
        return {}
    skill, seconds = paired(case.curves, "figure"), paired(case.curves, "warm_seconds")
    sizes = [int(n) for n in skill["deep"].columns]
    known = np.concatenate([seconds[family].to_numpy().ravel() for family in FAMILIES])
    known = known[known > 0]
    if len(sizes) < 2 or not len(known):
        return {}
    powers = range(int(np.ceil(np.log10(known.min()))), int(np.floor(np.log10(known.max()))) + 1)
    return {
        family: skill_for_budget(
            sizes,
            skill[family].to_numpy(),
            seconds[family].to_numpy(),
            [10.0**power for power in powers],
            overlap=case.facts["overlap"],
        )
        for family in FAMILIES
    }


def winners(cases: Sequence[Case]) -> dict[str, str]:
    """Return by family the candidate that most often represents it; of equals, the first."""
    times: dict[str, dict[str, float]] = {family: {} for family in FAMILIES}
    for case in cases:
        for family, shares in case.shares.items():
            for name, share in shares.items():
                times[family][name] = times[family].get(name, 0.0) + share
    return {
        family: max(sorted(found), key=lambda name: round(found[name], 9))
        for family, found in times.items()
        if any(found.values())
    }


def gaps(case: Case, contrast: Contrast, region: float | None = REGION) -> list[tuple[str, int]]:
    """Return what to run for a verdict, each with its number of trials.

    Parameters
    ----------
    case, contrast
        The dataset, and its contrast on the primary metric.
    region
        Half width of the region of practical equivalence, in the unit of the gains; None: unknown.
    """
    seeds = max(MIN_UNITS, int(case.facts["n_seeds"]))
    largest = "" if case.largest is None else f" at {case.largest:,} {case.size_unit}"
    found = [
        (f"{family} models (none was measured): {seeds} outer seeds{largest}", seeds)
        for family in FAMILIES
        if family not in case.present
    ]
    if not case.facts["yardstick"] and not np.isnan(case.facts["ideal"]):
        text = f'a baseline, the zero of skill (name = "dummy"): {seeds} outer seeds{largest}'
        found.append((text, seeds))
    if found:
        return found
    if case.unchosen and contrast.n_units < MIN_UNITS:
        who = " and ".join(case.unchosen)
        text = f"the {who} candidates with a validation part, to choose among them by"
        return [(text, case.n_trials)]
    if case.size is None:
        return [(f"both families at one size: {seeds} outer seeds{largest}", seeds)]
    if case.failed.get("both") and not contrast.n_units:
        text = f"all candidates of both families failed{largest}: mend them, or raise the limits"
        return [(text, case.n_trials)]
    # All contenders at one more seed, the baseline included.
    each = int(np.ceil(case.n_trials / max(1, contrast.n_units))) + 1
    kind = "inner seed" if case.facts["by_inner"] else "outer seed"
    where = f"of all contenders at {case.size:,} {case.size_unit}"
    if contrast.n_units < MIN_UNITS:
        more = MIN_UNITS - contrast.n_units
        # The tables do not say whether the test part is official, which allows one outer seed.
        hint = " (inner seeds, if its test part is official)" if case.facts["n_seeds"] == 1 else ""
        return [(f"{more} more {_seeds(kind, more)} {where}{hint}", more * each)]
    if contrast.decision == "undecided":
        wanted = units_to_settle(contrast, case.facts["overlap"], region)
        if wanted is not None:
            more = wanted - contrast.n_units
            return [(f"about {more} more {_seeds(kind, more)} {where}", more * each)]
    return []


def _seeds(kind: str, n: int) -> str:
    return kind if n == 1 else f"{kind}s"


def notes(case: Case) -> list[str]:
    """Return what is to be said beside the verdict on a dataset."""
    said = []
    for who, n in case.failed.items():
        if who == "both":
            said.append(
                f"no candidate of either family ended well in {n} seeds: these are left out"
            )
        else:
            said.append(
                f"no {who} candidate ended well in {n} seeds: these count as the baseline's score"
            )
    counts = case.candidates
    if len(set(counts.values())) > 1 and all(counts.values()):
        numbers = " and ".join(f"{n} {family}" for family, n in counts.items())
        said.append(f"unequal numbers of candidates: {numbers}")
    seen = case.n_validation
    if case.size is not None and not np.isnan(seen) and too_informed(seen, case.size):
        said.append(
            f"chosen on a validation part of {seen:.0f}, more than a ninth of the {case.size:,} "
            f"training {case.size_unit}"
        )
    if case.size is not None and case.lacking:
        said.append(f"not measured at every outer seed: {', '.join(case.lacking)}")
    if case.facts["pretrained"]:
        said.append(f"pretrained, and outside the contrast: {case.facts['pretrained']}")
    if case.facts["by_inner"]:
        said.append("one official test part: it speaks of this part, over inner seeds")
    if case.facts["n_environments"] > 1:
        said.append("measured on several machines; costs are those of the one with most trials")
    if not case.facts["overlap_known"]:
        said.append("the share of the test part is unknown: intervals may be too narrow")
    return said
