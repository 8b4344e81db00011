"""Tests within and across datasets, held to the libraries of the field."""

from itertools import product

import baycomp
import numpy as np
import pytest
import scikit_posthocs
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.analysis.significance import (
    corrected_t,
    friedman,
    held_out_share,
    holm,
    least_datasets,
    runs_alike,
    signed_rank,
    wilcoxon,
)


def draws(*shape, seed=0):
    return np.random.default_rng(seed).normal(0.05, 0.1, size=shape)


@pytest.mark.parametrize("n", [5, 6, 12, 30, 50])
def test_signed_ranks_are_scipys_exact_ones(n):
    """Without ties, up to 50 differences, p is that of SciPy's exact distribution."""
    rows = draws(20, n)
    expected = [stats.wilcoxon(row, method="exact").pvalue for row in rows]
    assert wilcoxon(rows) == pytest.approx(expected, abs=1e-9)


def test_many_signed_ranks_are_scipys_normal_ones():
    """Beyond 50 differences, ties and zeros included, p is SciPy's normal approximation."""
    rows = np.round(draws(10, 200), 2)
    expected = [stats.wilcoxon(row, method="asymptotic").pvalue for row in rows]
    assert wilcoxon(rows) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=8))
def test_tied_signed_ranks_are_exact(row):
    """With ties, p is the share of all choices of signs that are at least as extreme, doubled."""
    figures = np.array(row, dtype=float)
    kept = figures[figures != 0]
    ranked = stats.rankdata(np.abs(kept))
    above = ranked[kept > 0].sum()
    sums = np.array([np.dot(signs, ranked) for signs in product((0, 1), repeat=len(kept))])
    tails = (sums <= above + 1e-9).mean(), (sums >= above - 1e-9).mean()
    assert wilcoxon(figures[None])[0] == pytest.approx(min(1.0, 2 * min(tails)))


def test_five_wins_of_five():
    """The least that five datasets can show is 2 / 2**5 = 1/16; none of them differing, 1."""
    found = wilcoxon(np.array([[0.1, 0.2, 0.3, 0.4, 0.5], [0.0] * 5]))
    assert found.tolist() == [0.0625, 1.0]


def test_signed_ranks_and_holm_are_those_of_scikit_posthocs():
    """A table of all pairs, adjusted, is that of `posthoc_wilcoxon`."""
    figures = draws(5, 15)
    table = scikit_posthocs.posthoc_wilcoxon(figures.tolist(), p_adjust="holm").to_numpy()
    first, second = np.triu_indices(5, 1)
    adjusted = holm(wilcoxon(figures[first] - figures[second]))
    assert adjusted == pytest.approx(table[first, second], abs=1e-6)


def test_holm_by_hand():
    """0.01 counts three times, 0.03 twice; 0.04 is no less than the one before, at most 1."""
    assert holm(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.06, 0.03, 0.06])
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize(("k", "n"), [(3, 2), (4, 10), (8, 30)])
def test_friedman_is_scipys(k, n):
    """Ties or not, Friedman's p is SciPy's."""
    figures = np.round(draws(k, n), 1)
    expected = stats.friedmanchisquare(*figures).pvalue
    assert friedman(figures) == pytest.approx(expected, abs=1e-9)


def test_friedman_of_little():
    """Two contenders or one dataset have no Friedman test; contenders always equal have p = 1."""
    assert friedman(np.zeros((2, 5))) is None
    assert friedman(np.zeros((5, 1))) is None
    assert friedman(np.zeros((3, 4))) == 1.0


def test_how_many_datasets_a_call_takes():
    """One pair: 2/2**6 is the first below 0.05; 45 pairs: 45 * 2/2**11 = 0.044 is."""
    assert least_datasets(1) == 6
    assert least_datasets(45) == 11
    n = least_datasets(15)
    unanimous = np.arange(1.0, n + 1)[None]
    assert 15 * wilcoxon(unanimous)[0] <= 0.05 < 15 * wilcoxon(unanimous[:, :-1])[0]


