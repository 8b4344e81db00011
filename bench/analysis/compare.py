"""Two runs of the same trials, before and after a change: what differs by more than noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bench.analysis.intervals import Interval
from bench.analysis.pairs import Ending, Pairing, Side, differing_facts, marked, pair
from bench.analysis.sides import UNRANKED
from bench.analysis.significance import (
    ROPE,
    Difference,
    benjamini_hochberg,
    corrected_t,
)
from bench.analysis.sizes import chosen_sizes
from bench.analysis.timing import CALIBRATION, Noise, timing_noise
from bench.spec.metrics import equal_within

LEAST_NOISE = 0.05
"""Of time: a smaller change is never called one, however calm the sentinels were."""
FALSE_DISCOVERY_RATE = 0.05

Measure = Literal["score", "fit_seconds", "predict_seconds"]
Scope = Literal["largest", "mean"]
Scale = Literal["skill", "metric", "ratio"]
Decision = Literal["worse", "better", "equal", "identical", "undecided", "not-measured"]

DECISIONS: tuple[Decision, ...] = (
    *("worse", "better", "undecided", "equal", "identical", "not-measured"),
)
TIMES: tuple[Measure, ...] = ("fit_seconds", "predict_seconds")


@dataclass(frozen=True, kw_only=True)
class CurveChange:
    """One learning curve (a model on a dataset) in both runs, by one measure.

    Parameters
    ----------
    measure
        ``"score"``: the primary metric on the test part; else a column of seconds.
    metric, unit
        The primary metric, and the unit of its values; empty: it has none.
    scope
        At the ``"largest"`` size that the outer seeds share, or the ``"mean"`` over all sizes.
    sizes
        Smallest and largest training size that entered, in `size_unit`.
    n_units, n_pairs
        Outer seeds, and pairs of trials, behind it.
    base, head
        Mean of the metric, or geometric mean of seconds.
    effect, scale
        Head against base, mean over outer seeds: a difference of ``"skill"``, or of the
        ``"metric"`` where there is none, for want of a baseline or of an ideal value (both positive
        where head is better), or a ``"ratio"`` of seconds (above 1 where head is slower).
    interval
        Of the effect, at the level `bench.analysis.intervals.LEVEL`; None below
        `bench.analysis.intervals.MIN_UNITS` outer seeds.
    margin
        The region of practical equivalence, of skill or as the metric says it, or the noise of
        timing as a share (ratio); None where there is none.
    p, adjusted_p
        Of the hypothesis that nothing changed (score), or not by more than noise (seconds), and
        the same after Benjamini-Hochberg; None where not tested.
    decision
        ``"worse"`` and ``"better"``: `adjusted_p` is at most `FALSE_DISCOVERY_RATE` and the effect
        is beyond the margin. ``"identical"``: every pair is, to the last bit. ``"equal"``: the
        interval lies within the margin. ``"not-measured"``: too few outer seeds, or no noise of
        timing was recorded. ``"undecided"``: none of these.
    """

    measure: Measure
    task: str
    dataset: str
    model: str
    metric: str
    unit: str
    scope: Scope
    sizes: tuple[int, int]
    size_unit: str
    n_units: int
    n_pairs: int
    base: float
    head: float
    effect: float
    scale: Scale
    interval: Interval | None
    margin: float | None
    p: float | None
    adjusted_p: float | None
    decision: Decision


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What changed from one run to another.

    Parameters
    ----------
    changes
        Every learning curve by every measure, in the order of `DECISIONS`.
    endings
        Trials without a counterpart, or that ended otherwise; newly failing ones first.
    region
        Of practical equivalence, in skill.
    n_base, n_head, n_pairs
        Trials of either run, and how many have a counterpart.
    n_superseded
        Trials left out for being older than another of the same names, in the same run.
    n_elsewhere
        Pairs of which the times are not compared, being of different environments.
    differing_facts
        What differs between the environments: columns of their table, with both values.
    noise
        Of timing, sentinels of both runs together, per environment.
    drift
        By environment, how much slower the calibration load was in head than in base (1: equally
        fast); it is added to the noise.
    changed_versions, changed_parameters
        Models with another version, or other parameters, in head.
    changed_baselines
        Datasets on which a baseline scored otherwise in head; skill is measured from the mean.
    changed_data
        Datasets of which the content is different in head: their trials are not compared.
    changed_tasks, changed_metrics
        Tasks, and metrics that lead, that are of another version in head, each with both versions:
        their trials are not compared either.
    unknown_tasks
        Tasks of which the tables do not say what leads; they are left out.
    """

    changes: tuple[CurveChange, ...]
    endings: tuple[Ending, ...]
    region: float
    n_base: int
    n_head: int
    n_pairs: int
    n_superseded: int
    n_elsewhere: int
    differing_facts: tuple[str, ...]
    noise: tuple[Noise, ...]
    drift: Mapping[str, float]
    changed_versions: tuple[str, ...]
    changed_parameters: tuple[str, ...]
    changed_baselines: tuple[str, ...]
    changed_data: tuple[str, ...]
    changed_tasks: tuple[str, ...]
    changed_metrics: tuple[str, ...]
    unknown_tasks: tuple[str, ...]

    @property
    def has_regression(self) -> bool:
        """Whether a score or a time is worse, or a trial newly fails."""
        return any(change.decision == "worse" for change in self.changes) or any(
            ending.kind == "newly failing" for ending in self.endings
        )

    @property
    def has_missing(self) -> bool:
        """Whether a trial of base has no counterpart, or its data are not the same."""
        changed = self.changed_data or self.changed_tasks or self.changed_metrics
        return bool(changed) or any(ending.kind == "missing" for ending in self.endings)


