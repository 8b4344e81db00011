"""How a failed trial counts, where points are averaged and contenders are ranked."""

from typing import Literal, get_args

Failures = Literal["baseline", "drop", "worst"]
"""With the baseline's score, not at all, or with the worst score that any contender got on the same
split and size (the baseline's at best)."""
FAILURES: tuple[Failures, ...] = get_args(Failures)
