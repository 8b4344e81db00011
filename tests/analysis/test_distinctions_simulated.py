"""What the tests and intervals promise, held to simulated worlds whose truth is known.

A world: skill of k learners on datasets and outer seeds. Datasets suit learners differently, by
heavy-tailed effects; seeds are noisier on some datasets than on others, and what a seed does to one
learner it does in part to all, as shared splits do.
"""

import numpy as np
import pytest

from bench.analysis import distinctions, elo
from bench.analysis.distinctions import distinguish
from bench.analysis.intervals import Block, intervals
from bench.analysis.significance import corrected_t, wilcoxon

pytestmark = pytest.mark.slow

N_WORLDS = 1000
# 50 expected of 1,000 at 5 %, and 1.7 standard deviations.
MOST_CALLED = 62


def heavy(rng, *shape):
    """Student's t with 4 degrees, scaled to a standard deviation of 1."""
    return rng.standard_t(4, size=shape) / np.sqrt(2)


def skewed(rng, *shape):
    """Now and then much worse than usual, with mean 0 and standard deviation 1."""
    return (4 - rng.gamma(4, size=shape)) / 2


def world(rng, gaps, n_datasets, n_seeds, between=0.03, within=0.03):
    """Mean skill (n_learners, n_datasets) over seeds; a learner's gap is its advantage."""
    k = len(gaps)
    own = np.array(gaps)[:, None] + between * heavy(rng, k, n_datasets)
    scale = within * rng.lognormal(0, 0.5, size=(1, n_datasets, 1))
    shared = scale * heavy(rng, 1, n_datasets, n_seeds)
    return (own[:, :, None] + shared + scale * heavy(rng, k, n_datasets, n_seeds)).mean(axis=2)


@pytest.mark.parametrize("n_seeds", [5, 10])
@pytest.mark.parametrize("n_datasets", [12, 30])
def test_exchangeable_learners_are_rarely_called_different(n_seeds, n_datasets):
    """Of 1,000 pairs of exchangeable learners at most 62 are told apart, and some are."""
    rng = np.random.default_rng(n_seeds * n_datasets)
    worlds = [world(rng, (0, 0), n_datasets, n_seeds) for _ in range(N_WORLDS)]
    called = wilcoxon(np.array([one - other for one, other in worlds])) <= 0.05
    print(f"\ncalled different: {called.sum()} of {N_WORLDS}")
    assert 10 <= called.sum() <= MOST_CALLED


@pytest.mark.parametrize("n_datasets", [12, 30])
def test_boards_of_exchangeable_learners_rarely_tell_any_apart(n_datasets, monkeypatch):
    """Of 1,000 boards of five exchangeable learners at most 62 tell any of ten pairs apart."""
    # Probabilities call nobody different, and are most of the work.
    monkeypatch.setattr(distinctions, "signed_rank", lambda pairs: [None] * len(pairs))
    rng = np.random.default_rng(n_datasets)
    called = sum(
        any(
            pair.is_different
            for pair in distinguish("abcde", world(rng, [0] * 5, n_datasets, 5)).pairs
        )
        for _ in range(N_WORLDS)
    )
    print(f"\nboards with a false call: {called} of {N_WORLDS}")
    assert called <= MOST_CALLED


@pytest.mark.parametrize("n_seeds", [5, 10])
def test_exchangeable_learners_rarely_differ_within_a_dataset(n_seeds):
    """Of 1,000 datasets at most 62 tell learners apart whose seeds share a tenth of the chance."""
    rng = np.random.default_rng(n_seeds)
    called = 0
    for _ in range(N_WORLDS):
        # Correlated by the share of test rows, as the test takes it.
        figures = np.sqrt(0.1) * rng.normal() + np.sqrt(0.9) * rng.normal(size=n_seeds)
        called += corrected_t(0.02 * figures, 1 / 9).p_value <= 0.05
    print(f"\ncalled different within a dataset: {called} of {N_WORLDS}")
    assert 20 <= called <= 70  # 50 and 2.9 standard deviations: here the 5 % are exact


@pytest.mark.parametrize("between", [0.02, 0.03, 0.04])
def test_a_gap_of_three_regions_of_equivalence_is_found(between):
    """A gap of 0.03 is found by 10 seeds x 30 datasets in at least 80 % of worlds."""
    rng = np.random.default_rng(0)
    worlds = [world(rng, (0.03, 0), 30, 10, between) for _ in range(N_WORLDS)]
    found = (wilcoxon(np.array([one - other for one, other in worlds])) <= 0.05).mean()
    print(f"\nfound at {between}: {found:.1%}")
    assert found >= 0.8


@pytest.mark.parametrize("noise", [heavy, skewed])
@pytest.mark.parametrize(
    ("n_units", "n_datasets", "least", "most"),
    [
        *((5, 1, 0.87, 1), (5, 12, 0.87, 1), (8, 1, 0.87, 1), (12, 1, 0.87, 1)),
        *((30, 1, 0.87, 0.93), (60, 1, 0.87, 0.93)),
    ],
)
def test_intervals_hold_the_mean_as_often_as_they_say(noise, n_units, n_datasets, least, most):
    """90 % intervals over outer seeds hold the true mean of these datasets in about 90 %."""
    rng = np.random.default_rng(n_units)
    held = 0
    for at in range(N_WORLDS):
        truth = rng.normal(0.5, 0.1, size=n_datasets)
        figures = truth[:, None] + 0.03 * noise(rng, n_datasets, n_units)
        blocks = [Block(f"{at}-{i}", row[None]) for i, row in enumerate(figures)]
        (found,) = intervals(blocks, lambda means: means, draws=500)
        held += found.low <= truth.mean() <= found.high
    print(f"\nheld by {n_units} seeds x {n_datasets}: {held / N_WORLDS:.1%}")
    assert least <= held / N_WORLDS <= most


@pytest.mark.parametrize("gaps", [(0.0, 0.03), (0.0, 0.02, 0.04, 0.06)])
@pytest.mark.parametrize(
    ("n_datasets", "least", "most"), [(5, 0.87, 1), (12, 0.87, 1), (30, 0.87, 0.93)]
)
def test_intervals_hold_elo_as_often_as_they_say(gaps, n_datasets, least, most):
    """90 % intervals hold the rating that very many datasets give in about 90 % of worlds."""
    rng = np.random.default_rng(n_datasets)
    many = elo.outcomes(world(rng, gaps, 20_000, 5)).sum(axis=0)
    truth = elo.CENTRE + elo.SCALE * elo.strengths(many)
    held = []
    for _ in range(400):
        found = elo.ratings(world(rng, gaps, n_datasets, 5), draws=400)
        ends = np.array([(one.interval.low, one.interval.high) for one in found]).T
        held.append((ends[0] <= truth) & (truth <= ends[1]))
    print(f"\nElo held by {n_datasets} datasets, {len(gaps)} contenders: {np.mean(held):.1%}")
    assert least <= np.mean(held) <= most
