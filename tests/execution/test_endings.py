"""Which earlier rows make a trial needless."""

from types import SimpleNamespace

import pytest

from bench.execution.endings import is_done
from bench.results.store import Finished
from bench.spec.outcome import MAX_BYTES, MAX_SECONDS, OTHER_DATA

ASKED = SimpleNamespace(limit_seconds=10.0, limit_bytes=1000)


@pytest.mark.parametrize(
    ("status", "stop_reason", "lower", "as_large"),
    [
        ("ok", None, True, True),
        ("ok", "early_stopping", True, True),
        ("ok", MAX_SECONDS, False, True),
        ("timeout", None, False, True),
        ("out_of_memory", None, False, True),
        ("skipped", None, True, True),
        ("skipped", MAX_BYTES, False, True),
        ("skipped", MAX_SECONDS, False, True),
        ("error", None, True, True),
        ("error", OTHER_DATA, False, False),
    ],
)
def test_a_row_counts_for_the_limits_that_it_hit(status, stop_reason, lower, as_large):
    """What hit a limit is tried again under a higher one; what saw other data always."""
    hit_seconds = status == "timeout" or stop_reason == MAX_SECONDS
    less = (9.0, 1000) if hit_seconds else (10.0, 999)
    more = (9.0, 2000) if not hit_seconds else (20.0, 999)
    assert is_done(ASKED, Finished(status, *less, "", stop_reason)) is lower
    assert is_done(ASKED, Finished(status, 10.0, 1000, "", stop_reason)) is as_large
    if as_large:  # the other limit says nothing
        assert is_done(ASKED, Finished(status, *more, "", stop_reason))


def test_what_has_no_row_is_not_done():
    """There is nothing to go by."""
    assert not is_done(ASKED, None)
