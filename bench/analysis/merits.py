"""What the metrics of some tables are, as the tables themselves say: no plugin is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from bench.spec.errors import ResultsError


@dataclass(frozen=True, kw_only=True)
class Merit:
    """A figure of merit, as a row of the table of metrics.

    Parameters
    ----------
    name
        Of the metric.
    is_lower
        Whether less is better.
    ideal
        Of a perfect answer; None: there is none, and no skill.
    unit
        Of its values; empty: it has no unit.
    region
        What is practically equal, as `bench.Metric.region` says it; None: it is not said.
    """

    name: str
    is_lower: bool
    ideal: float | None
    unit: str = ""
    region: str | None = None

    @property
    def sign(self) -> float:
        """What turns a value so that more is better."""
        return -1.0 if self.is_lower else 1.0

    @property
    def best(self) -> float:
        """The ideal, turned so that more is better; infinity without one."""
        return float("inf") if self.ideal is None else self.sign * self.ideal


@dataclass(frozen=True)
class Merits:
    """The metrics of some tables.

    Parameters
    ----------
    known
        By name.
    versions
        Of those that are of several versions, or otherwise two things under one name: these. Their
        values are not of one kind.
    """

    known: Mapping[str, Merit]
    versions: Mapping[str, tuple[str, ...]]

    def check(self, names: Iterable[str]) -> None:
        """Refuse to pool values of a metric that is two things.

        Parameters
        ----------
        names
            Of metrics that lead.

        Raises
        ------
        ResultsError
            One of them is of several versions.
        """
        for name in sorted(set(names) & set(self.versions)):
            raise ResultsError(
                f"{name!r} leads in these results, and is not the same in all of them (versions "
                f"{' and '.join(self.versions[name])}): their values are not pooled. Give runs of "
                "one version, or measure the others again."
            )


def read_merits(metrics: pa.Table) -> Merits:
    """Read the table of metrics; what stands in it twice, and differs, is left out of `known`.

    Parameters
    ----------
    metrics
        As in ``bench.load(...).metrics``.
    """
    found: dict[str, set[tuple[str, Merit]]] = {}
    for row in metrics.to_pylist():
        merit = Merit(
            name=row["name"],
            is_lower=row["direction"] == "lower",
            ideal=row["ideal"],
            unit=row["unit"] or "",
            region=row["region"],
        )
        found.setdefault(merit.name, set()).add((row["version"] or "1", merit))
    distinct: dict[str, Merit] = {}
    versions: dict[str, tuple[str, ...]] = {}
    for name, several in found.items():
        kinds = {(version, one.is_lower, one.ideal) for version, one in several}
        if len(kinds) > 1:
            versions[name] = tuple(sorted(version for version, _, _ in kinds))
        # What is said only now of a region or a unit holds for the values of before, too.
        distinct[name] = max((m for _, m in several), key=lambda m: (m.region or "", m.unit))
    return Merits(distinct, versions)
