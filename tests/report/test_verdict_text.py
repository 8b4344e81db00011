"""Verdicts in words."""

import json
from dataclasses import replace

import pytest

from bench.analysis.crossover import BudgetSkill, CostCrossover, Crossover
from bench.analysis.intervals import Interval
from bench.analysis.prices import Cost, Price
from bench.analysis.verdict import Verdict
from bench.report.verdicts.details import details
from bench.report.verdicts.sentence import sentence
from bench.report.verdicts.several import lines, to_object

BEYOND = Crossover(
    outcome="beyond",
    p_always=0.0,
    p_within=0.0,
    p_beyond=0.9,
    p_never=0.1,
    p_unknown=0.0,
    n_cross=12_034.0,
    low=5_012.0,
    high=29_950.0,
    smallest=16,
    largest=8_000,
    reach=32_000.0,
    n_units=5,
    reason=None,
)
PRICE = {
    family: Price(winner=Cost(warm_seconds=s, memory_bytes=2**20), total=Cost(warm_seconds=3 * s))
    for family, s in (("classical", 0.1), ("deep", 4.0))
}
EQUAL = Verdict(
    scope="dataset",
    name="adult",
    task="classification",
    metric="balanced-accuracy",
    decision="equal",
    choice="classical",
    n_train=8_000,
    sizes=(8_000, 8_000),
    n_units=10,
    p_deep=0.02,
    p_equal=0.95,
    p_classical=0.03,
    gain=0.001,
    gain_interval=Interval(-0.006, 0.01),
    gain_in_metric=0.0005,
    gain_in_metric_interval=Interval(-0.003, 0.005),
    is_share=True,
    winners={"classical": "lda", "deep": "mlp"},
    candidates={"classical": 3, "deep": 3},
    price=PRICE,
    ratios={"warm_seconds": 40.0, "latency_seconds": 0.5},
    total_ratios={"warm_seconds": 40.0},
    crossover=BEYOND,
)


def test_the_sentence_of_the_design():
    """Equal scores, a price, and where deep may overtake."""
    assert sentence(EQUAL) == (
        "classical: within 0.5 points of balanced accuracy, 40 times faster; "
        "deep may overtake beyond 12,000 rows (5,000 to 30,000)"
    )


def test_a_winner_is_better_by_so_much():
    """The gain in the metric, how sure it is, and that it takes longer."""
    deep = replace(EQUAL, decision="deep", choice="deep", gain_in_metric=0.031, p_deep=0.973)
    assert sentence(deep) == (
        "deep: better by 3.1 points of balanced accuracy (97 % sure), 40 times slower"
    )


def test_a_deep_winner_is_told_from_which_size_on():
    """Below the crossover classical was ahead."""
    within = replace(BEYOND, outcome="within", n_cross=310.0, low=120.0, high=700.0)
    deep = replace(EQUAL, decision="deep", choice="deep", crossover=within)
    assert sentence(deep).endswith("; deep overtakes at 310 rows (120 to 700)")


def test_a_metric_that_is_no_share_is_not_in_points():
    """An error has its own unit."""
    classical = replace(
        EQUAL,
        decision="classical",
        choice="classical",
        metric="rmse",
        is_share=False,
        gain_in_metric=3.456,
        p_classical=0.995,
        crossover=None,
    )
    assert sentence(classical) == "classical: better by 3.46 of rmse (> 99 % sure), 40 times faster"


def test_too_close_to_call():
    """Neither is chosen; the interval is there, and what may tell."""
    near = replace(
        EQUAL,
        decision="undecided",
        choice=None,
        crossover=None,
        gain_in_metric=0.012,
        gain=0.02,
        gain_interval=Interval(-0.01, 0.05),
        missing=("about 7 more outer seeds of all contenders at 8,000 rows",),
        n_missing=49,
    )
    assert sentence(near) == (
        "too close to call: deep ahead by 1.2 points of balanced accuracy, 90 % interval -0.010 to "
        "+0.050 of skill for deep; about 7 more outer seeds of all contenders at 8,000 rows "
        "(49 trials) may tell"
    )


def test_not_better_is_enough_for_the_cheaper():
    """Between classical and equal it stays open, but deep is not worth its price."""
    one = replace(EQUAL, decision="undecided", p_deep=0.04, crossover=None)
    assert sentence(one) == (
        "classical: deep is not better by more than 0.01 of skill (96 % sure), deep ahead by 0.1 "
        "points of balanced accuracy, 40 times faster"
    )


