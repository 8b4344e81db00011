"""Where one learning curve overtakes another, where one becomes cheaper, and what time buys."""

import dataclasses
import json

import numpy as np
import pytest
from scipy import stats
from simulated_curves import SIZES, covers, simulated_pair

from bench.analysis.crossover import cost_crossover, crossover, skill_for_budget
from bench.spec.errors import BenchError

N = np.array(SIZES, dtype=float)


def same(curve, n_units=5):
    """Return a table of units that do not differ."""
    return np.tile(np.asarray(curve, dtype=float), (n_units, 1))


def noisy(curve, n_units=5, noise=0.01, seed=0):
    """Return a table of units with noise of their own at every size."""
    rng = np.random.default_rng(seed)
    return same(curve, n_units) + noise * rng.normal(size=(n_units, len(curve)))


def chances(found):
    """Return the probabilities of the five outcomes, in order."""
    return (found.p_always, found.p_within, found.p_beyond, found.p_never, found.p_unknown)


# Within what was measured


def test_a_crossing_is_read_off_a_logarithmic_axis():
    """Behind by 0.1 at 16 rows and ahead by 0.1 at 64, b overtakes halfway: at 32."""
    found = crossover([16, 64], same([0.5, 0.5]), same([0.4, 0.6]))
    assert found.outcome == "within"
    assert (found.n_cross, found.low, found.high) == pytest.approx((32, 32, 32))
    assert chances(found) == (0, 1, 0, 0, 0)
    assert (found.smallest, found.largest, found.n_units) == (16, 64, 5)


def test_ahead_everywhere_is_always():
    """b ahead at every size has no crossing, and is ahead from the start."""
    found = crossover([16, 64], same([0.4, 0.5]), same([0.5, 0.6]))
    assert found.outcome == "always"
    assert (found.n_cross, found.low, found.high) == (None, None, None)
    assert chances(found) == (1, 0, 0, 0, 0)


def test_only_the_crossing_that_lasts_counts():
    """Ahead, then behind, then ahead again: the crossing is the last one, at 64 x 2 ** 0.5."""
    found = crossover([16, 32, 64, 128], same([0.5] * 4), same([0.6, 0.4, 0.4, 0.6]))
    assert found.n_cross == pytest.approx(64 * 2**0.5)


def test_levels_that_units_share_change_nothing():
    """What is added to both curves of a unit does not matter: they are paired."""
    a, b = noisy([0.5, 0.55, 0.6]), noisy([0.45, 0.56, 0.65], seed=1)
    levels = np.linspace(-0.3, 0.3, 5)[:, None]
    plain, moved = crossover([16, 32, 64], a, b), crossover([16, 32, 64], a + levels, b + levels)
    assert chances(moved) == chances(plain)
    assert (moved.low, moved.high) == pytest.approx((plain.low, plain.high))


def test_the_chance_of_being_ahead_is_students():
    """With one size to decide, the chance is that of the corrected t (Nadeau and Bengio 2003)."""
    rng = np.random.default_rng(0)
    apart = np.stack([np.full(6, -1.0), 0.04 * rng.normal(size=6)], axis=1)
    error = apart[:, 1].std(ddof=1) * np.sqrt(1 / 6 + 1 / 9)
    expected = stats.t.sf(-apart[:, 1].mean() / error, df=5)
    found = crossover([16, 64], np.zeros((6, 2)), apart, limits=(-np.inf, np.inf))
    assert 0.1 < expected < 0.9
    # Two thousand draws: three standard errors are 0.034.
    assert found.p_within == pytest.approx(expected, abs=0.034)


def test_units_that_share_rows_say_less():
    """The set is wider where units overlap."""
    a, b = noisy(0.6 - 0.2 * (N / 32) ** -0.9), noisy(0.7 - 0.6 * (N / 32) ** -0.5, seed=1)
    alone, shared = (crossover(SIZES, a, b, overlap=overlap) for overlap in (0, 1 / 9))
    assert alone.low > shared.low
    assert alone.high < shared.high


def test_the_same_tables_give_the_same():
    """Draws are seeded."""
    a, b = noisy([0.5, 0.55, 0.6]), noisy([0.45, 0.56, 0.65], seed=1)
    assert crossover([16, 32, 64], a, b) == crossover([16, 32, 64], a, b)


