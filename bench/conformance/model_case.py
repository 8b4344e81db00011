"""A model under examination: one task on rows of one modality, made and fitted as trials do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.conformance import made_data
from bench.conformance.dataset_case import load
from bench.conformance.promise import Broken, Declared, Inapplicable
from bench.conformance.traces import Before, Traces, watch
from bench.planning.describing import has_missing
from bench.planning.scope import kinds_for
from bench.registry.venvs.remote import WorkerLostError
from bench.spec import Cell, Dataset, ModelSpec, Output, Parts, SplitProtocol, Task
from bench.spec.errors import InvalidAnswer, Skip
from bench.tasks.normalise import normalise
from bench.tasks.views import placed
from bench.trial.context import model_context
from bench.trial.fitting import Fitting, seed_all, worker_for

if TYPE_CHECKING:
    from bench.registry.lookup import Entry, Registry
    from bench.registry.venvs.remote import Connection

SEED = 20_260_102
_BRIEF_SECONDS = 0.5
"""After which a model that looks at the clock may stop: these data are there to see whether it
takes them, not to be learned. Nothing that is promised depends on whether it does: what comes of a
whole fit is fitted with patience."""

_LIMIT_BYTES = 2**32
_KINDS = ("multiclass", "binary", "continuous", "multilabel", "multioutput")

_MOST_ROWS = 2000
"""Of a plugin's own data."""

_PROTOCOL = SplitProtocol(validation=0.0, outer_seeds=(0,))


class Refused(Inapplicable):
    """The model said `bench.Skip`."""


@dataclass(frozen=True)
class Fitted:
    """A fitted estimator, and all that it was made of."""

    estimator: Any
    returned: Any
    parts: Parts
    fitting: Fitting

    @property
    def usable(self) -> Any:
        """What is asked: a `fit` that returns nothing is another promise's finding."""
        return self.estimator if self.returned is None else self.returned

    def ask(self, rows: Any = None) -> Output:
        """Return its answer about the test part, or about some rows of it, in their order.

        Raises
        ------
        Broken
            The answer cannot be scored.
        """
        part = self.parts.test
        task = self.fitting.task
        if rows is not None:
            if not made_data.has_rows(part):
                raise Declared("what its task asks about are no rows")
            part = made_data.some(part, rows)
        answer = task.ask(self.usable, part)
        try:
            return task.read(answer, part, self.parts, self.usable)
        except InvalidAnswer as fault:
            raise Broken(f"asked about {len(part)} rows, it answers {fault}") from None


