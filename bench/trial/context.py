"""What a model's factory is told of a trial: one function, and the data that it is told of."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from bench.planning import loading
from bench.planning.source import Source
from bench.registry.configuration import cache_folder
from bench.spec import Cell, Dataset, ModelContext, Parts
from bench.spec.datasets import SLICES
from bench.tasks import conditions, twins
from bench.tasks import views as rows
from bench.trial.job import Job

if TYPE_CHECKING:
    from bench.registry.lookup import Registry


def dataset_of(job: Job, registry: Registry) -> Dataset:
    """Load a trial's dataset: the very one that it was planned on."""
    entry = registry.dataset(job.dataset)
    params = json.loads(job.trial.dataset_params)
    source = Source(entry.record, entry.version, params, job.path)
    return loading.load_planned(source, job.trial.dataset_fingerprint)


def parts_of(job: Job, registry: Registry, dataset: Dataset) -> Parts:
    """Divide a trial's dataset under its conditions; place the rows as its model takes them."""
    trial = job.trial
    model = registry.model(trial.model).record
    task = registry.task(trial.task).record
    cell = Cell(trial.outer_seed, trial.inner_seed, trial.n_train, trial.repeat, trial.control)
    condition = conditions.Condition.from_json(json.loads(trial.conditions), registry)
    with twins.kept_in(cache_folder() / "twins" / trial.dataset_fingerprint):
        parts = conditions.prepare(condition, task, dataset, job.protocol, cell, job.n_train_max)
    placed = rows.placed(parts, streams=model.streams, limit_bytes=trial.limit_bytes)
    _give_back()
    return placed


def _give_back() -> None:
    """Return to the system what dividing the data has freed: it is not the fit's to use unseen."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


def context_of(
    job: Job, dataset: Dataset, parts: Parts, *, max_seconds: float, scratch: Path
) -> ModelContext:
    """Return what the factory of a trial's model is told."""
    trial = job.trial
    return model_context(
        dataset,
        parts,
        task=trial.task,
        modality=trial.modality,
        n_train=int(parts.notes.get("n_train_kept", trial.n_train)),
        n_train_max=job.n_train_max,
        has_missing=job.has_missing,
        metric=job.primary_metric,
        seed=trial.model_seed,
        n_threads=trial.cores,
        device=trial.device,
        max_seconds=max_seconds,
        scratch=scratch,
    )


def model_context(
    dataset: Dataset,
    parts: Parts,
    *,
    task: str,
    modality: str,
    n_train: int,
    n_train_max: int,
    has_missing: bool,
    metric: str,
    seed: int,
    n_threads: int = 1,
    device: str = "cpu",
    max_seconds: float | None = None,
    scratch: Path | None = None,
) -> ModelContext:
    """Return what a factory is told of data and of what is asked of them.

    Every context that the core makes comes from here, so that whoever makes an estimator to see
    whether that is possible (`bench.trial.checking`, conformance) tells what a trial would.

    Parameters
    ----------
    dataset, parts
        The data as the estimator will get them.
    task, modality, n_train, n_train_max, has_missing, metric, seed, n_threads, device, max_seconds, scratch
        As in `bench.ModelContext`.
    """  # noqa: E501
    return ModelContext(
        task=task,
        modality=modality,
        n_train=n_train,
        n_train_max=n_train_max,
        has_missing=has_missing,
        columns=dataset.columns or (),
        target=dataset.target,
        metric=metric,
        # Labels of all rows, the test rows among them, are none of the model's business.
        extra={name: value for name, value in (dataset.extra or {}).items() if name != SLICES},
        seed=seed,
        n_threads=n_threads,
        device=device,
        streamed=isinstance(parts.train.X, rows.RowsView),
        max_seconds=max_seconds,
        scratch=scratch,
    )
