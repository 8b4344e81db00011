"""What a model is: its recipe, and what its factory is told of a trial."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.spec.datasets import Column, Target
from bench.spec.errors import BenchDeprecationWarning, RecordError
from bench.spec.fields import (
    DEVICES,
    FAMILIES,
    FEATURES,
    FIT_PARAMS,
    MODALITIES,
    TARGET_KINDS,
    Family,
    check_name,
    check_one_of,
    check_params,
    check_reference,
    check_strings,
)
from bench.spec.records import record

if TYPE_CHECKING:
    from pathlib import Path


@record()
@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """A named recipe that makes an estimator.

    Parameters
    ----------
    name
        Unique over all plugins; lower case, digits, hyphens.
    family
        ``"classical"``, ``"deep"`` or ``"baseline"``.
    does
        Pairs ``(task, modality)`` that it can do.
    factory
        ``"package.module:function"``, called as ``factory(context, **params)`` in the trial's own
        process; returns an estimator in scikit-learn's convention, or raises `bench.Skip`.
    params
        Default parameters; a suite may override them by name.
    version
        Changed by the author when results would change.
    summary
        One sentence, shown by ``bench list models``.
    devices
        Kinds of device that it runs on.
    pretrained
        Whether it starts from weights learned on other data.
    fit_params
        Any of ``sample_weight``, ``groups``, ``time``: passed to ``fit`` if the dataset has them.
    search_space
        Parameter names and what tuning may choose from.
    targets
        Kinds of target that it is for, where these are fewer than its tasks', such as
        ``("binary",)``; empty: all of them.
    least_rows
        The fewest training rows (in the task's unit of size) that it is for.
    numbers_only
        Whether it is for tables of numbers alone, none of whose columns holds anything else.

        A suite leaves out what a model is not for, with the reason, and ``bench check`` asks
        nothing else of it. What shows only when the factory sees the data raises `bench.Skip`.
    streams
        Whether ``fit`` takes a `bench.RowsView` as X, where the data are larger than memory. For
        every other model those rows are read into memory, or the trial is skipped where they do
        not fit. What is asked about after it is always in memory.
    uses_metric
        Whether `ModelContext.metric` decides when its fit stops, or which of its states is kept:
        what leads is then part of the identity of its trials.
    preload
        Modules that may be imported once, before trials are forked.
    aliases
        Further names that a suite may use.
    features
        What it learns from: ``"raw"`` data, ``"engineered"`` features that it computes first, or
        ``"learned"`` ones. Empty: learned for a deep model, raw for any other.
    reference
        Paper or documentation.

    Raises
    ------
    RecordError
        A field is not of the form above.
    """

    name: str
    family: Family
    does: tuple[tuple[str, str], ...]
    factory: str
    params: Mapping[str, Any] = field(default_factory=dict)
    version: str = "1"
    summary: str = ""
    devices: tuple[str, ...] = ("cpu",)
    pretrained: bool = False
    fit_params: tuple[str, ...] = ()
    search_space: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    least_rows: int = 1
    numbers_only: bool = False
    streams: bool = False
    uses_metric: bool = False
    preload: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    features: str = ""
    reference: str = ""

    def __post_init__(self) -> None:
        check_name(self, self.name)
        check_one_of(self, "family", self.family, FAMILIES)
        check_one_of(self, "features", self.features, ("", *FEATURES))
        if (
            not isinstance(self.does, tuple)
            or not self.does
            or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in self.does)
        ):
            raise RecordError(
                f"ModelSpec {self.name!r}: does is {self.does!r}; pairs of task and modality are "
                'needed, as in (("classification", "tabular"),).'
            )
        for _, modality in self.does:
            check_one_of(self, "modality in does", modality, MODALITIES)
        check_reference(self, "factory", self.factory)
        check_params(self, self.params)
        for attribute in ("devices", "fit_params", "targets", "preload", "aliases"):
            check_strings(self, attribute, getattr(self, attribute))
        for kind in self.targets:
            check_one_of(self, "targets", kind, TARGET_KINDS)
        if type(self.least_rows) is not int or self.least_rows < 1:
            raise RecordError(
                f"ModelSpec {self.name!r}: least_rows is {self.least_rows!r}; "
                "a whole number from 1 is needed."
            )
        for device in self.devices:
            check_one_of(self, "devices", device, DEVICES)
        for parameter in self.fit_params:
            check_one_of(self, "fit_params", parameter, FIT_PARAMS)
        for alias in self.aliases:
            check_name(self, alias)


@record()
@dataclass(frozen=True, kw_only=True)
class ModelContext:
    """What a factory is told about the trial.

    Parameters
    ----------
    task, modality
        What is asked, and what a row of X is.
    n_train
        Number of training rows (in the task's unit of size) of this trial.
    n_train_max
        Number of training rows of the largest size of this split: what a compiled program may be
        padded to, so that one compilation serves a whole learning curve.
    has_missing
        Whether any value of X is missing, in whichever part.
    columns, target
        Of the dataset. Class labels reach the estimator as integers 0 .. K-1, in the order of
        ``target.classes``.
    metric
        Name of the primary metric, for models that say `ModelSpec.uses_metric`.
    extra
        What the dataset says besides, `Dataset.extra`: the horizon and the season of a series, the
        sampling rate of sounds, whatever its task states.
    seed
        Model seed, the same for all models and sizes of a split.
    n_threads
        Cores that the trial is pinned to.
    device
        ``"cpu"``, ``"gpu"`` or ``"tpu"``.
    streamed
        Whether `fit` will get X as a `bench.RowsView`: the data are larger than memory, and the
        model said `ModelSpec.streams`.
    max_seconds
        Time that `fit` may spend before it should stop by itself: what is left of the trial's
        limit when it begins, less what comes after it; None: no limit.
    scratch
        A folder of the trial's own, removed after it.
    """

    task: str
    modality: str
    n_train: int
    n_train_max: int
    has_missing: bool = True
    columns: tuple[Column, ...] = ()
    target: Target | None = None
    metric: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    n_threads: int = 1
    device: str = "cpu"
    streamed: bool = False
    max_seconds: float | None = None
    scratch: Path | None = None

    @property
    def horizon(self) -> Any:
        """Old name of ``extra.get("horizon")``."""
        return self._once_a_field("horizon")

    @property
    def season(self) -> Any:
        """Old name of ``extra.get("season")``."""
        return self._once_a_field("season")

    @property
    def sampling_rate(self) -> Any:
        """Old name of ``extra.get("sampling_rate")``."""
        return self._once_a_field("sampling_rate")

    def _once_a_field(self, name: str) -> Any:
        warnings.warn(
            f'ModelContext.{name} is now extra["{name}"]; the old name goes in HOOK_API 4.',
            BenchDeprecationWarning,
            stacklevel=3,
        )
        return self.extra.get(name)
