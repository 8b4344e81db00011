"""The schedule of `bench choose`, alone and played on recorded curves under a simulated clock."""

from dataclasses import replace

import numpy as np
import pytest
from replaying import Recorded, largest_size, pick, play

from bench.choosing.schedule import (
    State,
    Wanted,
    curve_sizes,
    largest_affordable,
    next_trials,
    rungs,
)
from bench.choosing.so_far import Entrant, Seen
from bench.choosing.table import sizes_of

CLASSICAL = [f"classical-{i}" for i in range(8)]
DEEP = [f"deep-{i}" for i in range(4)]
ENTRANTS = [
    ("dummy", "baseline"),
    *((name, "classical") for name in CLASSICAL),
    *((name, "deep") for name in DEEP),
]
SIZES = sizes_of(1110)
SEEDS = range(20)


def recorded(draw, *, sizes=SIZES, noise=0.02, slow=1.0, reach=None):
    """Learning curves ``best - scale / sqrt(n)`` with noise, and seconds in proportion to rows.

    A split is as hard for one candidate as for another; test scores are the truth.
    """
    rng = np.random.default_rng(draw)
    table = {}
    hard = {(size, seed): rng.normal(0, noise) for size in sizes for seed in SEEDS}
    for name, family in ENTRANTS:
        best, scale = (0.5, 0.0) if family == "baseline" else rng.uniform((0.7, 0.5), (0.9, 2.5))
        rate = slow * rng.uniform(0.5, 1.5) * (2e-3 if family == "deep" else 2e-4)
        for size in sizes:
            truth = best - scale / np.sqrt(size)
            for seed in SEEDS:
                score = truth + hard[size, seed] + rng.normal(0, noise)
                if (reach or {}).get(name, size) >= size:
                    table[name, size, seed] = Recorded(
                        score,
                        truth,
                        rate * size,
                        1.0 if family == "deep" else 0.3,
                        5.0 if family == "deep" else 0.0,
                    )
    return table


def ranked(table, names, size):
    """Return names by their mean validation score, best first."""
    means = {name: np.mean([table[name, size, seed].score for seed in SEEDS]) for name in names}
    return sorted(names, key=means.get, reverse=True)


def seeds_at(played, size):
    """Return how many outer seeds each candidate has at a size."""
    counts = {}
    for seen in played.seen:
        if seen.size == size and seen.score is not None:
            counts[seen.entrant] = counts.get(seen.entrant, 0) + 1
    return counts


def test_sizes_halve_from_all_rows_down():
    """1110, 555, 277.5, 138.75 and 69.4 rows, rounded up; half of 70 would be below 64."""
    assert sizes_of(1110) == [70, 139, 278, 555, 1110]
    assert sizes_of(40) == [40]


def test_candidates_are_compared_on_a_quarter_of_the_rows_first():
    """From at least 200 rows and a sixteenth of all; of very many rows, from some 2,000."""
    assert rungs(sizes_of(1110)) == [278, 1110]
    assert rungs(sizes_of(26374)) == [1649, 6594, 26374]
    assert rungs(sizes_of(100)) == [100]
    assert rungs(sizes_of(800_000)) == [3125, 12_500, 50_000, 200_000, 800_000]


def test_curves_get_a_point_for_every_quarter():
    """Below 26,374: 6,594, 1,649 and 413, and no more than three."""
    assert curve_sizes(sizes_of(26374), 26374) == [6594, 1649, 413]
    assert curve_sizes(sizes_of(1110), 1110) == [278, 70]


def state(**changes):
    given = {
        "entrants": tuple(Entrant(*entrant) for entrant in ENTRANTS),
        "sizes": tuple(SIZES),
        "seeds": tuple(SEEDS),
        "n_slots": 2,
        "left_seconds": 100.0,
    }
    return State(**{**given, **changes})


def test_both_families_and_the_baseline_come_first():
    """On few rows, the first seed, the families in turn."""
    first = next_trials(state(n_slots=3))
    assert [(w.entrant, w.size, w.seed) for w in first] == [
        ("classical-0", 278, 0),
        ("dummy", 278, 0),
        ("deep-0", 278, 0),
    ]


def test_the_same_state_gives_the_same_trials():
    """It is a function: asked twice, it answers twice the same."""
    given = state()
    assert next_trials(given) == next_trials(given) == next_trials(replace(given))


def test_nothing_is_started_without_a_slot_or_time():
    """Where all slots are busy, and where no second is left."""
    busy = (Wanted("classical-0", 278, 0, 30.0), Wanted("dummy", 278, 0, 30.0))
    assert next_trials(state(running=busy)) == ()
    assert next_trials(state(left_seconds=0.0)) == ()


def test_what_runs_is_not_started_again():
    """The next trial is another one than that of the other slot."""
    running = (Wanted("classical-0", 278, 0, 30.0),)
    (wanted,) = next_trials(state(running=running))
    assert (wanted.entrant, wanted.size, wanted.seed) != ("classical-0", 278, 0)


