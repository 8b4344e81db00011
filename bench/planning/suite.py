"""Suites: TOML files that say which models, datasets, sizes, splits and limits make trials."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from bench.planning.params import Params
from bench.spec import SplitProtocol
from bench.spec.errors import SuiteError, nearest
from bench.tasks.conditions import Condition

_MAX_SEEDS = 10_000
_SEEDS_END = 2**32
"""The first seed that NumPy's generators don't take."""

_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def parse_bytes(text: object) -> int:
    """Return the number of bytes in a text such as "4 GiB", "500 MB" or a plain number.

    Raises
    ------
    ValueError
        It is no such text.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        amount, unit = float(text), "B"
    else:
        match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([A-Za-z]*)\s*", str(text))
        if not match or (match[2] or "B").upper() not in _UNITS:
            raise ValueError(f"{text!r} is no amount of memory; write it as '4 GiB' or '500 MB'")
        amount, unit = float(match[1]), (match[2] or "B").upper()
    size = int(amount * _UNITS[unit])
    if size <= 0:
        raise ValueError(f"{text!r} is no amount of memory; it must be above zero")
    return size


Bytes = Annotated[
    int,
    BeforeValidator(parse_bytes),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["4 GiB", "500 MB"]}),
]


def parse_seeds(value: object) -> tuple[int, ...]:
    """Return the seeds that a count (5 means 0 to 4) or a list stands for.

    Raises
    ------
    ValueError
        It is neither, or names no seed, one twice, or one that is too large.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value > _MAX_SEEDS:
            raise ValueError(
                f"{value!r} is how many seeds, and at most {_MAX_SEEDS} are allowed; "
                f"write [{value}] for the seed itself"
            )
        seeds: tuple[int, ...] = tuple(range(value))
    elif isinstance(value, list | tuple) and all(
        type(seed) is int and 0 <= seed < _SEEDS_END for seed in value
    ):
        seeds = tuple(value)
    else:
        raise ValueError(
            f"{value!r} is neither a number of seeds nor a list of seeds from 0 to 2**32-1"
        )
    if not seeds or len(set(seeds)) != len(seeds):
        raise ValueError(f"{value!r} must name at least one seed, and none twice")
    return seeds


Seeds = Annotated[
    tuple[int, ...],
    BeforeValidator(parse_seeds),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "integer", "minimum": 1, "maximum": _MAX_SEEDS},
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 0, "maximum": _SEEDS_END - 1},
                    "minItems": 1,
                },
            ]
        }
    ),
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SizeGrid(_Table):
    """Training sizes ``ceil(16 * 2**(k / 8))``, as many an octave as asked."""

    from_: int = Field(16, alias="from", ge=1, description="the smallest size")
    per_octave: Literal[1, 2, 4, 8] = Field(1, description="sizes for each doubling")
    to: int | None = Field(None, ge=1, description="the largest size; none: all the data")


def _check_size(value: object) -> object:
    if value == "all" or (type(value) is int and value >= 1):
        return value
    raise ValueError(f"{value!r} is no size; write a number of rows above zero, or 'all'")


def _sizes_form(value: object) -> str:
    if isinstance(value, dict | SizeGrid):
        return "<grid>"
    return "<list>" if isinstance(value, list | tuple) else "<one>"


Size = Annotated[
    int | Literal["all"],
    BeforeValidator(_check_size),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "all"}]}),
]
Sizes = Annotated[
    Annotated[SizeGrid, Tag("<grid>")]
    | Annotated[tuple[Size, ...], Field(min_length=1), Tag("<list>")]
    | Annotated[Size, Tag("<one>")],
    Discriminator(_sizes_form),
]


class SuiteTable(_Table):
    """What the suite is."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="lower case, hyphens")
    summary: str = ""
    seed: int = Field(0, ge=0, description="orders the trials; changes no result")
    metrics: tuple[str, ...] = Field((), description="metrics beside those of the tasks")
    primary_metric: str | None = Field(
        None,
        description="leads in place of the tasks' and the datasets' own, for all datasets of whose "
        "task it is a metric",
    )
    predictions: bool = Field(True, description="whether the test part's predictions are kept")