def compare(base: Side, head: Side, *, region: float = ROPE) -> Comparison:
    """Compare two runs, paired by trial: same dataset, model, split, size, device and cores.

    Trials pair by identity and, what is left, by the labels of model and dataset: versions and
    parameters may differ. Each learning curve is tested twice, at its largest size and on the mean
    over its sizes, by a paired t test over outer seeds (inner splits and repeats averaged first).
    Scores: on differences of skill, with the variance of Nadeau and Bengio ("Inference for the
    generalization error", Machine Learning 52, 2003), against no difference. Seconds: on logarithms
    of ratios, against a ratio within the recorded noise. The false discovery rate is held at
    `FALSE_DISCOVERY_RATE` over all tests of scores, and over all tests of times (Benjamini and
    Hochberg, "Controlling the false discovery rate", JRSS B 57, 1995). A curve of identical scores
    is not tested: the same work with the same seeds gives the same, to the last bit. Baselines, the
    yardstick of the others, and controls are not compared.

    Parameters
    ----------
    base, head
        Before, and after.
    region
        Of practical equivalence, in skill.

    Raises
    ------
    ResultsError
        No trial of head has a counterpart in base.
    """
    base, head = marked(base, "base"), marked(head, "head")
    paired = pair(base, head)
    noise = timing_noise(
        pa.concat_tables([base.measures, head.measures]),
        pa.concat_tables([base.trials, head.trials]),
    )
    drift = _drift(base, head)
    pairs = paired.pairs
    is_rival = ~pairs["family_head"].isin(UNRANKED)
    is_yardstick = pairs["family_head"] == "baseline"
    is_here = pairs["environment_id_base"] == pairs["environment_id_head"]
    changes = _score_changes(pairs.loc[is_rival], paired, region)
    changes += _time_changes(pairs.loc[is_rival & is_here], paired, noise, drift)
    moved = is_yardstick & pairs["value_base"].notna() & pairs["value_head"].notna()
    moved &= pairs["value_base"] != pairs["value_head"]
    return Comparison(
        changes=tuple(sorted(changes, key=_order)),
        endings=paired.endings,
        region=region,
        n_base=paired.n_base,
        n_head=paired.n_head,
        n_pairs=len(pairs),
        n_superseded=paired.n_superseded,
        n_elsewhere=int((~is_here).sum()),
        differing_facts=differing_facts(base, head) if not is_here.all() else (),
        noise=noise,
        drift=drift,
        changed_versions=_changed(paired, ["model_version", "plugin_version"]),
        changed_parameters=_changed(paired, ["params", "search"]),
        changed_baselines=tuple(sorted(set(pairs.loc[moved, "dataset_label"]))),
        changed_data=paired.changed_data,
        changed_tasks=paired.changed_tasks,
        changed_metrics=paired.changed_metrics,
        unknown_tasks=paired.unknown_tasks,
    )


def _order(change: CurveChange) -> tuple[int, str, float, str, str, str, str]:
    size = abs(np.log(change.effect)) if change.scale == "ratio" else abs(change.effect)
    return (
        DECISIONS.index(change.decision),
        "" if change.measure == "score" else change.measure,
        -size,
        change.task,
        change.dataset,
        change.model,
        change.scope,
    )


# --- scores ---


