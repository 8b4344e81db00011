"""Whether what a model promises could be looked for at all: judged by all other findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bench.conformance.promise import Broken, Finding, Inapplicable, promise

_MOST_REASONS = 3


@promise(
    "model",
    why="A model that refuses most of what it is asked looks as good as one that does it.",
    mend="Say in the record what the model is for (`targets`, `least_rows`, `numbers_only`): it is "
    "checked within that, and suites leave out the rest. Refuse less of what lies within.",
    of_findings=True,
)
def can_be_checked(findings: Sequence[Finding]) -> None:
    """At least half of the checks that apply to what its record describes can be made."""
    if any(finding.outcome == "failed" for finding in findings):
        raise Inapplicable("what failed comes first")
    counted = [one for one in findings if not (one.outcome == "skipped" and one.is_declared)]
    skipped = [one for one in counted if one.outcome == "skipped"]
    if 2 * len(skipped) <= len(counted):
        return
    reasons = Counter(one.seen for one in skipped)
    told = []
    for reason, n in reasons.most_common(_MOST_REASONS):
        names = [one.promise for one in skipped if one.seen == reason]
        more = f" and {n - _MOST_REASONS} more" if n > _MOST_REASONS else ""
        told.append(f"{', '.join(names[:_MOST_REASONS])}{more}: {reason}")
    if len(reasons) > _MOST_REASONS:
        told.append(f"and {len(reasons) - _MOST_REASONS} further reasons")
    raise Broken(
        f"{len(skipped)} of {len(counted)} checks were skipped for what its record does not say: "
        + "; ".join(told)
    )


PROMISES = (can_be_checked,)
