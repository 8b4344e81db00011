"""What the tests of a plugin call: one check for each promise that bench relies on.

A whole test file::

    from bench.testing import parametrize_with_checks

    @parametrize_with_checks(__file__)
    def test_keeps_its_promises(check):
        check()
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.conformance.checks import Check, CheckFailed

__all__ = ["Check", "CheckFailed", "checks_of", "parametrize_with_checks"]


def checks_of(plugin: str) -> list[Check]:
    """Return a check for each promise of a plugin and of everything that it offers.

    Each runs in processes of its own, with limits: what crashes or hangs there is a failed check.

    Parameters
    ----------
    plugin
        An import package such as ``"bench_acme"``, the name of a plugin or of a distribution, or
        ``__file__`` of a test: that of the distribution, installed too, in whose folder it lies.

    Returns
    -------
    list of Check
        Each with `name`, such as ``"keeps-the-order"``, and `subject`, such as ``"model
        acme-forest"``. Calling one returns where the promise is kept, raises `CheckFailed` where it
        is not, and `unittest.SkipTest` where it says nothing about the subject.

    Raises
    ------
    bench.PluginError
        Nothing that is installed is called so.
    """
    from bench.conformance.checks import checks_of

    return checks_of(plugin)


def parametrize_with_checks(plugin: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that has pytest call a test function with each check of a plugin.

    Parameters
    ----------
    plugin
        As for `checks_of`.

    Returns
    -------
    callable
        Decorates a function with the argument ``check``.

    Raises
    ------
    bench.PluginError
        Nothing that is installed is called so.
    """
    import pytest

    decorate: Callable[[Callable[..., Any]], Callable[..., Any]] = pytest.mark.parametrize(
        "check", checks_of(plugin), ids=str
    )
    return decorate


def __getattr__(name: str) -> Any:
    """Import what needs more than the records do only when it is used."""
    if name in ("Check", "CheckFailed"):
        from bench.conformance import checks

        return getattr(checks, name)
    raise AttributeError(f"module 'bench.testing' has no attribute {name!r}")
