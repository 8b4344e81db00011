"""How sure a mean difference is."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from bench.analysis.posterior import SPREAD_WEIGHT, TYPICAL_GAIN, TYPICAL_SPREAD, posterior


def exact(mean, spread, n, overlap):
    """Integrate the product of Student's and Cauchy's densities."""
    degrees = n - 1 + SPREAD_WEIGHT
    variance = ((n - 1) * spread**2 + SPREAD_WEIGHT * TYPICAL_SPREAD**2) / degrees
    scale = np.sqrt(variance * (1 / n + overlap))

    def density(x):
        return stats.t.pdf(x, degrees, mean, scale) * stats.cauchy.pdf(x, 0, TYPICAL_GAIN)

    ends = [-3.0, -0.01, 0.01, 3.0]
    areas = [
        integrate.quad(density, a, b, points=[p for p in (0.0, mean) if a < p < b] or None)[0]
        for a, b in itertools.pairwise(ends)
    ]
    return np.array(areas) / sum(areas)


@pytest.mark.parametrize(
    ("mean", "spread", "n", "overlap"),
    [(0.02, 0.03, 5, 1 / 9), (0.0, 0.01, 10, 1 / 9), (-0.2, 0.2, 5, 0.0), (0.3, 0.05, 30, 0.0)],
)
def test_the_probabilities_are_those_of_the_densities(mean, spread, n, overlap):
    """They agree with numerical integration of likelihood and prior to a few thousandths."""
    found = posterior(mean, spread, n, overlap=overlap)
    below, within, above = exact(mean, spread, n, overlap)
    assert [float(found.below), float(found.within), float(found.above)] == pytest.approx(
        [below, within, above], abs=0.003
    )


def test_many_units_outweigh_the_prior():
    """The interval of 2,000 units is that of their mean by the normal distribution."""
    found = posterior(0.02, 0.1, 2000)
    half = 1.6449 * 0.1 / np.sqrt(2000)
    assert (float(found.low), float(found.high)) == pytest.approx(
        (0.02 - half, 0.02 + half), abs=2e-4
    )


def test_equal_differences_are_no_certainty():
    """Five times the same difference leaves an interval that has a width."""
    found = posterior(0.0, 0.0, 5, overlap=1 / 9)
    assert found.high - found.low > 0.005


def test_overlap_widens():
    """Units that share rows tell less than units that share none."""
    apart, sharing = posterior(0.0, 0.03, 10), posterior(0.0, 0.03, 10, overlap=1 / 9)
    # 0.1 + 0.111 against 0.1: wider by a factor of 1.45, less what the prior takes off.
    assert 1.2 < (sharing.high - sharing.low) / (apart.high - apart.low) < 1.46


@given(st.floats(-1, 1), st.floats(0, 0.5), st.integers(2, 50))
def test_deep_and_classical_change_places(mean, spread, n):
    """The mirrored difference has the mirrored probabilities, which add up to one."""
    found, mirrored = posterior(mean, spread, n), posterior(-mean, spread, n)
    assert found.above == pytest.approx(mirrored.below, abs=1e-9)
    assert found.above + found.within + found.below == pytest.approx(1)
    assert found.low <= found.high


def test_many_are_told_at_once_as_each_alone():
    """Arrays give what their elements give."""
    both = posterior([0.1, -0.02], [0.02, 0.1], [5, 12], overlap=[1 / 9, 0.0])
    alone = posterior(-0.02, 0.1, 12)
    assert (both.below[1], both.low[1]) == pytest.approx((float(alone.below), float(alone.low)))