def test_limits_end_with_the_time():
    """A trial may go on for no longer than what is left and the grace."""
    (wanted, *_) = next_trials(state(left_seconds=10.0, grace_seconds=2.0))
    assert wanted.limit_seconds == pytest.approx(12.0)


def test_a_trial_that_does_not_fit_is_not_started():
    """The network takes 50 s on 278 rows, and 20 s are left: it is not sent there or beyond."""
    slow = Seen(entrant="deep-0", size=278, seed=0, status="ok", score=0.9, fit_seconds=50.0)
    played = state(seen=(slow,), left_seconds=20.0, n_slots=40)
    started = next_trials(played)
    assert len(started) > 20
    assert not [w for w in started if w.entrant == "deep-0" and w.size >= 278]


@pytest.fixture(scope="module")
def played():
    """One table played for 100 seconds on two slots."""
    table = recorded(1)
    return table, play(ENTRANTS, table, SIZES, SEEDS, seconds=100)


def test_the_best_two_of_each_family_reach_the_largest_size(played):
    """With five outer seeds each."""
    table, ended = played
    counts = seeds_at(ended, 1110)
    for names in (CLASSICAL, DEEP):
        by_looks = sorted(
            names,
            key=lambda name: np.mean([table[name, 278, seed].score for seed in range(2)]),
            reverse=True,
        )
        assert all(counts.get(name, 0) >= 5 for name in by_looks[:2])


def test_every_cell_has_its_baseline(played):
    """Skill needs the baseline's score on the same split and size."""
    _, ended = played
    cells = {(seen.size, seen.seed) for seen in ended.seen if seen.entrant != "dummy"}
    baselines = {(seen.size, seen.seed) for seen in ended.seen if seen.entrant == "dummy"}
    assert cells <= baselines


def test_nothing_is_measured_twice(played):
    """Each cell once."""
    cells = [(seen.entrant, seen.size, seen.seed) for seen in played[1].seen]
    assert len(cells) == len(set(cells))


def test_the_best_of_each_family_get_a_curve(played):
    """Five seeds on fewer rows, too, for both families."""
    _, ended = played
    for names in (CLASSICAL, DEEP):
        assert any(seeds_at(ended, 278).get(name, 0) >= 5 for name in names)


@pytest.mark.parametrize("slow", [0.1, 1.0, 30.0, 300.0])
@pytest.mark.parametrize("seconds", [20, 100])
def test_it_ends_in_time(slow, seconds):
    """Whatever trials cost; they are no longer on many rows than their line says."""
    ended = play(ENTRANTS, recorded(2, slow=slow), SIZES, SEEDS, seconds=seconds)
    assert ended.seconds <= 1.1 * seconds


def test_the_largest_size_is_one_that_the_finals_fit():
    """Three hundred times slower, networks take minutes on all rows: fewer rows, all five seeds."""
    ended = play(ENTRANTS, recorded(3, slow=60.0), SIZES, SEEDS, seconds=400)
    size = largest_size(ended, 5)
    assert size < 1110
    counts = seeds_at(ended, size)
    for names in (CLASSICAL, DEEP):
        assert sum(counts.get(name, 0) >= 5 for name in names) >= 2


def test_more_time_allows_more_rows():
    """The largest affordable size grows with the seconds that are left."""
    seen = tuple(
        Seen(entrant=name, size=278, seed=0, status="ok", score=0.5, fit_seconds=1.0)
        for name in (*CLASSICAL, *DEEP)
    )
    sizes = [largest_affordable(state(seen=seen, left_seconds=s)) for s in (5, 40, 1000)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1] == 1110


def test_what_a_model_refuses_is_not_asked_again():
    """The best candidate refuses more than 278 rows: once, and others go on in its place."""
    table = recorded(4)
    best = ranked(table, CLASSICAL, 278)[0]
    limited = recorded(4, reach={best: 278})
    ended = play(ENTRANTS, limited, SIZES, SEEDS, seconds=100)
    refused = [seen for seen in ended.seen if seen.entrant == best and seen.status == "skipped"]
    assert len([seen for seen in refused if seen.size == 1110]) <= 2
    counts = seeds_at(ended, 1110)
    assert sum(counts.get(name, 0) >= 5 for name in CLASSICAL) >= 2


def test_test_rows_change_nothing():
    """Other test scores, the same trials in the same order."""
    table = recorded(5)
    other = {cell: replace(found, test=1 - found.test) for cell, found in table.items()}
    first, second = (play(ENTRANTS, t, SIZES, SEEDS, seconds=60) for t in (table, other))
    assert first.began == second.began


def test_what_it_picks_is_as_good_as_the_full_run_s_best():
    """In at least 18 of 20 tables, within a hundredth of the best on test rows."""
    good = 0
    for draw in range(20):
        table = recorded(100 + draw)
        ended = play(ENTRANTS, table, SIZES, SEEDS, seconds=100)
        size = largest_size(ended, 5)
        truth = {name: table[name, size, 0].test for name in (*CLASSICAL, *DEEP)}
        good += truth[pick(ENTRANTS, ended, size)] >= max(truth.values()) - 0.01
    assert good >= 18
