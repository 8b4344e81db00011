"""A run that is gone on with: what of its rows is not as the suite now says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.planning.trials import canonical

if TYPE_CHECKING:
    import pyarrow as pa

    from bench.planning.plan import Plan

_RECIPE = ("model", "model_version", "params", "tuning", "search")
_SOURCE = ("dataset", "dataset_version", "dataset_params", "conditions")
_KNOWN = (
    *("trial_id", "status", "label", "dataset_label", "dataset_fingerprint", "task", "role"),
    *_RECIPE,
    *_SOURCE,
)


def differences(folder: Path, plan: Plan, *, in_full: bool = True) -> Iterator[str]:
    """Yield a sentence for whatever a user should know of a run before it is gone on with.

    Parameters
    ----------
    folder
        Of the run.
    plan
        Of the suite as it is now.
    in_full
        Whether the suite may have changed since it was last run: scores are looked through then,
        as they are where it asks for metrics of its own.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from bench.results.tables import stream

    found = [table for _, table in stream(folder, ["trials"], _KNOWN)]
    if not found:
        return
    trials = pa.concat_tables(found)
    trials = trials.filter(pc.not_equal(trials["role"], "control"))
    yield from _older_fingerprints(trials, plan)
    yield from _other_labels(trials, plan)
    if in_full or plan.suite.suite.metrics:
        yield from _metrics_lacking(folder, trials, plan)


def _older_fingerprints(trials: pa.Table, plan: Plan) -> Iterator[str]:
    """Name the datasets whose rows carry what an earlier bench said of the same content."""
    older = {
        fingerprint: subject.label
        for subject in plan.subjects.values()
        for fingerprint in subject.facts.older_fingerprints
    }
    counts = Counter(
        older[fingerprint]
        for fingerprint in trials["dataset_fingerprint"].to_pylist()
        if fingerprint in older
    )
    for label, n in counts.items():
        yield (
            f"{_rows(n)} of {label} carry an older fingerprint, which left out the order of "
            "categories or how texts are held: they are kept, and measured anew under today's."
        )


def _other_labels(trials: pa.Table, plan: Plan) -> Iterator[str]:
    """Name the models and datasets that the suite shows under another label than their rows do."""
    models = {
        (c.spec.name, c.spec.version, canonical(c.params),
         "default" if c.search is None else "tuned",
         "{}" if c.search is None else canonical(c.search.to_json())): c.label
        for c in reversed(list(plan.contenders.values()))
        if not c.is_control
    }  # fmt: skip
    datasets = {
        (s.source.name, s.source.spec.version, canonical(s.source.params), s.conditions): s.label
        for s in reversed(list(plan.subjects.values()))
    }
    for column, keys, wanted in (
        ("label", _RECIPE, models),
        ("dataset_label", _SOURCE, datasets),
    ):
        for row in trials.group_by([*keys, column]).aggregate([([], "count_all")]).to_pylist():
            label = wanted.get(tuple(row[key] for key in keys))
            if label is not None and label != row[column]:
                yield (
                    f"{label!r} is what {_rows(row['count_all'])} of this run show as "
                    f"{row[column]!r}: one identity, two labels; the rows that are there keep "
                    "theirs."
                )


def _metrics_lacking(folder: Path, trials: pa.Table, plan: Plan) -> Iterator[str]:
    """Name each metric that the suite asks for and finished trials were not scored by."""
    from bench.results.tables import stream

    asked: dict[tuple[str, str], set[str]] = {}
    for subject in plan.subjects.values():
        key = (subject.source.name, subject.task.name)
        asked.setdefault(key, set()).update({*plan.metrics_of(subject)} - plan.figures)
    rows = [
        row
        for row in trials.select(
            ["trial_id", "status", "dataset", "task", "label", "dataset_label"]
        ).to_pylist()
        if row["status"] == "ok" and (row["dataset"], row["task"]) in asked
    ]
    names = sorted(set().union(*asked.values()))
    counts = _counted(folder)
    short = {
        name: {row["trial_id"]: row for row in rows if name in asked[row["dataset"], row["task"]]}
        for name in names
    }
    short = {name: ids for name, ids in short.items() if counts[name] < len(ids)}
    if not short:
        return
    for _, table in stream(folder, ["scores"], ["trial_id", "part", "metric"]):
        for row in table.to_pylist():
            if row["metric"] in short and row["part"] == "test":
                short[row["metric"]].pop(row["trial_id"], None)
    for name, lacking in short.items():
        if lacking:
            yield (
                f"{_rows(len(lacking))} have no {name!r}, which the suite asks for now: "
                f"{_listed(lacking)}. They stay as they are; --fresh measures all anew, beside "
                "this run."
            )


def _counted(folder: Path) -> Counter[str]:
    """Return how many trials have a score on their test part by each metric, at least."""
    from bench.results.tables import stream

    counts: Counter[str] = Counter()
    for _, table in stream(folder, ["scores"], ["part", "slice", "metric"]):
        grouped = table.group_by(["part", "slice", "metric"]).aggregate([([], "count_all")])
        for row in grouped.to_pylist():
            if (row["part"], row["slice"]) == ("test", ""):
                counts[row["metric"]] += row["count_all"]
    return counts


def _listed(lacking: Mapping[str, Mapping[str, Any]]) -> str:
    """Return which trials they are, by model and dataset."""
    counts = Counter((row["label"], row["dataset_label"]) for row in lacking.values())
    shown = [f"{n} of {model} on {dataset}" for (model, dataset), n in sorted(counts.items())]
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")


def _rows(n: int) -> str:
    return f"{n} finished trial" if n == 1 else f"{n} finished trials"
