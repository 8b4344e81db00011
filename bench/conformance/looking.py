"""Looking for one promise: whatever a plugin does meanwhile becomes a finding."""

from __future__ import annotations

import traceback
from typing import Any

from bench.conformance.promise import Broken, Declared, Finding, Inapplicable, Outcome, Promise
from bench.registry.venvs.remote import WorkerLostError
from bench.spec.errors import Skip

_MOST_CHARACTERS = 2000


def found_in(promise: Promise, case: Any) -> Finding:
    """Look for a promise in a case, and return what came of it."""
    outcome: Outcome = "passed"
    seen = details = ""
    is_declared = False
    try:
        promise.look(case)
    except Broken as broken:
        outcome, seen = "failed", str(broken)
    except (Inapplicable, Skip) as why:
        outcome, seen, is_declared = "skipped", str(why), isinstance(why, Declared)
    except WorkerLostError:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        outcome, seen = "failed", f"{type(error).__name__}: {_message(error)}"
        details = "".join(traceback.format_exception(error))[-2 * _MOST_CHARACTERS :]
    return Finding(
        promise=promise.name,
        outcome=outcome,
        seen=seen[:_MOST_CHARACTERS],
        details=details,
        is_declared=is_declared,
    )


def _message(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())
    except Exception:
        return "its message cannot be shown"
