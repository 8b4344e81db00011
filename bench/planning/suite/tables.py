"""The tables of a suite, as its TOML file has them."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from bench.planning.suite.params import Params
from bench.planning.suite.values import Bytes, Seeds, Size
from bench.spec import Change, SplitProtocol
from bench.spec.fields import NAME
from bench.tasks.conditions import Condition, flat

CONDITIONS = "each is measured on all datasets that it means something for, beside the clean data"


class Table(BaseModel):
    """A table whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SizeGrid(Table):
    """Training sizes ``ceil(16 * 2**(k / 8))``, as many an octave as asked."""

    from_: int = Field(16, alias="from", ge=1, description="the smallest size")
    per_octave: Literal[1, 2, 4, 8] = Field(1, description="sizes for each doubling")
    to: int | None = Field(None, ge=1, description="the largest size; none: all the data")


def _sizes_form(value: object) -> str:
    if isinstance(value, dict | SizeGrid):
        return "<grid>"
    return "<list>" if isinstance(value, list | tuple) else "<one>"


Sizes = Annotated[
    Annotated[SizeGrid, Tag("<grid>")]
    | Annotated[tuple[Size, ...], Field(min_length=1), Tag("<list>")]
    | Annotated[Size, Tag("<one>")],
    Discriminator(_sizes_form),
]


class SuiteTable(Table):
    """What the suite is."""

    name: str = Field(pattern=f"^{NAME}$", description="lower case, hyphens")
    summary: str = ""
    seed: int = Field(0, ge=0, description="orders the trials; changes no result")
    metrics: tuple[str, ...] = Field((), description="metrics beside those of the tasks")
    primary_metric: str | None = Field(
        None,
        description="leads in place of the tasks' and the datasets' own, for all datasets of whose "
        "task it is a metric",
    )
    predictions: bool = Field(True, description="whether the test part's predictions are kept")


class ProtocolTable(Table):
    """How data are divided."""

    sizes: Sizes = Field("all", description="training sizes: a grid, a list, or 'all'")
    outer_seeds: Seeds = Field((0, 1, 2, 3, 4), description="seeds of the test split")
    inner_seeds: Seeds = Field((0,), description="seeds of the validation split")
    repeats: int = Field(1, ge=1, description="model seeds per split")
    test: float = Field(0.1, gt=0, lt=1, description="share of the rows held out for testing")
    validation: float = Field(0.1, ge=0, lt=1, description="share of the rest; 0 for none")

    def splits(self) -> SplitProtocol:
        """Return what of it a task needs to split data."""
        return SplitProtocol(
            test=self.test,
            validation=self.validation,
            outer_seeds=self.outer_seeds,
            inner_seeds=self.inner_seeds,
            repeats=self.repeats,
        )


class LimitsTable(Table):
    """What one trial may use."""

    seconds: float = Field(600.0, gt=0, description="wall clock of one trial")
    memory: Bytes = Field(4 * 2**30, description="resident memory of one trial")
    cores: int = Field(1, ge=1, description="cores that one trial is pinned to")
    trials_per_device: int = Field(
        1, ge=1, strict=True, description="trials that may compute on one GPU or TPU at once"
    )

    @field_validator("seconds")
    @classmethod
    def _finite(cls, seconds: float) -> float:
        if not math.isfinite(seconds):
            raise ValueError("a limit must be a finite number of seconds")
        return seconds


class TuneTable(Table):
    """How long a model's parameters are searched, inside its training time."""

    trials: int = Field(
        20, ge=2, strict=True, description="sets of parameters tried, the given ones among them"
    )
    seconds: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="after which no other set is tried"
    )


def _check_tune(value: object) -> object:
    if value is None or isinstance(value, dict | TuneTable):
        return value
    raise ValueError(f"{value!r} does not say how; write {{ trials = 20, seconds = 120 }}")


class ModelTable(Table):
    """A contender: a model's name or a pattern such as ``acme-*``, and its parameters."""

    name: str
    params: Params = Field(default_factory=dict, description="over the model's defaults")
    tune: Annotated[TuneTable | None, BeforeValidator(_check_tune)] = Field(
        None,
        description="search the model's own space, but for what `params` says; not for clustering, "
        "whose fit sees no truth; of a pattern's models, those that can be tuned",
    )
    label: str | None = Field(None, description="how it is shown; not part of its identity")


class DatasetTable(Table):
    """A dataset's name (``csv:PATH`` for a file) or a pattern, and its parameters."""

    name: str
    params: Params = Field(default_factory=dict, description="of the loader")
    task: str | None = Field(None, description="where it has several; the first that fits if none")
    sizes: Sizes | None = Field(None, description="in place of the protocol's")
    label: str | None = Field(None, description="how it is shown; not part of its identity")


class ConditionTable(Table):
    """One condition of the data, measured beside the clean data; its keys combine.

    It has no keys itself: those of what is installed have what plugins offer
    (`bench.planning.suite.conditions`).
    """

    changes: ClassVar[tuple[Change, ...]] = ()

    def condition(self) -> Condition:
        """Return what of it a trial needs."""
        return Condition.of(dict(flat(self.model_dump(by_alias=True))), self.changes)


class Suite(Table):
    """A suite, as its TOML file says it."""

    suite: SuiteTable
    protocol: ProtocolTable = Field(default_factory=ProtocolTable)
    limits: LimitsTable = Field(default_factory=LimitsTable)
    models: tuple[ModelTable, ...]
    datasets: tuple[DatasetTable, ...]
    conditions: tuple[ConditionTable, ...] = Field((), description=CONDITIONS)

    @field_validator("models", "datasets")
    @classmethod
    def _not_empty(cls, tables: tuple[Any, ...]) -> tuple[Any, ...]:
        if not tables:
            raise ValueError("name at least one")
        return tables

    @model_validator(mode="after")
    def _labels_differ(self) -> Suite:
        for kind, tables in (("models", self.models), ("datasets", self.datasets)):
            labels = [table.label for table in tables if table.label is not None]
            twice = sorted({label for label in labels if labels.count(label) > 1})
            if twice:
                raise ValueError(f"{kind}: label {twice[0]!r} is given twice; labels must differ")
        return self

    @property
    def name(self) -> str:
        """Its name."""
        return self.suite.name
