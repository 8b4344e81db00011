"""Which contenders of a board can be told apart."""

import numpy as np
import pytest

from bench.analysis.distinctions import distinguish


def ladder(n, *steps):
    """Contenders a, b, ... of which each is better than the next by a step on all n datasets."""
    level = np.concatenate([[0.0], -np.cumsum(steps)])
    noise = np.arange(n) / 1000
    return [chr(97 + at) for at in range(len(level))], level[:, None] + noise


def test_a_clear_order_is_told_apart():
    """Ten datasets on which all agree tell three contenders apart, pair by pair."""
    names, figures = ladder(10, 0.1, 0.2)
    found = distinguish(names[::-1], figures[::-1])
    assert found.names == ("a", "b", "c")
    assert found.ranks == (1.0, 2.0, 3.0)
    assert [(p.first, p.second) for p in found.pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [p.gain for p in found.pairs] == pytest.approx([0.1, 0.3, 0.2])
    # 2 / 2**10 each, three times that in all.
    assert [p.p_adjusted for p in found.pairs] == pytest.approx([3 / 512] * 3)
    assert all(p.is_different and (p.wins, p.losses) == (10, 0) for p in found.pairs)
    assert (found.groups, found.reason) == ((), "")
    # Friedman: 12 / (10 * 3 * 4) * (100 + 400 + 900) - 3 * 10 * 4 = 20, chi-squared with 2 degrees
    assert found.friedman_p == pytest.approx(np.exp(-10))


def test_equal_contenders_share_a_group():
    """Two that win in turn cannot be told apart, and both can from the third."""
    names, figures = ladder(20, 0.0, 0.5)
    figures[0, ::2] += 0.01
    figures[1, 1::2] += 0.01
    found = distinguish(names, figures)
    assert found.groups == (("a", "b"),)
    assert found.letters == {"a": "a", "b": "a", "c": ""}
    assert [p.is_different for p in found.pairs] == [False, True, True]
    assert (found.pairs[0].wins, found.pairs[0].ties, found.pairs[0].losses) == (10, 0, 10)


def test_few_datasets_cannot_distinguish():
    """Nine datasets are too few for six contenders, however clear they are, and it says so."""
    names, figures = ladder(9, *[0.1] * 5)
    found = distinguish(names, figures)
    assert found.least_datasets == 10
    assert found.reason == "for 15 pairs it takes at least 10 datasets, and there are 9"
    assert not any(pair.is_different for pair in found.pairs)
    assert found.groups == (tuple("abcdef"),)
    assert distinguish(*ladder(10, *[0.1] * 5)).groups == ()


def test_friedmans_test_comes_first():
    """Where all together do not differ, no pair is called different."""
    figures = np.random.default_rng(3).normal(size=(5, 14))
    found = distinguish(list("abcde"), figures)
    assert found.friedman_p > 0.05
    assert found.reason.startswith("Friedman's test of all finds no difference (p = 0.")
    assert found.groups == (found.names,)


def test_two_contenders_need_no_test_of_all():
    """A single pair is decided by its own test."""
    found = distinguish(["a", "b"], ladder(6, 0.1)[1])
    assert found.friedman_p is None
    assert found.pairs[0].is_different


def test_probabilities_from_twelve_datasets_on():
    """Below twelve datasets there is no probability; from there on the first has one per rival."""
    few, many = (distinguish(*ladder(n, 0.1, 0.001)) for n in (11, 12))
    assert all(pair.chances is None for pair in few.pairs)
    first, second, third = (pair.chances for pair in many.pairs)
    assert first.better > 0.99
    assert second.better > 0.99
    assert third is None


def test_nothing_to_compare():
    """One contender, or no dataset, is no comparison."""
    assert distinguish(["a"], np.ones((1, 5))) is None
    assert distinguish(["a", "b"], np.ones((2, 0))) is None
