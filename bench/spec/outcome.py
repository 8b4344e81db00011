"""What a trial is and what it gives back: the two records that the parts of the house exchange."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Predictions = NDArray[np.float64] | Sequence[NDArray[np.float64]] | Sequence[str]

Status = Literal["ok", "skipped", "timeout", "out_of_memory", "crashed", "error", "invalid"]
STATUSES: tuple[Status, ...] = get_args(Status)
Role = Literal["contender", "baseline", "yardstick", "control"]
ROLES: tuple[Role, ...] = get_args(Role)
MAX_SECONDS = "max_seconds"
"""The `stop_reason` of a fit that time has ended (it need not be equal to the last bit), or of a
trial that was skipped for want of time."""
MAX_BYTES = "max_bytes"
"""The `stop_reason` of a trial that was skipped for want of memory."""
OTHER_DATA = "other_data"
"""The `stop_reason` of a trial whose data were not those that it was planned on."""
FAILED = tuple(status for status in STATUSES if status not in ("ok", "skipped"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One fit to be made: every field is a column of the table of trials.

    Those with a default came with schema 3.

    `dataset_params`, `params`, `search` and `conditions` are canonical JSON. `tuning` is "default",
    or "tuned" where `search` says how `bench.trial.tuning` chooses the parameters.
    """

    trial_id: str
    suite: str
    dataset: str
    dataset_label: str
    dataset_version: str
    dataset_params: str
    dataset_fingerprint: str
    task: str
    modality: str
    model: str
    label: str
    family: str
    model_version: str
    params: str
    plugin: str
    plugin_version: str
    tuning: str
    search: str
    conditions: str
    device: str
    cores: int
    protocol: str
    outer_seed: int
    inner_seed: int
    model_seed: int
    repeat: int
    n_train: int
    limit_seconds: float
    limit_bytes: int
    task_version: str = "1"
    primary_metric: str = ""
    """Which metric leads; empty: the task's first (rows of schema 1 and 2 do not say)."""
    size_unit: str = "rows"
    """What `n_train` and `n_test` count."""
    overlap: float | None = None
    """Of the test parts of different outer seeds: n_test / (N - n_test), at every size alike."""
    role: Role = "contender"
    pretrained: bool = False
    imported_from: str = ""
    control: str = ""
    """Which of the task's controls this is; empty: none."""


class Score(NamedTuple):
    """One row of the table of scores; `value` is None where `reason` says why."""

    part: str
    slice: str
    metric: str
    value: float | None
    n: int
    reason: str = ""


class CurvePoint(NamedTuple):
    """One row of the table of curves: a value that a fit recorded at a step."""

    step: int
    part: str
    name: str
    value: float


class Measure(NamedTuple):
    """One row of the table of measures: what a probe said of a phase."""

    phase: str
    probe: str
    name: str
    value: float
    unit: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a trial measured: each field is a column of the table of trials, None if not reached."""

    n_validation: int | None = None
    n_test: int | None = None
    n_features: int | None = None
    chosen_params: str | None = None
    """What tuning chose, as JSON: every parameter that the factory was given."""
    stop_reason: str | None = None
    started_at: float | None = None
    """Seconds since 1970, UTC."""
    init_seconds: float | None = None
    warm_up_seconds: float | None = None
    compile_seconds: float | None = None
    n_compilations: int | None = None
    cache_hits: int | None = None
    compile_saved_seconds: float | None = None
    fit_seconds: float | None = None
    fit_cpu_seconds: float | None = None
    predict_seconds: float | None = None
    latency_1_seconds: float | None = None
    latency_1000_seconds: float | None = None
    peak_anon_bytes: int | None = None
    peak_device_bytes: int | None = None
    n_parameters: int | None = None
    n_units: int | None = None
    """Units of the test part: what can be drawn again to say how certain a score is."""
    threshold: float | None = None
    """Score above which the estimator says "yes", where it has one."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a trial ended and all that it measured: one row, and what belongs to it elsewhere.

    `predicted_rows` (n,) and `predictions` are the test part's; None where not kept. `predictions`
    are numbers (n, k), n arrays (k,) of different lengths, or n texts.
    `output` and `traceback` are what it printed and how it failed, first and last 32 KiB.
    """

    trial_id: str
    status: Status
    reason: str = ""
    facts: Facts = field(default_factory=Facts)
    scores: tuple[Score, ...] = ()
    curves: tuple[CurvePoint, ...] = ()
    measures: tuple[Measure, ...] = ()
    predicted_rows: NDArray[np.int64] | None = None
    predictions: Predictions | None = None
    output: str = ""
    traceback: str = ""

    def to_bytes(self) -> bytes:
        """Return it as a JSON header line and raw arrays: what crosses a pipe, never a pickle."""
        header: dict[str, Any] = {
            "trial_id": self.trial_id,
            "status": self.status,
            "reason": self.reason,
            "facts": asdict(self.facts),
            "scores": self.scores,
            "curves": self.curves,
            "measures": self.measures,
            "output": self.output,
            "traceback": self.traceback,
        }
        body = b""
        if self.predicted_rows is not None and self.predictions is not None:
            form, values = _pack(self.predictions)
            header |= {"n_rows": len(self.predicted_rows), **form}
            body = self.predicted_rows.tobytes() + values
        return json.dumps(header).encode() + b"\n" + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Outcome:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ValueError
            The bytes are not a whole outcome.
        """
        line, _, body = data.partition(b"\n")
        header = json.loads(line)
        rows: NDArray[np.int64] | None = None
        values: Predictions | None = None
        if "n_rows" in header:
            import numpy as np

            rows = np.frombuffer(body, np.int64, count=header["n_rows"])
            values = _unpack(header, body[rows.nbytes :])
        known = {entry.name for entry in fields(Facts)}
        return cls(
            trial_id=header["trial_id"],
            status=header["status"],
            reason=header["reason"],
            facts=Facts(**{key: v for key, v in header["facts"].items() if key in known}),
            scores=tuple(Score(*row) for row in header["scores"]),
            curves=tuple(CurvePoint(*row) for row in header["curves"]),
            measures=tuple(Measure(*row) for row in header["measures"]),
            predicted_rows=rows,
            predictions=values,
            output=header["output"],
            traceback=header["traceback"],
        )


def _pack(predictions: Predictions) -> tuple[dict[str, Any], bytes]:
    """Return what a header says of predictions, and the bytes that follow it."""
    import numpy as np

    if isinstance(predictions, np.ndarray):
        return {"shape": predictions.shape}, predictions.tobytes()
    if all(isinstance(value, str) for value in predictions):
        return {"texts": list(predictions)}, b""
    arrays = [np.asarray(value, dtype=np.float64) for value in predictions]
    body = b"".join(array.tobytes() for array in arrays)
    return {"lengths": [len(array) for array in arrays]}, body


def _unpack(header: Mapping[str, Any], body: bytes) -> Predictions:
    """Return what `_pack` packed."""
    import numpy as np

    if "texts" in header:
        return tuple(header["texts"])
    flat = np.frombuffer(body, np.float64)
    if "shape" in header:
        return flat.reshape(header["shape"])
    lengths = header["lengths"]
    if sum(lengths) != len(flat):
        raise ValueError(f"{len(flat)} numbers for predictions of {sum(lengths)}")
    return tuple(np.split(flat, np.cumsum(lengths)[:-1])) if lengths else ()


class Observer(Protocol):
    """Whoever watches a run."""

    def started(self, slot: int, trial: Trial) -> None:
        """A trial has begun."""

    def ended(self, slot: int, trial: Trial, outcome: Outcome) -> None:
        """A trial has ended, and its row is on disk."""
