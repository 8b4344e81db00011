"""What verdicts rest on: a point per candidate, dataset, seed and size, with its price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bench.analysis.cells import Cells, skills
from bench.analysis.merits import Merit
from bench.analysis.points import POINT, make_points
from bench.analysis.sides import FAMILIES
from bench.analysis.significance import held_out_share
from bench.results.schema import SCHEMAS

COSTS = ("warm_seconds", "cold_seconds", "latency_seconds", "memory_bytes", "n_parameters")
_MEASURED = ["n_validation", "peak_anon_bytes", "n_parameters"]


@dataclass(frozen=True, eq=False)
class Evidence:
    """The two families' candidates at every point, what they scored and what they cost.

    Parameters
    ----------
    points
        A row per ``problem, contender, outer_seed, n_train`` of a candidate (no baseline, no
        control, nothing pretrained) that ended well or failed; what was skipped is absent.
        ``family``; ``figure`` (what families are compared by: skill on the test part, or where the
        metric has no ideal the metric itself, turned so that more is better; a failed trial counts
        as the baseline, NaN without one); ``value`` (the metric itself); ``span`` (ideal less
        baseline, as a size); ``validation`` (primary metric on the validation part, turned
        likewise; NaN where there is none); ``n_validation`` (its units); ``failed`` (share of its
        trials that failed); ``late`` (share that ran into the time limit); `COSTS` (medians, NaN
        where not measured); and ``n_trials``.
    others
        Skill by every other metric that has an ideal, a column each, rows as in `points`.
    problems, contenders, merits
        As in `bench.analysis.cells.Cells`; of problems ``overlap`` is filled in from the protocol
        where trials do not say it, 0 where that does not either; added are ``overlap_known``
        (whether one of them does), ``environment_id`` (where the costs are from: that of most of
        its trials), ``n_environments``, ``by_inner`` (whether its seeds are inner ones, for a
        dataset with one official test part), ``n_seeds``, ``suite`` and ``pretrained`` (names of
        contenders that are, with commas).
    """

    points: pd.DataFrame
    others: pd.DataFrame
    problems: pd.DataFrame
    contenders: pd.DataFrame
    merits: Mapping[str, Merit]


def read_evidence(
    cells: Cells,
    trials: pa.Table,
    scores: pa.Table | Iterable[pa.Table],
) -> Evidence:
    """Put together what verdicts need.

    Parameters
    ----------
    cells
        What `bench.analysis.cells.read_cells` made of the tables, perhaps narrowed; not empty.
    trials, scores
        As for `bench.analysis.cells.read_cells`.
    """
    cells, by_inner = _with_units(cells)
    problems = _described(cells, trials, by_inner)
    frame = cells.frame.reset_index(drop=True)
    codes = _Codes(trials)
    row = codes.of(frame["run_id"], frame["trial_id"])
    family = cells.contenders["family"].to_numpy()[frame["contender"].to_numpy()]
    frame["family"] = family
    frame = _with_costs(frame, trials, codes, row, problems)
    frame, other = _with_scores(frame, scores, codes, row, cells)
    return _gathered(cells, frame, other, problems)


def _with_units(cells: Cells) -> tuple[Cells, pd.Series[bool]]:
    """Let inner seeds stand for outer ones where an official test part leaves a single one."""
    groups = cells.frame.groupby("problem")[["outer_seed", "inner_seed"]].nunique()
    by_inner = (groups["outer_seed"] == 1) & (groups["inner_seed"] > 1)
    inner = cells.frame["problem"].map(by_inner).to_numpy(dtype=bool)
    frame = cells.frame
    unit = frame["outer_seed"].where(~inner, frame["inner_seed"])
    return replace(cells, frame=frame.assign(outer_seed=unit)), by_inner


def _described(cells: Cells, trials: pa.Table, by_inner: pd.Series[bool]) -> pd.DataFrame:
    present = sorted(set(cells.frame["problem"]))
    problems = cells.problems.loc[present].copy()
    problems["overlap_known"] = ~np.isnan(overlaps(problems, np.nan))
    problems["overlap"] = overlaps(problems)
    is_pretrained = cells.contenders["pretrained"].to_numpy()[cells.frame["contender"].to_numpy()]
    pretrained = cells.frame.loc[is_pretrained, ["problem", "contender"]].drop_duplicates()
    names = cells.contenders["name"].loc[pretrained["contender"]].set_axis(pretrained["problem"])
    problems["pretrained"] = [", ".join(sorted(names[names.index == at])) for at in present]
    problems["by_inner"] = by_inner.reindex(present).to_numpy()
    frame = cells.frame
    family = cells.contenders["family"].to_numpy()[frame["contender"].to_numpy()]
    where = frame.loc[np.isin(family, FAMILIES), ["problem", "environment_id"]]
    where = where.loc[where["environment_id"].notna()]
    counts = where.astype({"environment_id": str}).value_counts().rename("n").reset_index()
    counts = counts.sort_values(["problem", "n", "environment_id"], ascending=[True, False, True])
    most = counts.drop_duplicates("problem").set_index("problem")["environment_id"]
    problems["environment_id"] = most.reindex(present).to_numpy()
    machines = counts.groupby("problem").size().reindex(present).fillna(0)
    problems["n_environments"] = machines.to_numpy(dtype=np.int64)
    problems["n_seeds"] = frame.groupby("problem")["outer_seed"].nunique().loc[present].to_numpy()
    suites = sorted(set(trials["suite"].cast(pa.string()).drop_null().unique().to_pylist()))
    problems["suite"] = ", ".join(suites)
    return problems


def overlaps(problems: pd.DataFrame, unknown: float = 0.0) -> NDArray[np.float64]:
    """Return how much test parts of different seeds overlap: test units over all others.

    What trials do not say, their protocol does; where neither does it is `unknown`.
    """
    shares = [held_out_share(text) or 0.0 for text in problems["protocol"].astype(str)]
    told = np.array([share / (1 - share) if share else unknown for share in shares])
    said = problems["overlap"].to_numpy(dtype=np.float64)
    return np.where(np.isnan(said), told, said)


class _Codes:
    """Numbers the trials, so that tables are joined by whole numbers and not by long texts."""

    def __init__(self, trials: pa.Table) -> None:
        self.runs = trials["run_id"].cast(pa.string()).unique()
        self.ids = trials["trial_id"].cast(pa.string()).unique()

    def of(self, run_id: pd.Series[str], trial_id: pd.Series[str]) -> NDArray[np.int64]:
        return self.of_arrow(pa.array(run_id, pa.string()), pa.array(trial_id, pa.string()))

    def of_arrow(self, run_id: pa.Array, trial_id: pa.Array) -> NDArray[np.int64]:
        """Return a number per row, -1 where there is no such trial."""
        run = _found(run_id, self.runs)
        trial = _found(trial_id, self.ids)
        return np.where((run < 0) | (trial < 0), -1, run * len(self.ids) + trial)


def _found(texts: pa.Array, among: pa.Array) -> NDArray[np.int64]:
    found = pc.fill_null(pc.index_in(texts.cast(pa.string()), value_set=among), -1)
    numbers: NDArray[np.int64] = found.to_numpy().astype(np.int64)
    return numbers


def _with_costs(
    frame: pd.DataFrame,
    trials: pa.Table,
    codes: _Codes,
    row: NDArray[np.int64],
    problems: pd.DataFrame,
) -> pd.DataFrame:
    measured: pd.DataFrame = trials.select(_MEASURED).to_pandas().astype("float64")
    measured.index = pd.Index(codes.of_arrow(trials["run_id"], trials["trial_id"]))
    measured = measured.loc[~measured.index.duplicated(keep="last")].reindex(row)
    late = (frame["status"] == "timeout").to_numpy()
    # A time limit is what a late trial cost at least.
    limit = frame["limit_seconds"]
    frame["warm_seconds"] = frame["fit_seconds"].where(~late, limit)
    frame["cold_seconds"] = frame["cold_seconds"].where(~late, limit)
    frame["latency_seconds"] = frame["latency_1_seconds"]
    frame["memory_bytes"] = measured["peak_anon_bytes"].to_numpy()
    frame["n_parameters"] = measured["n_parameters"].to_numpy()
    frame["n_validation"] = measured["n_validation"].to_numpy()
    frame["late"] = late.astype(np.float64)
    own = frame["environment_id"].astype(str) == frame["problem"].map(problems["environment_id"])
    counts = own.to_numpy() & (frame["ok"].to_numpy() | late)
    for name in COSTS:
        frame[name] = frame[name].where(counts)
    return frame


def _with_scores(
    frame: pd.DataFrame,
    scores: pa.Table | Iterable[pa.Table],
    codes: _Codes,
    row: NDArray[np.int64],
    cells: Cells,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the primary metric on validation rows; return the other metrics on test rows beside."""
    problems = cells.problems.loc[sorted(set(frame["problem"]))]
    primaries = sorted(set(problems["metric"]))
    names = sorted({*primaries, *(name for name, one in cells.merits.items() if _has_scale(one))})
    own = pd.Index(names).get_indexer(cells.problems["metric"])[frame["problem"].to_numpy()]
    parts = [scores] if isinstance(scores, pa.Table) else scores
    leading = pa.array(primaries, pa.string())
    wanted = [whole_parts(part, leading) for part in parts]
    kept = pa.concat_tables(wanted or [SCHEMAS["scores"].empty_table()])
    kept = kept.filter(
        pc.is_in(kept["metric"].cast(pa.string()), value_set=pa.array(names, pa.string()))
    )
    at = _rows_of(codes.of_arrow(kept["run_id"], kept["trial_id"]), row)
    metric = _found(kept["metric"], pa.array(names, pa.string()))
    is_test = pc.equal(kept["part"].cast(pa.string()), "test").to_numpy()
    value = kept["value"].to_numpy()
    tested = (at >= 0) & is_test
    figures = np.full((len(frame), len(names)), np.nan)
    figures[at[tested], metric[tested]] = value[tested]
    figures[np.arange(len(frame)), own] = np.nan
    is_ok = frame["ok"].to_numpy()
    figures[~is_ok] = np.nan
    held_out = (at >= 0) & ~is_test & (metric == own[at])
    signs = np.array([cells.merits[name].sign for name in names])
    validation = np.full(len(frame), np.nan)
    validation[at[held_out]] = (value * signs[metric])[held_out]
    frame["validation"] = np.where(is_ok, validation, np.nan)
    others = pd.DataFrame(figures, columns=names, index=frame.index)
    return frame, others.dropna(axis="columns", how="all")