def test_not_enough_measured_says_what_to_run():
    """The number of trials first, then which."""
    few = replace(
        EQUAL,
        decision="not-measured",
        choice=None,
        missing=("3 more outer seeds of all contenders at 64 rows",),
        n_missing=9,
    )
    assert sentence(few) == (
        "not enough measured: run these 9 trials: 3 more outer seeds of all contenders at 64 rows"
    )


def test_datasets_are_counted():
    """Across few datasets the counts speak."""
    task = replace(
        EQUAL,
        scope="task",
        name="classification",
        decision="classical",
        counts={"deep": 0, "equal": 1, "classical": 7, "undecided": 1},
        crossover=None,
    )
    assert sentence(task) == (
        "classical: equal on 1, classical better on 7 and undecided on 1 of 9 datasets, "
        "40 times faster"
    )


def test_a_time_limit_makes_it_at_least():
    """A slower family that was cut short is at least so much slower."""
    deep = replace(PRICE["deep"], total=Cost(warm_seconds=12.0, at_least=True))
    late = replace(EQUAL, price={**PRICE, "deep": deep}, crossover=None)
    assert sentence(late).endswith("at least 40 times faster")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"outcome": "within", "n_cross": 500.0, "low": 90.0, "high": 7_000.0},
            "deep overtakes at 500 rows (90 to 7,000)",
        ),
        (
            {"outcome": "within", "n_cross": 7_500.0, "low": 6_000.0, "high": 9_000.0},
            "deep may overtake at 7,500 rows (6,000 to 9,000)",
        ),
        (
            {"outcome": "within", "n_cross": 500.0, "low": 90.0, "high": None},
            "deep may overtake at 500 rows (from 90)",
        ),
        # More draws cross within than beyond, and yet the means cross beyond the 8,000 rows.
        ({"outcome": "within", "high": None}, "deep may overtake beyond 12,000 rows (from 5,000)"),
        ({"outcome": "never", "p_never": 0.9}, "deep does not overtake up to 32,000 rows"),
        ({"outcome": "always", "p_always": 0.9}, "deep slightly ahead at all sizes"),
    ],
)
def test_the_crossover_in_words(changed, words):
    """Each outcome that is known is said."""
    assert sentence(replace(EQUAL, crossover=replace(BEYOND, **changed))).endswith(f"; {words}")


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": "unknown"},
        {"outcome": "not-measured"},
        # The likeliest of five outcomes need not be likely.
        {"outcome": "always", "p_always": 0.5},
        {"outcome": "never", "p_never": 0.5},
        {"outcome": "beyond", "p_beyond": 0.4},
    ],
)
def test_what_is_not_known_of_the_crossover_is_not_said(changed):
    """The sentence ends with the price."""
    said = sentence(replace(EQUAL, crossover=replace(BEYOND, **changed)))
    assert said.endswith("40 times faster")


def test_a_deep_choice_for_its_price_need_not_overtake():
    """Equal and cheaper: that it may also overtake is no condition."""
    cheap = replace(EQUAL, choice="deep", ratios={}, total_ratios={"warm_seconds": 0.1})
    assert sentence(cheap) == "deep: within 0.5 points of balanced accuracy, 10 times faster"


def test_candidates_in_all_and_the_best_alone_may_tell_two_stories():
    """Five quick candidates take nearly as long as a slow one: both ratios stand side by side."""
    both = replace(EQUAL, total_ratios={"warm_seconds": 1.5}, crossover=None)
    assert sentence(both).endswith(
        ", 1.5 times faster with all candidates (its best alone 40 times faster)"
    )
    assert "deep over classical, all candidates: warm fit x1.5" in details(both)


def test_a_faster_family_cut_short_is_at_most_so_much_faster():
    """It would have taken longer than its limit."""
    classical = replace(PRICE["classical"], total=Cost(warm_seconds=0.3, at_least=True))
    late = replace(EQUAL, price={**PRICE, "classical": classical}, crossover=None)
    assert sentence(late).endswith("at most 40 times faster")


@pytest.mark.parametrize(
    ("n", "words"), [(10, "deep failed throughout"), (3, "deep failed in 3 of 10 seeds")]
)
def test_failures_are_in_the_sentence(n, words):
    """A family that counts as the baseline because it failed has not been beaten by skill."""
    one = replace(EQUAL, decision="classical", failed={"deep": n}, crossover=None)
    assert sentence(one).endswith(f"; {words}")