def _score_changes(pairs: pd.DataFrame, paired: Pairing, region: float) -> list[CurveChange]:
    both = pairs.loc[pairs["value_base"].notna() & pairs["value_head"].notna()]
    if both.empty:
        return []
    sign = both["metric_head"].map({name: one.sign for name, one in paired.merits.items()})
    difference = both["value_head"] - both["value_base"]
    both = both.assign(
        base=both["value_base"],
        head=both["value_head"],
        scaled=both["skill_base"].notna() & both["skill_head"].notna(),
    )
    # A curve has one scale: without skill somewhere, that of its metric.
    scaled = both.groupby("curve")["scaled"].all()
    both["figure"] = (both["skill_head"] - both["skill_base"]).where(
        both["curve"].map(scaled), sign * difference
    )
    is_moved = (difference != 0).groupby(both["curve"]).any()
    regions = _regions(both, paired).mask(scaled, region)
    # Where there is no region, the last digits of a sum are still no difference.
    last_digits = 1e-9 * both[["base", "head"]].abs().max(axis=1).groupby(both["curve"]).max()
    tests = _tests(both, resampled=True, margins=regions.fillna(last_digits))
    tests["region"] = tests["curve"].map(regions)
    tests["identical"] = ~tests["curve"].map(is_moved)
    tests["p"] = [
        np.nan if identical or found is None else found.p_value
        for identical, found in zip(tests["identical"], tests["found"], strict=True)
    ]
    tests["adjusted"] = benjamini_hochberg(tests["p"].to_numpy(dtype=np.float64))
    return [
        _change(row, paired, "score", "skill" if scaled[row["curve"]] else "metric")
        for row in tests.to_dict("records")
    ]


def _regions(both: pd.DataFrame, paired: Pairing) -> pd.Series[float]:
    """Return by curve what its metric says is practically equal; NaN where it does not."""
    means = both.groupby("curve")[["base", "head"]].mean()
    found = {}
    for curve, base, head in means.itertuples():
        merit = paired.merits[str(paired.curves["metric"].iloc[curve])]
        better = merit.sign * max(merit.sign * base, merit.sign * head)
        found[curve] = equal_within(merit.region, better, merit.ideal)
    return pd.Series(found, dtype="float64")


# --- times ---


def _time_changes(
    pairs: pd.DataFrame, paired: Pairing, noise: Sequence[Noise], drift: Mapping[str, float]
) -> list[CurveChange]:
    margins = {one.environment_id: _margin(one, drift) for one in noise if one.spread is not None}
    parts = []
    for measure in TIMES:
        old, new = pairs[f"{measure}_base"], pairs[f"{measure}_head"]
        timed = pairs[["ok_base", "ok_head"]].eq(True).all(axis=1) & (old > 0) & (new > 0)
        both = pairs.loc[timed]
        if len(both):
            both = both.assign(base=np.log(old[timed]), head=np.log(new[timed]))
            both["figure"] = both["head"] - both["base"]
            # One environment a curve, as a rule; of several the noisiest is believed.
            known = both["environment_id_head"].map(margins).astype("float64")
            own = known.groupby(both["curve"]).max()
            parts.append(_tests(both, resampled=False, margins=own).assign(measure=measure))
    if not parts:
        return []
    tests = pd.concat(parts, ignore_index=True)
    # The hypothesis is not that nothing changed, but that noise explains it.
    tests["p"] = [
        np.nan
        if found is None or np.isnan(margin)
        else min(1.0, 2 * (1 - max(found.chances.better, found.chances.worse)))
        for found, margin in zip(tests["found"], tests["margin"], strict=True)
    ]
    tests["adjusted"] = benjamini_hochberg(tests["p"].to_numpy(dtype=np.float64))
    return [_change(row, paired, row["measure"], "ratio") for row in tests.to_dict("records")]


def _margin(noise: Noise, drift: Mapping[str, float]) -> float:
    """Return the logarithm of the largest ratio that noise explains."""
    spread = max(noise.spread or 0.0, noise.slot_spread or 0.0, LEAST_NOISE)
    return float(np.log1p(spread) + abs(np.log(drift.get(noise.environment_id, 1.0))))


def _drift(base: Side, head: Side) -> dict[str, float]:
    """Return head's calibration load over base's, where both ran on one and the same machine."""
    machines = {str(key) for side in (base, head) for key in side.trials["environment_id"].unique()}
    before, after = _calibration(base), _calibration(head)
    if before is None or after is None or len(machines) != 1:
        return {}
    return {machines.pop(): after / before}


def _calibration(side: Side) -> float | None:
    load = side.measures.filter(pc.equal(side.measures["probe"], CALIBRATION))
    seconds = [value for value in load["value"].to_pylist() if value and value > 0]
    return float(np.median(seconds)) if seconds else None


# --- both ---