def _has_scale(merit: Merit) -> bool:
    """Whether it tells something beside the metric that leads: differences need a common scale."""
    return merit.ideal is not None


def whole_parts(scores: pa.Table, primaries: pa.Array) -> pa.Table:
    """Return scores of whole test parts, and by these metrics of whole validation parts."""
    part, metric = (scores[name].cast(pa.string()) for name in ("part", "metric"))
    chosen_by = pc.and_(pc.equal(part, "validation"), pc.is_in(metric, value_set=primaries))
    whole = pc.equal(pc.fill_null(scores["slice"].cast(pa.string()), ""), "")
    mask = pc.and_(pc.or_(chosen_by, pc.equal(part, "test")), whole)
    columns = ["run_id", "trial_id", "part", "slice", "metric", "value"]
    return scores.select(columns).filter(pc.and_(mask, pc.is_valid(scores["value"])))


def _rows_of(wanted: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each code stands first among the rows', -1 where it does not."""
    distinct, first = np.unique(row, return_index=True)
    near = np.minimum(np.searchsorted(distinct, wanted), len(distinct) - 1)
    return np.where(distinct[near] == wanted, first[near], -1)


def _gathered(
    cells: Cells,
    frame: pd.DataFrame,
    other: pd.DataFrame,
    problems: pd.DataFrame,
) -> Evidence:
    """Average trials to points, and leave behind what stands for no family."""
    ideal = frame["problem"].map(problems["ideal"])
    frame["span"] = (ideal - frame["baseline"]).abs()
    bases = _baselines(frame, other, problems, cells)
    for name in other:
        base = bases[name].to_numpy()
        ideals = np.full(len(frame), cells.merits[str(name)].ideal, dtype=np.float64)
        scaled = skills(other[name].to_numpy(), base, ideals)
        other[name] = np.where(frame["failed"] & ~np.isnan(base), 0.0, scaled)
    rival = frame["family"].isin(FAMILIES) & (frame["ok"] | frame["failed"])
    rival &= ~cells.contenders["pretrained"].to_numpy()[frame["contender"]]
    frame, other = frame.loc[rival], other.loc[rival]
    groups = frame.groupby(POINT, sort=True)
    points = groups[["span", "validation", "n_validation", "late"]].mean()
    points["failed"] = groups["failed"].mean()
    points[list(COSTS)] = groups[list(COSTS)].median()
    points["n_trials"] = groups.size()
    tasks = sorted(set(problems["task"]))
    figures = [make_points(cells, task, scale="either") for task in tasks]
    made = pd.concat(figures).set_index(POINT)[["baseline", "value"]] if figures else None
    if made is not None:
        points = points.join(made.rename(columns={"baseline": "figure"}))
    keys = [frame[name] for name in POINT]
    gathered = other.groupby(keys, sort=True).mean()
    points = points.reset_index()
    points["family"] = cells.contenders["family"].to_numpy()[points["contender"].to_numpy()]
    return Evidence(
        points, gathered.reset_index(drop=True), problems, cells.contenders, cells.merits
    )


def _baselines(
    frame: pd.DataFrame, others: pd.DataFrame, problems: pd.DataFrame, cells: Cells
) -> pd.DataFrame:
    """Return for each row the yardstick's value of every metric on the same split and size."""
    names = cells.contenders["name"].to_numpy()[frame["contender"].to_numpy()]
    yardstick = (names == frame["problem"].map(problems["yardstick"]).to_numpy()) & (
        frame["family"] == "baseline"
    )
    split = ["problem", "outer_seed", "inner_seed", "n_train"]
    base = others[yardstick].groupby([frame.loc[yardstick, name] for name in split]).mean()
    return frame[split].join(base, on=split)[list(others.columns)]