def test_equal_datasets_are_counted_too():
    """An interval within these datasets is no claim about all."""
    task = replace(
        EQUAL,
        scope="task",
        counts={"deep": 0, "equal": 2, "classical": 0, "undecided": 1},
        crossover=None,
    )
    assert sentence(task).startswith("classical: equal on 2 and undecided on 1 of 3 datasets")


def test_details_hold_the_figures():
    """Gain, probabilities, prices of both, ratios, flips and notes have a line each."""
    said = details(replace(EQUAL, flips=("log-loss",), notes=("a note",)))
    assert said == [
        "gain of deep: +0.001 of skill (-0.006 to +0.010) at 8,000 rows, over 10 outer seeds",
        "probabilities (equal: within 0.01 of skill): 2 % deep better, 95 % practically equal, "
        "3 % classical better",
        "classical: lda most often; median of the winners, fit 100 ms, cold —, latency —, "
        "memory 1 MiB; all 3 candidates 300 ms",
        "deep: mlp most often; median of the winners, fit 4.00 s, cold —, latency —, "
        "memory 1 MiB; all 3 candidates 12.0 s",
        "deep over classical, the winners: warm fit x40, latency x0.5",
        "deep over classical, all candidates: warm fit x40",
        "deep: 90 % overtakes beyond, by 32,000 rows, 10 % not by then",
        "another decision under: log-loss",
        "exploratory: one of several looks",
        "a note",
    ]


def test_the_families_have_their_names_in_reasons():
    """`Crossover` compares a with b; a reader knows neither."""
    where = replace(
        BEYOND,
        outcome="unknown",
        p_beyond=0.0,
        p_never=0.0,
        p_unknown=1.0,
        n_cross=None,
        reason="a cannot be extrapolated: fewer than 5 sizes were measured",
    )
    assert (
        "deep: > 99 % not known beyond (classical cannot be extrapolated: fewer than 5 sizes were "
        "measured)"
    ) in details(replace(EQUAL, crossover=where))


def test_details_tell_where_deep_becomes_cheaper():
    """Sixteen times the seconds at 16 rows, a tenth at 8,000, and where the two meet."""
    where = replace(BEYOND, outcome="within", n_cross=512.0, low=400.0, high=640.0)
    cost = CostCrossover(where=where, ratio_smallest=16.0, ratio_largest=0.1)
    assert (
        "warm fit, deep over classical by size: x16 at 16 rows, x0.1 at 8,000 rows; "
        "deep cheaper from 510 rows (400 to 640)"
    ) in details(replace(EQUAL, cheaper=cost))


def test_details_tell_what_a_budget_buys():
    """The skill of both families by seconds of a fit; what buys nothing says so."""

    def bought(budget, skill):
        return BudgetSkill(
            budget_seconds=budget, n_train=None, skill=skill, interval=None, saturated=False
        )

    budgets = {
        "classical": (bought(0.1, None), bought(1.0, 0.25), bought(10.0, 0.5)),
        "deep": (bought(0.1, None), bought(1.0, None), bought(10.0, 0.75)),
    }
    assert (
        "skill that a fit buys: 1.00 s: classical 0.250, deep nothing; "
        "10.0 s: classical 0.500, deep 0.750"
    ) in details(replace(EQUAL, budgets=budgets))


def test_lines_fit_the_width_and_stay_text():
    """No line is wider than asked for, and an escape sequence in a name is written out."""
    hostile = replace(EQUAL, name="\x1b[31mred", exploratory=False)
    found = lines([hostile], 60)
    assert max(map(len, found)) <= 60
    assert "\\x1b[31mred" in found[0]
    assert not any("\x1b" in line for line in found)


def test_many_datasets_are_cut_short():
    """Twelve have a line; the others are counted."""
    many = [replace(EQUAL, name=f"d{at}") for at in range(15)]
    assert lines(many, 1000)[-1] == "  and 3 more datasets"


def test_the_only_dataset_of_a_task_speaks_for_it():
    """A count of one dataset is left out."""
    task = replace(EQUAL, scope="task", name="classification", counts={"equal": 1})
    assert len(lines([task, EQUAL], 1000)) == 1


def test_json_has_pairs_and_nulls():
    """Intervals are pairs, the crossover and prices are objects, the sentence is with it."""
    found = json.loads(json.dumps(to_object(EQUAL), allow_nan=False))
    assert found["gain_interval"] == [-0.006, 0.01]
    assert found["crossover"]["n_cross"] == 12034.0
    assert found["price"]["deep"]["winner"]["warm_seconds"] == 4.0
    assert found["cheaper"] is None
    assert found["sentence"] == sentence(EQUAL)
