"""What can be wrong with what a user or a plugin author wrote, each as one clear message."""

import difflib
from collections.abc import Iterable

MOVING = "docs/how-to/move-to-hook-api-2.md"
"""The page that says how a plugin is moved to this HOOK_API."""


class BenchError(Exception):
    """The input was wrong; the message names the place, what is allowed and the likely fix.

    The command line prints the message alone and exits with code 2.
    """


class RecordError(BenchError):
    """A record (`ModelSpec`, `DatasetSpec`, ...) has a field that is not allowed."""


class PluginError(BenchError):
    """A plugin is missing, broken, or clashes with another one."""


class SuiteError(BenchError):
    """A suite, or an option that changes it, asks for what cannot be had."""


class ParameterError(SuiteError):
    """A model or a dataset was given a parameter that it does not take."""


class DatasetError(BenchError):
    """A dataset cannot be loaded, or is not fit for the task asked of it."""


class OtherDataError(DatasetError):
    """A trial's data are not those that it was planned on."""


class ResultsError(BenchError):
    """A folder of results cannot be read or written."""


class UnwritableError(ResultsError):
    """The disk is full or fails: nothing is wrong with what was to be written."""


class ResultsWarning(UserWarning):
    """Something in a folder of results is damaged; the message says what, and what is lost."""


class BenchDeprecationWarning(FutureWarning):
    """A plugin uses what a later `HOOK_API` takes away; the message names the replacement."""


class Skip(Exception):  # noqa: N818 - an answer, not an error
    """Raised by a factory (or by `fit`) to say beforehand: I do not do this.

    The trial ends as `skipped`, with the reason kept.

    Parameters
    ----------
    reason
        Why not.
    limit
        ``"memory"`` or ``"seconds"`` where a higher limit would help: the trial is then tried again
        when the run is gone on with and that limit is higher.
    """

    def __init__(self, reason: str = "", *, limit: str | None = None) -> None:
        super().__init__(reason)
        self.limit = limit


class InvalidAnswer(Exception):  # noqa: N818 - as `Skip`
    """Raised by `Task.read`: what an estimator answered cannot be scored.

    The trial ends as `invalid`, with the reason kept.
    """


def nearest(given: str, allowed: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the allowed name closest to `given`, or an empty string."""
    close = difflib.get_close_matches(given, list(allowed), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""
