"""All that a trial's process needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.spec import SplitProtocol
from bench.spec.outcome import Trial


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that a trial's process needs to know, as plain values."""

    trial: Trial
    dataset: str
    path: str | None
    protocol: SplitProtocol
    n_train_max: int
    has_missing: bool
    primary_metric: str
    metrics: tuple[str, ...]
    keep_predictions: bool

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Job:
        """Read what `to_json` returned, after a journey through JSON."""
        protocol = dict(values["protocol"])
        for seeds in ("outer_seeds", "inner_seeds"):
            protocol[seeds] = tuple(protocol[seeds])
        changed = {
            "trial": Trial(**values["trial"]),
            "protocol": SplitProtocol(**protocol),
            "metrics": tuple(values["metrics"]),
        }
        return cls(**{**values, **changed})
