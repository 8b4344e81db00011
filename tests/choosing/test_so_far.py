"""What the schedule may know: differences paired by seed, forecasts, who is out."""

import math

import pytest

from bench.choosing.so_far import Entrant, Seen, SoFar

ENTRANTS = (
    Entrant("dummy", "baseline"),
    Entrant("a", "classical"),
    Entrant("b", "classical"),
    Entrant("net", "deep"),
)


def seen(entrant, size, seed, score=None, status="ok", **seconds):
    return Seen(entrant=entrant, size=size, seed=seed, status=status, score=score, **seconds)


def scored(entrant, size, *scores):
    return [seen(entrant, size, seed, score) for seed, score in enumerate(scores)]


def test_differences_are_paired_by_seed():
    """b has the higher mean only because it was spared the hard seed; on common seeds a is ahead.

    On seeds 0 and 1: a - b = 0.02 and 0.02; seed 2 is hard and b lacks it.
    """
    evidence = SoFar(ENTRANTS, [*scored("a", 100, 0.82, 0.92, 0.50), *scored("b", 100, 0.80, 0.90)])
    first, second = evidence.standings(100)
    assert first.entrant == "a"
    assert second.entrant == "b"
    assert second.shortfall == pytest.approx(-0.02)


def test_errors_are_those_of_paired_differences():
    """Differences of -0.1 and -0.3: mean -0.2, variance 0.02, standard error sqrt(0.02 / 2)."""
    evidence = SoFar(ENTRANTS, [*scored("a", 100, 0.9, 0.9), *scored("net", 100, 0.8, 0.6)])
    behind = evidence.standings(100)[1]
    assert behind.shortfall == pytest.approx(-0.2)
    assert behind.error == pytest.approx(math.sqrt(0.02 / 2))


def test_nobody_is_ruled_out_by_one_seed():
    """With a single seed the error is infinite."""
    evidence = SoFar(ENTRANTS, [*scored("a", 100, 0.9), *scored("b", 100, 0.1)])
    assert evidence.standings(100)[1].error == math.inf


def test_two_lucky_seeds_do_not_lead_five():
    """The leader is among those with five seeds; b is ahead of it and is known from two seeds."""
    evidence = SoFar(
        ENTRANTS, [*scored("a", 100, 0.8, 0.8, 0.8, 0.8, 0.8), *scored("b", 100, 0.9, 0.9)]
    )
    first, second = evidence.standings(100)
    assert (first.entrant, first.n) == ("a", 5)
    assert second.shortfall == pytest.approx(0.1)


def test_a_baseline_is_no_candidate():
    """However good its score, it does not stand."""
    evidence = SoFar(ENTRANTS, [*scored("dummy", 100, 1.0), *scored("a", 100, 0.5)])
    assert [standing.entrant for standing in evidence.standings(100)] == ["a"]


def test_who_came_further_is_more_promising():
    """b was sent to 400 rows; a's better score on 100 rows does not bring it back."""
    evidence = SoFar(
        ENTRANTS, [*scored("a", 100, 0.9), *scored("b", 100, 0.8), *scored("b", 400, 0.7)]
    )
    assert evidence.best("classical", 2) == ["b", "a"]
    assert evidence.best("deep", 2) == []


def test_seconds_are_forecast_on_a_line_in_log_log():
    """Fits of 1 s and 4 s on 100 and 200 rows rise with the square: 16 s on 400 rows.

    All else stays at half a second; the margin is 15 %, and again for the octave beyond.
    """
    evidence = SoFar(
        ENTRANTS,
        [
            seen("a", 100, 0, 0.5, fit_seconds=1.0, other_seconds=0.5),
            seen("a", 200, 0, 0.5, fit_seconds=4.0, other_seconds=0.5),
        ],
    )
    assert evidence.forecast("a", 200) == pytest.approx(4.5 * 1.15)
    assert evidence.forecast("a", 400) == pytest.approx(16.5 * 1.15**2)


def test_compiling_once_is_not_forecast_again():
    """The first trial compiled for 8 s, the second took its program from the cache in 0.2 s."""
    evidence = SoFar(
        ENTRANTS,
        [
            seen("net", 100, 0, 0.5, fit_seconds=1.0, compile_seconds=8.0),
            seen("net", 100, 1, 0.5, fit_seconds=1.0, compile_seconds=0.2),
        ],
    )
    assert evidence.forecast("net", 100) == pytest.approx(1.2 * 1.15)


def test_nothing_is_forecast_of_what_was_never_measured():
    """A candidate that failed has no seconds to go by."""
    evidence = SoFar(ENTRANTS, [seen("a", 100, 0, status="error", fit_seconds=1.0)])
    assert evidence.forecast("a", 100) is None
    assert evidence.forecast("b", 100) is None


@pytest.mark.parametrize("status", ["skipped", "timeout", "out_of_memory"])
def test_what_is_too_large_for_a_model_is_so_for_more_rows(status):
    """It is out at that size and beyond, and stays in below."""
    evidence = SoFar(ENTRANTS, [seen("a", 400, 0, status=status)])
    assert not evidence.is_out("a", 100)
    assert evidence.is_out("a", 400)
    assert evidence.is_out("a", 1600)


def test_an_error_counts_where_it_happened():
    """One failure in three seeds is bad luck; two are not; other sizes are open."""
    bad = seen("a", 100, 2, status="error")
    assert not SoFar(ENTRANTS, [*scored("a", 100, 0.5, 0.5), bad]).is_out("a", 100)
    worse = SoFar(ENTRANTS, [*scored("a", 100, 0.5), seen("a", 100, 1, status="error"), bad])
    assert worse.is_out("a", 100)
    assert not worse.is_out("a", 400)