@dataclass(frozen=True)
class ModelCase:
    """One pair of what a model does.

    Parameters
    ----------
    entry
        The model.
    task, modality
        The pair.
    registry
        Where names are looked up.
    scratch
        A folder of its own.
    before
        How the process was before the plugin did anything.
    is_lost
        Whether fitting it on plain data has ended a process before: nothing is fitted then.
    """

    entry: Entry[ModelSpec]
    task: Task
    modality: str
    registry: Registry
    scratch: Path
    before: Before
    is_lost: bool = False

    @property
    def model(self) -> ModelSpec:
        """The model's record."""
        return self.entry.record

    @property
    def params(self) -> Mapping[str, Any]:
        """Its defaults."""
        return self.model.params

    @cached_property
    def worker(self) -> Connection | None:
        """Where it is made and fitted, if its plugin has an environment of its own."""
        return worker_for(self.entry)

    def check_is_here(self) -> None:
        """Raise `Declared` where it runs in another process, into which we do not see."""
        if self.worker is not None:
            raise Declared("it runs in an environment of its own, which ends with each trial")

    @property
    def kind(self) -> str | None:
        """The kind of target that it is tried on: the most common that it is for; None: none is."""
        kinds = kinds_for(self.model, self.task)
        return next((kind for kind in _KINDS if kind in kinds), None)

    @property
    def n_train(self) -> int:
        """How many rows it is tried on."""
        return max(made_data.N_TRAIN, self.model.least_rows)

    def needs_target(self, kind: str) -> None:
        """Raise `Declared` where the model is not for targets of this kind."""
        if kind not in kinds_for(self.model, self.task):
            raise Declared(f"it is for targets that are {' or '.join(self.model.targets)}")

    @property
    def device(self) -> str:
        """What it is fitted on: the CPU where it runs there."""
        return "cpu" if "cpu" in self.model.devices else self.model.devices[0]

    def dataset(self, **others: Any) -> Dataset:
        """Return new data for this pair, within what the record says that the model is for.

        They are those of `made_data.dataset`; for a task or a modality that is not known here, they
        are a dataset of the same plugin's.

        Raises
        ------
        Inapplicable
            There are none.
        """
        if made_data.has(self.task, self.modality):
            if self.task.targets and self.kind is None:
                raise Inapplicable("it is for none of the task's targets: see does-what-it-claims")
            fields = {"kind": self.kind or "multiclass", "n_train": self.n_train, **others}
            return made_data.dataset(self.task, self.modality, **fields)
        what = f"{self.task.name} of {self.modality} data"
        if others:
            raise Declared(f"only its plugin has data for {what}")
        for entry in self.registry.datasets.values():
            spec = entry.record
            is_fit = self.task.name in spec.tasks and self.modality == spec.modality
            if is_fit and entry.distribution == self.entry.distribution and not spec.takes_path:
                return normalise(load(spec.loader, spec.params), spec.name, spec.tasks)
        raise Inapplicable(f"there are no data here for {what}, and the plugin has none")

    def parts(self, dataset: Dataset) -> Parts:
        """Return the training and test rows of a dataset: the official ones of data made here."""
        split = next(iter(self.task.splits(dataset, _PROTOCOL)), None)
        if split is None:
            raise Inapplicable("the plugin's data cannot be split for this task")
        n_train = min(split.n_train_max, max(_MOST_ROWS, self.n_train))
        cell = Cell(split.outer_seed, split.inner_seed, n_train)
        prepared = self.task.prepare(dataset, _PROTOCOL, cell)
        return placed(prepared, streams=self.model.streams, limit_bytes=_LIMIT_BYTES)

    def fitting(self, dataset: Dataset, parts: Parts, **told: Any) -> Fitting:
        """Return what makes estimators for a dataset; `told` changes what the factory is told."""
        folder = self.scratch / "model"
        folder.mkdir(exist_ok=True)
        context = model_context(
            dataset,
            parts,
            task=self.task.name,
            modality=self.modality,
            n_train=len(parts.train),
            n_train_max=max(len(parts.train), made_data.N_TRAIN),
            has_missing=has_missing(dataset.X),
            metric=self.task.primary(dataset.target),
            seed=SEED,
            device=self.device,
            max_seconds=_BRIEF_SECONDS,
            scratch=folder,
        )
        return Fitting(self.task, self.model, replace(context, **told), self.worker)

    def fit(self, dataset: Dataset, *, chance: int = 1, **told: Any) -> Fitted:
        """Make an estimator and fit it, with the global generators seeded by `chance` before.

        Raises
        ------
        Inapplicable
            The model refuses.
        """
        if self.is_lost:
            raise Inapplicable("fitting it ends the process: see fits-and-answers")
        parts = self.parts(dataset)
        fitting = self.fitting(dataset, parts, **told)
        try:
            estimator = fitting.make(self.params)
            seed_all(chance)
            returned = fitting.fit(estimator, parts)
        except Skip as skip:
            raise Refused(f"refused: {skip}") from skip
        return Fitted(estimator, returned, parts, fitting)

    def make(self, params: Mapping[str, Any], **told: Any) -> Any:
        """Return an estimator for plain data, not yet fitted.

        Raises
        ------
        Refused
            The model refuses.
        """
        dataset = self.dataset()
        try:
            return self.fitting(dataset, self.parts(dataset), **told).make(params)
        except Skip as skip:
            raise Refused(f"refused: {skip}") from skip

    @cached_property
    def _unmade(self) -> BaseException | None:
        try:
            self.make(self.params)
        except WorkerLostError:
            raise
        except BaseException as error:
            return error
        return None

    @cached_property
    def unfitted(self) -> Parts:
        """The parts of plain data as they are before anything is fitted on them."""
        return self.parts(self.dataset())

    @cached_property
    def _plain(self) -> Fitted | BaseException:
        try:
            return self.fit(self.dataset())
        except WorkerLostError:
            raise
        except BaseException as error:  # kept: every promise that builds on it is to hear of it
            return error

    def plain_fit(self) -> Fitted:
        """Return the model fitted on plain data, once; raises what fitting it raised.

        Raises
        ------
        Inapplicable
            It cannot even be made, which is another promise's finding.
        """
        if self._unmade is not None and not isinstance(self._unmade, Inapplicable):
            raise Inapplicable("it cannot be made: see defaults-can-be-made")
        if isinstance(self._plain, BaseException):
            raise self._plain
        return self._plain

    @property
    def plain(self) -> Fitted:
        """The model fitted on plain data, for promises that build on it.

        Raises
        ------
        Inapplicable
            It cannot be fitted there, which is another promise's finding.
        """
        try:
            return self.plain_fit()
        except (Inapplicable, WorkerLostError):
            raise
        except BaseException as error:
            raise Inapplicable("it cannot be fitted on plain data: see fits-and-answers") from error

    @cached_property
    def _answer(self) -> Output | Exception:
        try:
            return self.plain.ask()
        except Exception as error:
            return error

    @property
    def answer(self) -> Output:
        """What it answers about the test rows of plain data, for promises that build on it.

        Raises
        ------
        Inapplicable
            It gives no answer that can be scored, which is another promise's finding.
        """
        if isinstance(self._answer, Inapplicable):
            raise self._answer
        if isinstance(self._answer, Exception):
            raise Inapplicable("its answer cannot be scored: see answers-can-be-scored")
        return self._answer

    @cached_property
    def traces(self) -> Traces:
        """What making, fitting and asking leave behind."""
        self.check_is_here()
        _ = self.answer
        dataset = self.dataset()

        def once() -> None:
            self.fit(dataset).ask()

        return watch(once, self.scratch / "watched", self.before)