@pytest.mark.parametrize("n", [5, 10, 30])
def test_the_corrected_t_is_baycomps(n):
    """Probabilities are those of the correlated t test with one run of n folds."""
    one, other = draws(2, n)
    expected = baycomp.two_on_single(one, other, rope=0.02, runs=1)
    # baycomp takes 1/n for the share of test rows.
    found = corrected_t(one - other, 1 / (n - 1), rope=0.02).chances
    assert (found.better, found.equal, found.worse) == pytest.approx(expected, abs=1e-9)


def test_the_corrected_t_by_hand():
    """Differences 1 to 5, a tenth held out: 3 / sqrt(2.5 * (1/5 + 1/9)) = 3.4016 with 4 degrees."""
    found = corrected_t(np.array([1.0, 2, 3, 4, 5, np.nan]), 1 / 9)
    assert found.mean == 3.0
    assert found.n_units == 5
    assert found.p_value == pytest.approx(2 * stats.t.sf(3.4016, 4), abs=1e-5)
    half = stats.t.ppf(0.95, 4) * np.sqrt(2.5 * (1 / 5 + 1 / 9))
    assert (found.interval.low, found.interval.high) == pytest.approx((3 - half, 3 + half))


def test_the_corrected_t_of_little():
    """Four units are not enough; units that do not differ among themselves leave no doubt."""
    assert corrected_t(draws(4), 1 / 9) is None
    sure = corrected_t(np.full(5, 0.3), 1 / 9)
    assert (sure.p_value, sure.chances.better, sure.interval.low) == (0.0, 1.0, 0.3)
    equal = corrected_t(np.zeros(5), 1 / 9)
    assert (equal.p_value, equal.chances.equal) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("protocol", "share"),
    [("holdout(test=0.1, validation=0.1)", 0.1), ("holdout(test=0.25)", 0.25), ("other", None)],
)
def test_the_share_held_out(protocol, share):
    """The test share is read off the protocol, where it says one."""
    assert held_out_share(protocol) == share


@pytest.mark.parametrize("shift", [-2, 0, 1])
def test_the_bayesian_signed_rank_test_is_baycomps(shift):
    """Probabilities agree to three Monte-Carlo errors, with differences on the region's edge."""
    # Multiples of 1/64 are exact, and so is what lies on the edge.
    row = np.random.default_rng(1).integers(-3, 4, size=14) / 64 + shift / 64
    found = signed_rank(row[None], rope=1 / 64, draws=20_000)[0]
    expected = baycomp.SignedRankTest.probs(
        row, np.zeros(14), rope=1 / 64, nsamples=20_000, random_state=0
    )
    error = 3 * np.sqrt(2 * 0.25 / 20_000)
    assert (found.better, found.equal, found.worse) == pytest.approx(expected, abs=error)
    assert max(expected) < 1


def test_no_difference_is_practically_equal():
    """Contenders that are the same everywhere are practically equal, and twice as likely twice."""
    assert signed_rank(np.zeros((2, 12)))[0].equal == 1.0
    assert signed_rank(draws(1, 12)) == signed_rank(np.repeat(draws(1, 12), 2, axis=0))[:1]


def test_runs_of_neighbours_that_do_not_differ():
    """0 and 3 differ, and 1 and 3: the runs are 0-2 and 2-4, and 5 stands alone."""
    different = np.zeros((6, 6), dtype=bool)
    for a, b in [(0, 3), (1, 3), (0, 4), (1, 4), *((at, 5) for at in range(5))]:
        different[a, b] = different[b, a] = True
    assert runs_alike(different.tolist()) == ((0, 1, 2), (2, 3, 4))


@given(st.integers(1, 7).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n * n)))))
def test_no_two_in_a_run_differ(case):
    """Whatever differs, runs hold none of it, none is in another, and no alike neighbours miss."""
    n, pairs = case
    different = np.zeros((n, n), dtype=bool)
    for pair in pairs:
        a, b = divmod(pair % (n * n), n)
        different[a, b] = different[b, a] = a != b
    runs = runs_alike(different.tolist())
    for run in runs:
        assert not different[np.ix_(run, run)].any()
        assert not any(set(run) < set(other) for other in runs)
    together = {(run[at], run[at + 1]) for run in runs for at in range(len(run) - 1)}
    assert together == {(a, a + 1) for a in range(n - 1) if not different[a, a + 1]}
