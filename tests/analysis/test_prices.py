"""What families cost."""

import pytest

from analysis.hand_families import evidence, put
from analysis.hand_tables import Run
from bench.analysis.families import represent
from bench.analysis.prices import cheaper_family, median_ratios, prices, ratios


def made():
    run = Run()
    for outer in range(3):
        run.add("dummy", "a", 0.5, outer=outer)
        put(run, "lda", "a", 0.7, 0.9, outer=outer, fit=2.0, peak_anon_bytes=100)
        put(run, "svm", "a", 0.8, 0.6, outer=outer, fit=3.0, peak_anon_bytes=700)
        more = {"peak_anon_bytes": 500, "n_parameters": 40, "latency_1_seconds": 0.004}
        put(run, "mlp", "a", 0.8, 0.6, outer=outer, fit=20.0, **more)
    return run


def priced(run):
    found = evidence(run)
    return prices(represent(found).frame, found.points)[0]


def test_a_family_costs_what_all_its_candidates_cost():
    """Seconds are summed and memory is the largest; the winner has its own figures."""
    price = priced(made())["classical"]
    assert (price.winner.warm_seconds, price.total.warm_seconds) == (2.0, 5.0)
    # Each has 0.5 s of start and 0.25 s of warm-up besides.
    assert (price.winner.cold_seconds, price.total.cold_seconds) == (2.75, 6.5)
    assert (price.winner.memory_bytes, price.total.memory_bytes) == (100, 700)
    assert (price.winner.n_parameters, price.total.latency_seconds) == (None, None)


def test_ratios_are_deep_over_classical():
    """20 s against the winner's 2 and the family's 5; what one of them lacks has no ratio."""
    price = priced(made())
    own, total = ratios(price, total=False), ratios(price, total=True)
    assert own == pytest.approx(
        {"warm_seconds": 10, "cold_seconds": 20.75 / 2.75, "latency_seconds": 4, "memory_bytes": 5}
    )
    assert total["warm_seconds"] == pytest.approx(4)
    assert ratios({}, total=True) == {}


def test_a_time_limit_makes_a_lower_bound():
    """A candidate that is cut short costs its limit at least, and the family says so."""
    run = made()
    for outer in range(3):
        put(run, "cnn", "a", None, outer=outer, status="timeout")
    price = priced(run)["deep"]
    assert (price.total.warm_seconds, price.total.at_least) == (
        80.0,
        True,
    )  # 20 and the limit of 60
    assert price.winner.at_least is False


@pytest.mark.parametrize(
    ("ratio", "expected"), [(2.0, "classical"), (0.5, "deep"), (1.2, None), (0.81, None)]
)
def test_the_cheaper_one_is_clearly_cheaper(ratio, expected):
    """Within a quarter neither is."""
    assert cheaper_family({"warm_seconds": ratio}) == expected


def test_without_seconds_none_is_cheaper():
    """What was not measured decides nothing."""
    assert cheaper_family({}) is None


def test_ratios_of_datasets_meet_halfway_on_a_log_scale():
    """Ten times on one dataset and a tenth on another is as much on both."""
    found = median_ratios([{"warm_seconds": 10.0}, {"warm_seconds": 0.1}, {}])
    assert found == pytest.approx({"warm_seconds": 1.0})