class ProtocolTable(_Table):
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


class LimitsTable(_Table):
    """What one trial may use."""

    seconds: float = Field(600.0, gt=0, description="wall clock of one trial")
    memory: Bytes = Field(4 * 2**30, description="resident memory of one trial")
    cores: int = Field(1, ge=1, description="cores that one trial is pinned to")

    @field_validator("seconds")
    @classmethod
    def _finite(cls, seconds: float) -> float:
        if not math.isfinite(seconds):
            raise ValueError("a limit must be a finite number of seconds")
        return seconds


class TuneTable(_Table):
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


class ModelTable(_Table):
    """A contender: a model's name or a pattern such as ``acme-*``, and its parameters."""

    name: str
    params: Params = Field(default_factory=dict, description="over the model's defaults")
    tune: Annotated[TuneTable | None, BeforeValidator(_check_tune)] = Field(
        None,
        description="search the model's own space, but for what `params` says; not for clustering, "
        "whose fit sees no truth; of a pattern's models, those that can be tuned",
    )
    label: str | None = Field(None, description="how it is shown; not part of its identity")


class DatasetTable(_Table):
    """A dataset's name (``csv:PATH`` for a file) or a pattern, and its parameters."""

    name: str
    params: Params = Field(default_factory=dict, description="of the loader")
    task: str | None = Field(None, description="where it has several; the first that fits if none")
    sizes: Sizes | None = Field(None, description="in place of the protocol's")
    label: str | None = Field(None, description="how it is shown; not part of its identity")


class NoiseTable(_Table):
    """Noise, drawn by the seeds of the split."""

    labels: float = Field(
        0.0,
        ge=0,
        le=1,
        strict=True,
        description="chance of a training or validation label to become another class; for "
        "numbers, Gaussian noise in standard deviations of the training target; test labels stay",
    )
    features: float = Field(
        0.0,
        ge=0,
        strict=True,
        allow_inf_nan=False,
        description="Gaussian noise on the numbers in X, in standard deviations of each column "
        "(of images: of all pixels), in all parts",
    )


class ConditionTable(_Table):
    """One condition of the data, measured beside the clean data; its keys combine."""

    noise: NoiseTable = Field(default_factory=NoiseTable, description="on labels and on features")
    missing: float = Field(
        0.0,
        ge=0,
        lt=1,
        strict=True,
        description="chance of each value of a table to become missing, in all parts",
    )
    imbalance: float = Field(
        1.0,
        gt=0,
        le=1,
        strict=True,
        description="share of the training rows that every class but the most frequent keeps, at "
        "least one; sizes count rows before it",
    )

    @field_validator("noise", mode="before")
    @classmethod
    def _says_of_what(cls, noise: object) -> object:
        if not isinstance(noise, dict | NoiseTable):
            raise ValueError(
                f"{noise!r} does not say of what; write {{ labels = 0.1 }}, {{ features = 0.1 }}, "
                "or both"
            )
        return noise

    def condition(self) -> Condition:
        """Return what of it a trial needs."""
        return Condition(
            label_noise=self.noise.labels,
            feature_noise=self.noise.features,
            missing=self.missing,
            imbalance=self.imbalance,
        )


class Suite(_Table):
    """A suite, as its TOML file says it."""

    suite: SuiteTable
    protocol: ProtocolTable = Field(default_factory=ProtocolTable)
    limits: LimitsTable = Field(default_factory=LimitsTable)
    models: tuple[ModelTable, ...]
    datasets: tuple[DatasetTable, ...]
    conditions: tuple[ConditionTable, ...] = Field(
        (),
        description="each is measured on all datasets that it means something for, beside the "
        "clean data",
    )

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


