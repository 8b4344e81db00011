"""Which model to take, what is known of it, and what more minutes would buy."""

from types import SimpleNamespace

import pyarrow as pa
import pytest

from bench import Metric
from bench.analysis.intervals import Interval
from bench.choosing.choice import Choice, ahead, answer_size, choose, more
from bench.choosing.choice import test_curve as curve_of
from bench.choosing.so_far import Entrant, Seen, SoFar
from bench.choosing.telling import describe_choice

ACCURACY = Metric(
    name="accuracy", direction="higher", ideal=1.0, needs="labels", function="m:accuracy"
)
RMSE = Metric(name="rmse", direction="lower", ideal=0.0, needs="numbers", function="m:rmse")
ENTRANTS = (
    Entrant("dummy", "baseline"),
    Entrant("a", "classical"),
    Entrant("b", "classical"),
    Entrant("net", "deep"),
)
PAIR = tuple(entrant for entrant in ENTRANTS if entrant.name != "b")


def scored(entrant, size, *scores, fit_seconds=1.0):
    return [
        Seen(
            entrant=entrant,
            size=size,
            seed=seed,
            status="ok",
            score=score,
            fit_seconds=fit_seconds,
        )
        for seed, score in enumerate(scores)
    ]


def results_of(rows):
    """Tables of trials (label, size, seed, test value) as far as a choice reads them."""
    trials = [
        {
            "trial_id": str(at),
            "label": label,
            "n_train": size,
            "outer_seed": seed,
            "status": "ok",
            "init_seconds": 0.5,
            "warm_up_seconds": 10.0 if at == 0 else 1.0,
            "fit_seconds": 2.0,
            "latency_1_seconds": 0.001,
            "peak_anon_bytes": 2**20,
            "n_parameters": None,
            "size_unit": "rows",
        }
        for at, (label, size, seed, _) in enumerate(rows)
    ]
    scores = [
        {"trial_id": str(at), "part": part, "slice": "", "metric": "accuracy", "value": value}
        for at, (*_, test) in enumerate(rows)
        for part, value in (("test", test), ("validation", 0.0))
    ]
    return SimpleNamespace(trials=pa.Table.from_pylist(trials), scores=pa.Table.from_pylist(scores))


FIVE = [0.8, 0.8, 0.8, 0.8, 0.8]


def test_candidates_are_compared_where_both_families_have_five_seeds():
    """On 400 rows the network has four: the answer is that of 100 rows."""
    seen = [
        *scored("a", 100, *FIVE),
        *scored("net", 100, *FIVE),
        *scored("a", 400, *FIVE),
        *scored("net", 400, *FIVE[:4]),
    ]
    assert answer_size(SoFar(ENTRANTS, seen), [100, 400]) == 100


def test_fewer_seeds_answer_where_there_are_no_five():
    """Two on 400 rows are more than one; without any score there is no answer."""
    seen = [*scored("a", 400, 0.8, 0.8), *scored("net", 400, 0.7, 0.7)]
    assert answer_size(SoFar(ENTRANTS, seen), [100, 400]) == 400
    assert answer_size(SoFar(ENTRANTS, []), [100, 400]) is None


def test_a_family_that_never_scored_is_not_waited_for():
    """All networks failed: the classical ones are compared on all rows."""
    assert answer_size(SoFar(ENTRANTS, scored("a", 400, *FIVE)), [100, 400]) == 400


def test_validation_rows_choose_and_test_rows_report():
    """b is better on test rows, a on validation rows: a is taken, with a's own test score."""
    evidence = SoFar(
        ENTRANTS,
        [*scored("a", 100, 0.9, 0.9, 0.9, 0.9, 0.9), *scored("b", 100, 0.6, 0.7, 0.6, 0.7, 0.6)],
    )
    rows = [("a", 100, seed, 0.7) for seed in range(5)]
    rows += [("b", 100, seed, 0.99) for seed in range(5)]
    choice = choose(evidence, results_of(rows), ACCURACY, 100)
    assert (choice.model, choice.family, choice.n_train, choice.n_seeds) == (
        "a",
        "classical",
        100,
        5,
    )
    assert choice.validation == pytest.approx(0.9)
    assert choice.test == pytest.approx(0.7)
    assert choice.as_good == ()
    # A warm fit is 2 s; the first trial began cold: 0.5 + 10 + 2.
    assert choice.fit_seconds == 2.0
    assert choice.cold_seconds == 12.5


def test_those_that_cannot_be_told_apart_are_named():
    """Differences of 0.01 and -0.01 in turn say nothing."""
    up_and_down = [0.81, 0.79, 0.81, 0.79, 0.80]
    evidence = SoFar(ENTRANTS, [*scored("a", 100, *FIVE), *scored("net", 100, *up_and_down)])
    rows = [("a", 100, seed, 0.7) for seed in range(5)]
    assert choose(evidence, results_of(rows), ACCURACY, 100).as_good == ("net",)


def test_the_interval_of_the_test_score_is_student_s():
    """Values 0.70 to 0.74: mean 0.72, s = 0.0158, t(0.95; 4) = 2.132, half width 0.0151."""
    evidence = SoFar(ENTRANTS, scored("a", 100, *FIVE))
    rows = [("a", 100, seed, 0.70 + seed / 100) for seed in range(5)]
    choice = choose(evidence, results_of(rows), ACCURACY, 100)
    assert choice.test_low == pytest.approx(0.72 - 0.0151, abs=1e-4)
    assert choice.test_high == pytest.approx(0.72 + 0.0151, abs=1e-4)