def test_missing_figures_pair_what_is_there():
    """Sizes with fewer than five units of both are left out; the rest is used."""
    a, b = same([0.5, 0.5, 0.5], 6), same([0.4, 0.6, 0.9], 6)
    a[0, 1] = b[:2, 2] = np.nan
    found = crossover([16, 64, 256], a, b)
    assert found.n_cross == pytest.approx(32)
    assert (found.largest, found.n_units) == (64, 5)


def test_a_crossover_is_plain_data():
    """All that is told can be written as JSON."""
    found = cost_crossover([16, 64], same([1, 2]), same([2, 1]))
    assert json.loads(json.dumps(dataclasses.asdict(found)))["where"]["outcome"] == "within"


# Too little


def test_four_units_are_not_measured():
    """Below five units there is neither probability nor set, and the reason counts them."""
    found = crossover([16, 64], same([0.5, 0.5], 4), same([0.4, 0.6], 4))
    assert found.outcome == "not-measured"
    assert chances(found) == (None,) * 5
    assert (found.n_cross, found.low, found.high) == (None, None, None)
    assert found.reason == "4 units have both, and 5 are needed"


def test_one_size_is_not_measured():
    """A crossing takes two sizes that both have."""
    b = same([0.4, 0.6])
    b[:, 1] = np.nan
    found = crossover([16, 64], same([0.5, 0.5]), b)
    assert found.outcome == "not-measured"
    assert "two sizes are needed" in found.reason


def test_nothing_in_common_is_not_measured():
    """Contenders without a common size have no range."""
    found = crossover([16], [[np.nan]], [[0.5]])
    assert (found.outcome, found.smallest, found.reach) == ("not-measured", None, None)


def test_tables_of_different_units_are_refused():
    """Rows pair by unit: both tables have as many."""
    with pytest.raises(BenchError, match="same units"):
        crossover([16, 64], same([0.5, 0.5], 5), same([0.5, 0.5], 6))


# Beyond what was measured


def test_behind_with_few_sizes_is_unknown():
    """Behind at the largest of two sizes, what follows cannot be told, and the reason is given."""
    found = crossover([16, 64], same([0.5, 0.6]), same([0.3, 0.5]))
    assert (found.outcome, found.high, found.reach) == ("unknown", None, 64)
    assert found.reason == "a cannot be extrapolated: fewer than 5 sizes were measured"


def test_a_crossing_soon_after_is_found():
    """Two power laws that cross at 1.6 times the largest size: the set holds it."""
    a = 0.8 - 0.3 * (N / 32) ** -0.8
    gap = 0.15 + 0.3 * (6500 / 32) ** -0.8
    b = 0.95 - gap * (N / 6500) ** -0.35
    found = crossover(SIZES, noisy(a, noise=0.002), noisy(b, noise=0.002, seed=1))
    assert found.outcome == "beyond"
    assert found.low <= 6500
    assert found.high is None or found.high >= 6500
    assert found.n_cross == pytest.approx(6500, rel=0.3)
    assert found.reach == 4 * 4096


def test_far_behind_is_never():
    """A b that levels off far below a does not overtake within four times the largest size."""
    a, b = 0.9 - 0.3 * (N / 32) ** -0.5, 0.6 - 0.3 * (N / 32) ** -0.8
    found = crossover(SIZES, noisy(a, noise=0.002), noisy(b, noise=0.002, seed=1))
    assert found.outcome == "never"
    assert (found.n_cross, found.low, found.high) == (None, None, None)
    assert found.p_never > 0.95


def test_probabilities_add_to_one():
    """The five outcomes exclude each other and leave nothing out."""
    rng = np.random.default_rng(5)
    for _ in range(4):
        pair = simulated_pair(rng, 5)
        assert sum(chances(crossover(SIZES, pair.a, pair.b))) == pytest.approx(1)


# Cost


def test_the_size_where_one_becomes_cheaper():
    """n seconds against 10 sqrt(n): b is cheaper from 100 rows; ratios are 2.5 and 0.625."""
    sizes = [16, 64, 256]
    n = np.array(sizes, dtype=float)
    found = cost_crossover(sizes, same(n), same(10 * n**0.5))
    assert found.where.outcome == "within"
    assert found.where.n_cross == pytest.approx(100)
    assert (found.ratio_smallest, found.ratio_largest) == pytest.approx((2.5, 0.625))


