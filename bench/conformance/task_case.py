"""A task under examination: divided, and asked of a model, on a dataset that is for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.conformance import made_data
from bench.conformance.dataset_case import load
from bench.conformance.promise import Broken, Inapplicable
from bench.planning.describing import has_missing
from bench.planning.scope import objection
from bench.spec import Cell, Dataset, ModelSpec, Output, Part, Parts, Split, SplitProtocol, Task
from bench.spec.errors import DatasetError, InvalidAnswer
from bench.tasks.normalise import normalise
from bench.tasks.views import placed
from bench.trial.context import model_context
from bench.trial.fitting import Fitting, seed_all

if TYPE_CHECKING:
    from bench.registry.lookup import Entry, Registry

PROTOCOL = SplitProtocol(outer_seeds=(0, 1), inner_seeds=(0,))
_MOST_UNITS = 500
_MOST_MODELS = 4
_LIMIT_BYTES = 2**32


@dataclass(frozen=True)
class Asked:
    """A fitted estimator, what it was asked about, and its answer as `Task.ask` returned it."""

    estimator: Any
    parts: Parts
    part: Part
    answer: Any


@dataclass(frozen=True)
class TaskCase:
    """A task, with a dataset that is for it and models that do it.

    Parameters
    ----------
    entry
        The task.
    registry
        Where names are looked up.
    scratch
        A folder of its own.
    """

    entry: Entry[Task]
    registry: Registry
    scratch: Path

    @property
    def task(self) -> Task:
        """The task's record."""
        return self.entry.record

    @cached_property
    def _subject(self) -> tuple[Dataset, str] | Inapplicable:
        """A dataset with its modality: one that names the task, else one made here."""
        named = [
            entry
            for entry in self.registry.datasets.values()
            if self.task.name in entry.record.tasks and not entry.record.takes_path
        ]
        for entry in sorted(named, key=self._is_strange):
            if self._is_strange(entry) and made_data.has(self.task, "tabular"):
                break
            spec = entry.record
            try:
                dataset = normalise(load(spec.loader, spec.params), spec.name, spec.tasks)
            except Exception:  # that dataset's finding
                continue
            return dataset, spec.modality
        if made_data.has(self.task, "tabular"):
            kind = self.task.targets[0] if self.task.targets else "multiclass"
            dataset = made_data.dataset(self.task, "tabular", kind=kind, n_train=96, parts=None)
            return dataset, "tabular"
        return Inapplicable("no dataset that could be loaded here names it: offer a small one")

    def _is_strange(self, entry: Entry[Any]) -> bool:
        """Whether something is of another plugin than the task."""
        ours = self.entry
        return (entry.distribution, entry.plugin) != (ours.distribution, ours.plugin)

    @property
    def dataset(self) -> Dataset:
        """What it is tried on.

        Raises
        ------
        Inapplicable
            There is nothing.
        """
        if isinstance(self._subject, Inapplicable):
            raise self._subject
        return self._subject[0]

    @cached_property
    def splits(self) -> list[Split]:
        """Its splits of the dataset.

        Raises
        ------
        Broken
            There is none.
        """
        try:
            found = list(self.task.splits(self.dataset, PROTOCOL))
        except DatasetError as error:
            raise Broken(f"its own dataset cannot be split: {error}") from error
        if not found:
            raise Broken("it yields no split of its own dataset")
        return found

    @property
    def largest(self) -> int:
        """The largest size that is tried."""
        return min(_MOST_UNITS, self.splits[0].n_train_max)

    def parts(self, n_train: int | None = None, split: Split | None = None) -> Parts:
        """Return new parts of a split, the first where not given, at the largest size."""
        split = split or self.splits[0]
        n_train = min(n_train or self.largest, split.n_train_max)
        cell = Cell(split.outer_seed, split.inner_seed, n_train)
        return self.task.prepare(self.dataset, PROTOCOL, cell)

    def named_parts(self, parts: Parts) -> Iterator[tuple[str, Part]]:
        """Yield the three parts that there are, with their names."""
        for name in ("train", "validation", "test"):
            part = getattr(parts, name)
            if part is not None:
                yield name, part

    def _models(self) -> list[Entry[ModelSpec]]:
        if isinstance(self._subject, Inapplicable):
            raise self._subject
        dataset, modality = self._subject
        able = [
            entry
            for entry in self.registry.models.values()
            if entry.python is None
            and "cpu" in entry.record.devices
            and not objection(
                entry.record, self.task, modality, dataset.target, dataset.columns or ()
            )
        ]
        able.sort(key=lambda one: (self._is_strange(one), one.record.family != "baseline"))
        return able[:_MOST_MODELS]

    @cached_property
    def _asked(self) -> list[Asked]:
        """What models that do the task answer about the test part."""
        found = []
        for entry in self._models():
            try:
                found.append(self._asked_of(entry.record))
            except Exception:  # the model's finding
                continue
        return found

    def _asked_of(self, model: ModelSpec) -> Asked:
        parts = placed(self.parts(), streams=False, limit_bytes=_LIMIT_BYTES)
        folder = self.scratch / model.name
        folder.mkdir(exist_ok=True)
        assert not isinstance(self._subject, Inapplicable)
        dataset, modality = self._subject
        context = model_context(
            dataset,
            parts,
            task=self.task.name,
            modality=modality,
            n_train=len(parts.train),
            n_train_max=self.splits[0].n_train_max,
            has_missing=has_missing(dataset.X),
            metric=self.task.primary(dataset.target),
            seed=1,
            scratch=folder,
        )
        fitting = Fitting(self.task, model, context)
        estimator = fitting.make(model.params)
        seed_all(1)
        fitted = fitting.fit(estimator, parts)
        estimator = estimator if fitted is None else fitted
        _, part = next(iter(self.task.questions(parts)))
        return Asked(estimator, parts, part, self.task.ask(estimator, part))

    @property
    def asked(self) -> list[Asked]:
        """What models that do the task answer, at least one.

        Raises
        ------
        Inapplicable
            None of them can be asked here.
        """
        _ = self.splits
        if not self._asked:
            raise Inapplicable("no model that does it could be fitted and asked here")
        return self._asked

    def read(self, asked: Asked) -> Output:
        """Return an answer as the task reads it.

        Raises
        ------
        Inapplicable
            It does not, which is another promise's finding.
        """
        try:
            output = self.task.read(asked.answer, asked.part, asked.parts, asked.estimator)
        except InvalidAnswer as error:
            raise Inapplicable(f"the answer at hand cannot be scored: {error}") from error
        except Exception as error:
            raise Inapplicable("it cannot be read: see reads-what-was-answered") from error
        if not isinstance(output, Output):
            raise Inapplicable("it cannot be read: see reads-what-was-answered")
        return output
