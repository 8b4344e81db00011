"""What a figure of merit is, and which of its values are practically equal."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from bench.spec.errors import RecordError
from bench.spec.fields import DIRECTIONS, Direction, check_name, check_one_of, check_reference
from bench.spec.records import record

_TERM = re.compile(r"(?P<number>\d*\.?\d+(e[-+]?\d+)?)(?P<share>% of (?P<of>value|gap))?")


@record()
@dataclass(frozen=True, kw_only=True)
class Metric:
    """A figure of merit.

    Parameters
    ----------
    name
        Unique over all plugins; lower case, digits, hyphens.
    direction
        ``"higher"`` or ``"lower"``: which is better.
    ideal
        The value of a perfect answer. None where there is none, as of a log-likelihood: then there
        is no skill, and differences and ranks are shown instead.
    needs
        What it is computed from: a key of `Output.offers`, such as ``"labels"`` or
        ``"probabilities"``.
    function
        ``"package.module:function"``, called as ``function(part, given)`` with the `Part` asked
        about and what it needs; returns a float. Empty where `Task.across` gives its values.
    region
        Which differences are none in practice: a number in the metric's unit; or a text, in which
        ``"2% of value"`` is a share of the better value and ``"10% of gap"`` one of what the better
        value lacks to the ideal. Of several, ``"0.005, 10% of gap"``, the least counts. None: the
        metric does not say.
    unit
        Of its values, as in ``"nats"``; empty: they have none, or that of the target.
    version
        Changed by the author when values would change.
    summary
        One sentence, shown by ``bench list metrics``.

    Raises
    ------
    RecordError
        A field is not of the form above.
    """

    name: str
    direction: Direction
    ideal: float | None
    needs: str = ""
    function: str = ""
    region: float | str | None = None
    unit: str = ""
    version: str = "1"
    summary: str = ""

    def __post_init__(self) -> None:
        check_name(self, self.name)
        check_one_of(self, "direction", self.direction, DIRECTIONS)
        if self.function or self.needs:
            check_reference(self, "function", self.function)
        if self.region is not None:
            try:
                equal_within(self.region, 1.0, 1.0)
            except ValueError as error:
                raise RecordError(f"Metric {self.name!r}: region is {error}") from None

    def skill(self, value: float, baseline: float) -> float:
        """Return the value on the scale where 0 is the baseline and 1 is perfect, in [-1, 1].

        NaN where there is no ideal.
        """
        if self.ideal is None:
            return math.nan
        span = self.ideal - baseline
        if span == 0:
            return 0.0 if value == baseline else -1.0
        return max(-1.0, min(1.0, (value - baseline) / span))


def equal_within(region: float | str | None, better: float, ideal: float | None) -> float | None:
    """Return the largest difference that is none in practice, in the metric's unit.

    Parameters
    ----------
    region
        As in `Metric.region`; the text of a number is one, too, as tables hold it.
    better
        The better one of the two values compared.
    ideal
        The metric's ideal value.

    Returns
    -------
    float or None
        None where the metric does not say, or says a share of a gap and has no ideal.

    Raises
    ------
    ValueError
        The region is not of its form.
    """
    if region is None or region == "":
        return None
    found = []
    for term in str(region).split(","):
        match = _TERM.fullmatch(term.strip())
        if match is None:
            raise ValueError(
                f"{region!r}; a positive number, '2% of value', '10% of gap' or several of them "
                "with commas between are allowed."
            )
        number = float(match["number"])
        if match["share"] is None:
            found.append(number)
        elif match["of"] == "value":
            found.append(number / 100 * abs(better))
        elif ideal is not None:
            found.append(number / 100 * abs(ideal - better))
    return min(found, default=None)