def test_cost_goes_on_by_its_power():
    """n against 25 sqrt(n): b is dearer up to 256 rows, and cheaper from 625, by extrapolation."""
    sizes = [16, 64, 256]
    n = np.array(sizes, dtype=float)
    found = cost_crossover(sizes, same(n), same(25 * n**0.5)).where
    assert found.outcome == "beyond"
    assert found.n_cross == pytest.approx(625)


def test_dearer_at_the_same_power_is_never():
    """Forty times the seconds at every size stay forty times."""
    n = np.array([16.0, 64, 256])
    found = cost_crossover([16, 64, 256], same(n), same(40 * n))
    assert found.where.outcome == "never"
    assert found.ratio_largest == pytest.approx(40)


def test_two_sizes_do_not_tell_how_cost_grows():
    """A slope takes three sizes."""
    found = cost_crossover([16, 64], same([1, 2]), same([3, 4])).where
    assert (found.outcome, found.p_unknown) == ("unknown", 1)


def test_ratios_need_no_five_units():
    """What two units took is told, though no crossing is."""
    found = cost_crossover([16, 64], same([1, 2], 2), same([2, 8], 2))
    assert found.where.outcome == "not-measured"
    assert (found.ratio_smallest, found.ratio_largest) == pytest.approx((2, 4))


# Budgets


def test_a_budget_buys_the_skill_of_the_size_it_affords():
    """At n / 16 seconds, 2 seconds buy 32 rows, halfway between 16 and 64 on a logarithmic axis."""
    skills, seconds = same([0.2, 0.6]), same([1, 4])
    poor, middle, rich = skill_for_budget([16, 64], skills, seconds, [0.5, 2, 10])
    assert (poor.n_train, poor.skill, poor.saturated) == (None, None, False)
    assert (middle.n_train, middle.skill) == pytest.approx((32, 0.4))
    assert (middle.interval.low, middle.interval.high) == pytest.approx((0.4, 0.4))
    assert (rich.n_train, rich.skill, rich.saturated) == (64, pytest.approx(0.6), True)


def test_the_best_size_within_the_budget_counts():
    """Where more rows are worse, a budget buys the smaller size."""
    (found,) = skill_for_budget([16, 64, 256], same([0.2, 0.6, 0.4]), same([1, 4, 16]), [100])
    assert (found.n_train, found.skill) == (64, pytest.approx(0.6))


def test_four_units_buy_no_interval():
    """The skill is told, how sure it is not."""
    (found,) = skill_for_budget([16, 64], same([0.2, 0.6], 4), same([1, 4], 4), [4])
    assert (found.skill, found.interval) == (pytest.approx(0.6), None)


def test_noise_of_skill_shows_in_the_interval():
    """The interval at a measured size, well within the budget, is the corrected Student's t."""
    skills = noisy([0.2, 0.6], n_units=6, noise=0.05)
    (found,) = skill_for_budget([16, 64], skills, same([1, 4], 6), [100])
    error = skills[:, 1].std(ddof=1) * np.sqrt(1 / 6 + 1 / 9)
    half = stats.t.ppf(0.95, 5) * error
    assert found.interval.high - found.interval.low == pytest.approx(2 * half, rel=0.1)


def test_a_budget_is_more_than_nothing():
    """Zero seconds are refused."""
    with pytest.raises(BenchError, match="more than 0"):
        skill_for_budget([16, 64], same([0.2, 0.6]), same([1, 4]), [0])


def test_nothing_measured_buys_nothing():
    """Without a figure no budget buys anything."""
    (found,) = skill_for_budget([16], [[np.nan]], [[1.0]], [5])
    assert (found.skill, found.saturated) == (None, False)


# Simulation


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.5, 1.0])
def test_sets_hold_the_truth(noise):
    """Of 1,000 pairs with 5 to 10 units, 87 % of the sets hold the crossing, within a factor of 4.

    The factor is the median over pairs that cross within the range, a set without an end counting
    as infinitely wide; their coverage by themselves is at least 87 % too.
    """
    rng = np.random.default_rng(20_25)
    held, within, widths = [], [], []
    for i in range(1000):
        pair = simulated_pair(rng, 5 + i % 6, noise=noise)
        found = crossover(SIZES, pair.a, pair.b)
        held.append(covers(found, pair.n_cross))
        if SIZES[0] <= pair.n_cross <= SIZES[-1]:
            within.append(held[-1])
            widths.append((found.high or np.inf) / (found.low or found.smallest))
    assert np.mean(held) >= 0.87
    assert np.mean(within) >= 0.87
    assert np.median(widths) <= 4
