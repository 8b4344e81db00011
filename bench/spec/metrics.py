"""What a figure of merit is."""

from __future__ import annotations

from dataclasses import dataclass

from bench.spec.fields import Direction, check_name, check_one_of, check_reference
from bench.spec.records import record


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
        The value of a perfect answer.
    needs
        What it is computed from: a key of `Output.offers`, such as ``"labels"`` or
        ``"probabilities"``.
    function
        ``"package.module:function"``, called as ``function(part, given)`` with the `Part` asked
        about and the array that it needs; returns a float.
    summary
        One sentence, shown by ``bench list metrics``.
    """

    name: str
    direction: Direction
    ideal: float
    needs: str
    function: str
    summary: str = ""

    def __post_init__(self) -> None:
        check_name(self, self.name)
        check_one_of(self, "direction", self.direction, ("higher", "lower"))
        check_reference(self, "function", self.function)

    def skill(self, value: float, baseline: float) -> float:
        """Return the value on the scale where 0 is the baseline and 1 is perfect, in [-1, 1]."""
        span = self.ideal - baseline
        if span == 0:
            return 0.0 if value == baseline else -1.0
        return max(-1.0, min(1.0, (value - baseline) / span))
