"""What a contender costs: seconds per environment, and how much of a difference is noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

SENTINEL = "sentinel"
CALIBRATION = "calibration"


@dataclass(frozen=True)
class Times:
    """Seconds on one environment: the median over datasets of the medians over trials.

    A trial that ran into its time limit enters with that limit; `at_least` says that such a trial
    decides the figure of `warm_seconds` and `cold_seconds`, which are then lower bounds.

    Parameters
    ----------
    environment_id
        Whose times they are; those of different environments are never pooled.
    warm_seconds
        `fit` alone, on a warm process.
    cold_seconds
        Start of the backend, warm-up (with compilation) and fit.
    predict_seconds, latency_1_seconds
        The whole test part, and one row.
    n_trials
        How many trials are behind them.
    """

    environment_id: str
    warm_seconds: float | None
    cold_seconds: float | None
    predict_seconds: float | None
    latency_1_seconds: float | None
    at_least: bool
    n_trials: int


@dataclass(frozen=True)
class Noise:
    """How far apart two timings of the same work lie.

    Parameters
    ----------
    environment_id
        Where it was measured.
    spread
        Ninth decile of the relative difference between a sentinel's `fit` and the earlier `fit` of
        the same trial: 0.05 is 5 %. None without sentinels.
    n_sentinels
        How many trials were run again.
    slot_spread
        Largest over smallest median of the calibration load among slots, less one; None for fewer
        than two slots.
    """

    environment_id: str
    spread: float | None
    n_sentinels: int
    slot_spread: float | None


def contender_times(frame: pd.DataFrame) -> dict[int, tuple[Times, ...]]:
    """Return for each contender in the frame its times, one per environment.

    Parameters
    ----------
    frame
        Trials as in `bench.analysis.cells.Cells`, those that the ranking looks at.
    """
    late = frame["status"] == "timeout"
    rows = frame.loc[frame["ok"] | late].copy()
    late = late.loc[rows.index]
    for column in ("fit_seconds", "cold_seconds"):
        rows[column] = rows[column].where(~late, rows["limit_seconds"])
    rows["late"] = late.astype("float64")
    rows["environment_id"] = rows["environment_id"].astype(str)
    keys = ["contender", "environment_id"]
    figures = ["fit_seconds", "cold_seconds", "predict_seconds", "latency_1_seconds"]
    groups = rows.groupby([*keys, "problem", "n_train"], sort=True)
    cells = groups[figures].median()
    # At least half of the trials late: the limit, a lower bound, is what the median shows.
    bound = groups["late"].mean() >= 0.5
    cells["bound"] = cells["fit_seconds"].where(bound)
    medians = cells.groupby(level=keys)[figures].median()
    medians["bound"] = cells.groupby(level=keys)["bound"].min()
    medians["n"] = rows.groupby(keys).size()
    found: dict[int, list[Times]] = {}
    for row in medians.reset_index().to_dict("records"):
        times = Times(
            environment_id=str(row["environment_id"]),
            warm_seconds=_number(row["fit_seconds"]),
            cold_seconds=_number(row["cold_seconds"]),
            predict_seconds=_number(row["predict_seconds"]),
            latency_1_seconds=_number(row["latency_1_seconds"]),
            at_least=bool(row["fit_seconds"] >= row["bound"]),
            n_trials=int(row["n"]),
        )
        found.setdefault(int(row["contender"]), []).append(times)
    return {contender: tuple(times) for contender, times in found.items()}


def timing_noise(measures: pa.Table, trials: pa.Table) -> tuple[Noise, ...]:
    """Summarise sentinels (trials run again) and the calibration load, per environment.

    Parameters
    ----------
    measures, trials
        As in ``bench.load(...)``. A sentinel's row has probe ``sentinel``, name ``fit_seconds`` and
        the earlier trial's id; a calibration row has probe ``calibration`` and name ``slot-<i>``.
    """
    rows: pd.DataFrame = measures.filter(
        (pa.compute.field("probe") == SENTINEL) | (pa.compute.field("probe") == CALIBRATION)
    ).to_pandas()
    columns = ["run_id", "trial_id", "environment_id", "fit_seconds"]
    known: pd.DataFrame = trials.select(columns).to_pandas()
    again = rows.loc[(rows["probe"] == SENTINEL) & (rows["name"] == "fit_seconds")]
    again = again.merge(known, on=["run_id", "trial_id"], how="inner")
    again = again.loc[(again["value"] > 0) & (again["fit_seconds"] > 0)]
    again = again.assign(apart=np.abs(np.log(again["value"] / again["fit_seconds"])))
    # The calibration load belongs to a run, not to a trial: a run's machine is its trials' one.
    machine = known.dropna(subset=["environment_id"]).drop_duplicates("run_id", keep="last")
    slots = rows.loc[rows["probe"] == CALIBRATION].merge(
        machine[["run_id", "environment_id"]], on="run_id", how="inner"
    )
    found = []
    environments = sorted(
        {*again["environment_id"].astype(str), *slots["environment_id"].astype(str)}
    )
    for environment in environments:
        apart = again.loc[again["environment_id"].astype(str) == environment, "apart"]
        own = slots.loc[slots["environment_id"].astype(str) == environment]
        medians = own.groupby(["run_id", "name"])["value"].median()
        ratios = [
            group.max() / group.min() - 1
            for _, group in medians.groupby(level="run_id")
            if len(group) > 1 and group.min() > 0
        ]
        found.append(
            Noise(
                environment_id=environment,
                spread=float(np.expm1(apart.quantile(0.9))) if len(apart) else None,
                n_sentinels=len(apart),
                slot_spread=float(max(ratios)) if ratios else None,
            )
        )
    return tuple(found)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