def test_a_loss_keeps_its_sign():
    """Of root mean squared errors the smaller is better, and is shown as it was measured."""
    evidence = SoFar(ENTRANTS, [*scored("a", 100, -3.0, -3.0), *scored("b", 100, -4.0, -4.0)])
    results = results_of([("a", 100, 0, 3.1), ("a", 100, 1, 3.3)])
    names = pa.array(["rmse"] * results.scores.num_rows)
    results.scores = results.scores.set_column(3, "metric", names)
    choice = choose(evidence, results, RMSE, 100)
    assert (choice.model, choice.validation) == ("a", 3.0)
    assert choice.test == pytest.approx(3.2)
    assert choice.test_low is choice.test_high is None


def told(**changes):
    given = {
        "sizes": [100, 400],
        "size": 100,
        "n_slots": 2,
    }
    given |= changes
    evidence = given.pop("evidence")
    size, sizes = given.pop("size"), given.pop("sizes")
    return more(evidence, sizes, size, **given)


def test_more_minutes_would_reach_all_rows():
    """Two finalists, five fits each: 10 fits of 1 s on 100 rows.

    On 400 rows, two octaves beyond, a fit is forecast as 1 s * 4**1.2 * 1.15**3 = 8.03 s; two slots
    of which 85 % is trials make of 80.3 s 47 s.
    """
    evidence = SoFar(PAIR, [*scored("a", 100, *FIVE), *scored("net", 100, *FIVE)])
    (sentence,) = told(evidence=evidence)
    assert sentence == (
        "about 47 s more: the best two of each family on all 400 training rows, not on 100 alone"
    )


def test_more_minutes_would_narrow_the_interval():
    """Twice the seeds, the interval narrower by the root of two: 0.04 to 0.028."""
    evidence = SoFar(PAIR, [*scored("a", 400, *FIVE), *scored("net", 400, *FIVE)])
    verdict = SimpleNamespace(
        gain_interval=Interval(-0.05, 0.03), n_units=5, has_skill=True, region=0.01
    )
    (sentence,) = told(evidence=evidence, size=400, verdict=verdict)
    assert "10 outer seeds in place of 5" in sentence
    assert "±0.028 of skill, now ±0.040" in sentence


def test_more_minutes_would_give_the_eliminated_a_chance():
    """b was left behind on 100 rows."""
    seen = [*scored("a", 400, *FIVE), *scored("net", 400, *FIVE), *scored("b", 100, 0.5)]
    (sentence,) = told(evidence=SoFar(ENTRANTS, seen), size=400)
    assert "more: b on 400 rows, too" in sentence


def test_too_few_seeds_are_said():
    """Two outer seeds are no verdict."""
    seen = [*scored("a", 400, 0.8, 0.8), *scored("net", 400, 0.8, 0.8)]
    (sentence,) = told(evidence=SoFar(PAIR, seen), size=400)
    assert "5 outer seeds, below which there is no verdict; there are 2" in sentence


def test_those_for_whom_there_was_no_time_are_named():
    """b was never tried: nothing is known of it, and a look takes as long as a's, 1 s of 0.85."""
    evidence = SoFar(ENTRANTS, [*scored("a", 400, *FIVE), *scored("net", 400, *FIVE)])
    choice = choose(evidence, results_of([("a", 400, 0, 0.7)]), ACCURACY, 400)
    assert (choice.untried, choice.n_candidates) == (("b",), 3)
    assert "not tried for want of time: b (1 of 3 candidates)" in describe_choice(choice)
    (sentence,) = told(evidence=evidence, size=400, n_slots=1)
    assert sentence == ("about 1.2 s more: a first look at 1 candidate that there was no time for")


def test_a_short_curve_is_not_drawn_on():
    """Two sizes say nothing of twice the rows."""
    results = results_of([("a", size, seed, 0.7) for size in (50, 100) for seed in range(5)])
    assert ahead(curve_of(results, ACCURACY, "a"), ACCURACY, 100) == ""


def test_a_long_curve_is_drawn_on():
    """Five sizes of 1 - n ** -0.5 and a little noise: about 0.98 at 3,200 rows."""
    rows = [
        ("a", size, seed, 1 - size**-0.5 + (seed - 2) * 1e-3)
        for size in (100, 200, 400, 800, 1600)
        for seed in range(5)
    ]
    sentence = ahead(curve_of(results_of(rows), ACCURACY, "a"), ACCURACY, 1600)
    assert sentence.startswith("With 3,200 training rows its accuracy may be 0.98")


def test_the_answer_in_words():
    """Model, score with interval, how it was chosen, price."""
    evidence = SoFar(ENTRANTS[:2], scored("a", 100, *FIVE))
    rows = [("a", 100, seed, 0.70 + seed / 100) for seed in range(5)]
    lines = describe_choice(choose(evidence, results_of(rows), ACCURACY, 100))
    assert lines == [
        "Take a (classical).",
        "accuracy 0.720 (0.705 to 0.735) on test rows; chosen on validation rows (0.800, "
        "5 outer seeds, 100 training rows)",
        "a fit takes 2.00 s, from a cold start 12.5 s, a prediction 1.00 ms, 1 MiB of memory",
    ]


def test_sizes_are_called_what_the_task_calls_them():
    """What is chosen among may be measured by other things than rows."""
    choice = Choice(
        model="a", family="classical", n_train=512, size_unit="characters", n_seeds=5,
        metric="accuracy", validation=0.8, test=0.7,
    )  # fmt: skip
    assert describe_choice(choice)[1] == (
        "accuracy 0.700 on test characters; chosen on validation characters (0.800, 5 outer seeds, "
        "512 training characters)"
    )