def parse(text: str, source: str) -> Suite:
    """Read a suite from TOML.

    Parameters
    ----------
    text
        The TOML.
    source
        Where it stands, for messages.

    Raises
    ------
    SuiteError
        It is no TOML, or its keys or values are not allowed: every fault is named.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"{source}: not valid TOML: {error}.") from None
    try:
        return Suite.model_validate(tables)
    except ValidationError as error:
        raise SuiteError(_explain(error, source)) from None


def read(path: Path) -> Suite:
    """Read a suite from a file.

    Raises
    ------
    SuiteError
        The file cannot be read, or is not a suite.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path}: cannot be read as a suite: {error}.") from None
    return parse(text, str(path))


def override(
    suite: Suite,
    *,
    sizes: str | None = None,
    seeds: str | tuple[int, ...] | None = None,
    cores: int | None = None,
    seconds: float | None = None,
    memory: str | None = None,
    source: str = "command line",
) -> Suite:
    """Return a suite with what the command line or a call says in place of what the file says.

    Parameters
    ----------
    sizes
        ``"16,64,all"``; also in place of the datasets' own.
    seeds
        ``"5"`` (how many) or ``"0,1,2"`` (which); or the seeds themselves.
    cores, seconds, memory
        Of each trial.
    source
        Who says it, for messages.

    Raises
    ------
    SuiteError
        One of them is not allowed: every fault is named.
    """
    tables = suite.model_dump(by_alias=True)
    if sizes is not None:
        tables["protocol"]["sizes"] = [_number(part) for part in sizes.split(",")]
        for dataset in tables["datasets"]:
            dataset["sizes"] = None
    if isinstance(seeds, tuple):
        tables["protocol"]["outer_seeds"] = seeds
    elif seeds is not None:
        parts = [_number(part) for part in seeds.split(",")]
        tables["protocol"]["outer_seeds"] = parts if len(parts) > 1 else parts[0]
    limits = {"cores": cores, "seconds": seconds, "memory": memory}
    tables["limits"] |= {key: value for key, value in limits.items() if value is not None}
    try:
        return Suite.model_validate(tables)
    except ValidationError as error:
        raise SuiteError(_explain(error, source)) from None


def _number(text: str) -> int | str:
    return int(text) if text.strip().isdecimal() else text.strip()


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a suite, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Suite.model_json_schema(),
        "title": "bench suite",
    }


def _explain(error: ValidationError, source: str) -> str:
    """Say every fault that pydantic found, each with its place and what is allowed."""
    faults: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False):
        location = [part for part in fault["loc"] if not _is_branch(part)]
        faults.setdefault(_place(location), []).append(_fault(fault, location))
    lines = [
        f"{place}: {'; or '.join(dict.fromkeys(said))}".strip(": ")
        for place, said in faults.items()
    ]
    lines = [line if line.endswith("?") else f"{line}." for line in lines]
    if len(lines) == 1:
        return f"{source}: {lines[0]}"
    return f"{source}: {len(lines)} faults:\n" + "\n".join(f"  {line}" for line in lines)


def _is_branch(part: int | str) -> bool:
    """Whether a part of a location is only pydantic's name for one branch of a union."""
    return isinstance(part, str) and part.startswith("<")


def _place(location: list[int | str]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _fault(fault: Any, location: list[int | str]) -> str:
    if fault["type"] == "extra_forbidden":
        allowed = _allowed_keys(location[:-1])
        return f"no such key; allowed: {', '.join(allowed)}.{nearest(str(location[-1]), allowed)}"
    if fault["type"] == "missing":
        return "is missing"
    message = str(fault["msg"]).removeprefix("Value error, ")
    given = fault.get("input")
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    return message + ("" if shown and repr(given) in message else shown)


def _allowed_keys(location: list[int | str]) -> list[str]:
    """Return the keys of the table that a location names."""
    model: Any = Suite
    children = {"models": ModelTable, "tune": TuneTable, "datasets": DatasetTable,
                "suite": SuiteTable, "protocol": ProtocolTable, "limits": LimitsTable,
                "sizes": SizeGrid, "conditions": ConditionTable, "noise": NoiseTable}  # fmt: skip
    for part in location:
        model = children.get(part, model) if isinstance(part, str) else model
    return [entry.alias or name for name, entry in model.model_fields.items()]
