"""What pytest is told of checks: which are selected, and when all of them are done.

It is imported wherever bench is installed and pytest runs, so it imports nothing but the standard
library.
"""

from __future__ import annotations

import sys
from typing import Any


def _checks() -> Any:
    """Return the module of checks where a test has imported it, else None."""
    return sys.modules.get("bench.conformance.checks")


def pytest_collection_finish(session: Any) -> None:
    """Have the selected checks of one subject share processes and fits."""
    checks = _checks()
    if checks is not None:
        parameters = (getattr(item, "callspec", None) for item in session.items)
        given = (value for one in parameters if one for value in one.params.values())
        checks.select([value for value in given if isinstance(value, checks.Check)])


def pytest_sessionfinish() -> None:
    """End the processes of all checks."""
    checks = _checks()
    if checks is not None:
        checks.close()