def _tests(pairs: pd.DataFrame, *, resampled: bool, margins: pd.Series[float]) -> pd.DataFrame:
    """Return a paired test per curve and scope, of ``figure`` by outer seed.

    `resampled` corrects for units that share rows; `margins`, by curve, are the regions that an
    effect is to be beyond, NaN where that is not known.
    """
    keys = ["curve", "outer_seed", "n_train"]
    groups = pairs.groupby(keys)
    cells = groups[["figure", "base", "head"]].mean()
    cells["n_pairs"] = groups.size()
    cells = cells.reset_index()
    points = cells.rename(columns={"curve": "problem"}).assign(contender=0)
    largest = chosen_sizes(points[["problem", "contender", "outer_seed", "n_train"]], "common")
    at_largest = cells.merge(largest.rename(columns={"problem": "curve"}), on=keys)
    several = cells.groupby("curve")["n_train"].transform("nunique") > 1
    shared = pairs.drop_duplicates("curve").set_index("curve")["overlap_head"]
    parts = [
        _by_curve(part).assign(scope=scope)
        for scope, part in (("largest", at_largest), ("mean", cells.loc[several]))
        if len(part)
    ]
    tests = pd.concat(parts, ignore_index=True)
    tests["margin"] = tests["curve"].map(margins)
    found = [
        corrected_t(
            np.array(figures, dtype=np.float64),
            overlap if resampled else 0.0,
            rope=0.0 if np.isnan(margin) else margin,
        )
        for figures, overlap, margin in zip(
            tests["figures"], tests["curve"].map(shared), tests["margin"], strict=True
        )
    ]
    return tests.assign(found=pd.Series(found, dtype=object))


def _by_curve(cells: pd.DataFrame) -> pd.DataFrame:
    """Return a row per curve: the figure of each outer seed, and means over these."""
    units = cells.groupby(["curve", "outer_seed"])[["figure", "base", "head"]].mean()
    seeds = units.groupby(level="curve")
    whole = cells.groupby("curve")
    return pd.DataFrame(
        {
            "figures": seeds["figure"].agg(list),
            "effect": seeds["figure"].mean(),
            "base": seeds["base"].mean(),
            "head": seeds["head"].mean(),
            "n_units": seeds.size(),
            "n_pairs": whole["n_pairs"].sum(),
            "smallest": whole["n_train"].min(),
            "largest": whole["n_train"].max(),
        }
    ).reset_index()


def _change(row: Mapping[Any, Any], paired: Pairing, measure: Measure, scale: Scale) -> CurveChange:
    names = paired.curves.iloc[row["curve"]]
    found: Difference | None = row["found"]
    shown = (lambda value: float(np.exp(value))) if scale == "ratio" else float
    between = None
    if found is not None:
        between = Interval(shown(found.interval.low), shown(found.interval.high))
    margin = _number(row["margin" if scale == "ratio" else "region"])
    merit = paired.merits[str(names["metric"])]
    return CurveChange(
        measure=measure,
        task=str(names["task"]),
        dataset=str(names["dataset"]),
        model=str(names["model"]),
        metric=str(names["metric"]),
        unit=merit.unit,
        scope=row["scope"],
        sizes=(int(row["smallest"]), int(row["largest"])),
        size_unit=str(names["size_unit"]),
        n_units=int(row["n_units"]),
        n_pairs=int(row["n_pairs"]),
        base=shown(row["base"]),
        head=shown(row["head"]),
        effect=shown(row["effect"]),
        scale=scale,
        interval=between,
        margin=float(np.expm1(margin)) if margin is not None and scale == "ratio" else margin,
        p=_number(row["p"]),
        adjusted_p=_number(row["adjusted"]),
        decision=_decision(row, found, scale),
    )


def _decision(row: Mapping[Any, Any], found: Difference | None, scale: Scale) -> Decision:
    if row.get("identical") is True:
        return "identical"
    if found is None or np.isnan(row["margin"]):
        return "not-measured"
    if row["adjusted"] <= FALSE_DISCOVERY_RATE and abs(found.mean) > row["margin"]:
        # More seconds are worse, more of everything else is better.
        return "better" if (found.mean > 0) != (scale == "ratio") else "worse"
    has_region = scale == "ratio" or not np.isnan(row["region"])
    if has_region and max(-found.interval.low, found.interval.high) <= row["margin"]:
        return "equal"
    return "undecided"


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


# --- what else differs ---


def _changed(paired: Pairing, columns: Sequence[str]) -> tuple[str, ...]:
    pairs = paired.pairs
    differs = pd.Series(False, index=pairs.index)
    for column in columns:
        differs |= pairs[f"{column}_base"] != pairs[f"{column}_head"]
    return tuple(sorted(set(paired.curves.loc[pairs.loc[differs, "curve"], "model"])))
