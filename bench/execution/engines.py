"""Engines by name: the one place in which they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.execution.engine import Engine

ENGINES = ("local",)


def make_engine(name: str = "local", *, jobs: int | None = 1) -> Engine:
    """Return an engine; whoever asked for it closes it.

    Parameters
    ----------
    name
        One of `ENGINES`.
    jobs
        Calls at once; None: as many as there are cores for.
    """
    from bench.execution.local import LocalEngine

    engines = {"local": LocalEngine}
    return engines[name](jobs)
