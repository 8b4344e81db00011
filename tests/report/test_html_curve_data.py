"""The curves that a page embeds: figures by hand, and what is left out when there are many."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from analysis.hand_families import evidence, put
from analysis.hand_tables import Run, tables
from bench.analysis.cells import read_cells
from bench.analysis.crossover import Crossover
from bench.report.html.curve_data import MAX_LINES, curve_data


def curves_of(run, **how):
    made = tables(run)
    return curve_data(read_cells(made.trials, made.scores, made.metrics), **how)


def line_of(found, name, dataset=0):
    number = [pair[0] for pair in found.object["contenders"]].index(name)
    lines = found.object["datasets"][dataset]["lines"]
    return next(line for line in lines if line["c"] == number)


def seeds(model, values, run, **more):
    for outer, value in enumerate(values):
        run.add(model, "a", value, outer=outer, **more)


def test_means_and_intervals_are_those_of_students_t():
    """Five seeds: mean 0.7, deviation 0.1581, t(4) at 95 % 2.1318, so 0.7 ± 0.15074."""
    run = Run()
    seeds("dummy", [0.5] * 5, run)
    seeds("lda", [0.5, 0.6, 0.7, 0.8, 0.9], run)
    line = line_of(curves_of(run), "lda")
    assert line["v"] == [[0.7], [0.5493], [0.8507]]
    # Skill is (value - 0.5) / 0.5: twice as wide, and at most 1.
    assert line["s"] == [[0.4], [0.09851], [0.7015]]
    assert line["k"] == [5]


def test_few_seeds_have_a_mean_and_no_interval():
    """Below five outer seeds there is no interval."""
    run = Run()
    seeds("lda", [0.6, 0.7, 0.8, 0.9], run)
    assert line_of(curves_of(run), "lda")["v"] == [[0.75]]


def test_failures_count_as_the_baseline_and_are_told():
    """One of two seeds failed: skill halves, the value is that of the other."""
    run = Run()
    seeds("dummy", [0.5, 0.5], run)
    run.add("lda", "a", 1.0, outer=0)
    run.add("lda", "a", None, outer=1, status="timeout")
    line = line_of(curves_of(run), "lda")
    assert (line["s"], line["v"], line["k"], line["f"]) == ([[0.5]], [[1]], [1], [1])


def test_a_size_at_which_all_failed_is_no_size():
    """There is nothing to draw."""
    run = Run()
    run.add("lda", "a", 0.9, n=16)
    run.add("lda", "a", None, n=32, status="error")
    assert curves_of(run).object["datasets"][0]["sizes"] == [16]


def many(n_models=10):
    run = Run()
    run.add("dummy", "a", 0.1)
    for at in range(n_models):
        run.add(f"c{at}", "a", 0.9 - at / 100, family="classical")
        run.add(f"d{at}", "a", 0.5 - at / 100, family="deep")
    return run


def test_lines_are_the_best_of_both_families_then_the_best():
    """Four of each family and the baseline, families taking turns; then the best of the rest."""
    found = curves_of(many())
    names = [
        found.object["contenders"][line["c"]][0] for line in found.object["datasets"][0]["lines"]
    ]
    assert names[:4] == ["c0", "d0", "dummy", "c1"]
    assert set(names) == {"dummy", *(f"c{i}" for i in range(7)), *(f"d{i}" for i in range(4))}
    assert len(names) == MAX_LINES
    assert found.object["datasets"][0]["others"] == 9
    assert "at most 12 contenders" in " ".join(found.notes)


@pytest.mark.parametrize("limit", [2500, 1200, 400])
def test_what_does_not_fit_is_left_out_step_by_step(limit):
    """Values of the metric go first, then lines, then datasets, and each is said."""
    run = Run()
    for dataset in "abcd":
        for at, model in enumerate(("dummy", "lda", "svm", "tree", "mlp", "cnn", "x", "y", "z")):
            for n in (16, 32, 64):
                run.add(model, dataset, 0.5 + at / 100, n=n)
    found = curves_of(run, max_bytes=limit)
    kept = found.object["datasets"]
    size = len(json.dumps(kept, separators=(",", ":")))
    assert size <= limit + 2 or len(kept) == 1
    assert not any("v" in line for one in kept for line in one["lines"])
    assert "Skill alone" in found.notes[0]
    assert found.n_datasets == 4
    assert found.n_drawn == len(kept)
    assert (len(kept) < 4) == any("of 4 datasets" in note for note in found.notes)


def test_a_crossing_becomes_a_mark_with_its_range():
    """A crossing within the sizes is drawn at its place; 'never' is not drawn."""
    run = Run()
    run.add("lda", "a", 0.9)
    crossing = Crossover(
        outcome="within",
        p_always=0.0,
        p_within=0.7,
        p_beyond=0.1,
        p_never=0.2,
        p_unknown=0.0,
        n_cross=1234.5,
        low=600.0,
        high=None,
        smallest=16,
        largest=5000,
        reach=20_000.0,
        n_units=5,
        reason=None,
    )

    def marks(**changed):
        verdict = SimpleNamespace(
            scope="dataset",
            task="classification",
            name="a",
            crossover=replace(crossing, **changed),
            cheaper=None,
            budgets={},
            size_unit="rows",
        )
        return curves_of(run, verdicts=[verdict]).object["datasets"][0]["marks"]

    assert marks() == [[1234.5, 600.0, 5000, "deep may overtake at 1,200 rows (from 600)"]]
    assert marks(outcome="beyond", n_cross=8000.0) == [
        [8000.0, 600.0, 20_000.0, "deep may overtake beyond 8,000 rows (from 600)"]
    ]
    assert marks(outcome="never") == []


def long_run(dip=0.0):
    """Return six sizes of a curve that rises by halves to 0.9, the last size lower by `dip`."""
    run = Run()
    for outer in range(5):
        for at, n in enumerate((16, 32, 64, 128, 256, 512)):
            run.add("dummy", "a", 0.5, outer=outer, n=n)
            value = 0.9 - 0.3 / 2**at + 0.001 * ((outer + at) % 5 - 2)
            run.add("lda", "a", value - (dip if n == 512 else 0.0), outer=outer, n=n)
    return run


def test_lines_go_on_to_four_times_the_largest_size():
    """From 512 to 2,048 rows, from the last mean on, at most at perfect skill."""
    sizes, values, lows, highs = line_of(curves_of(long_run()), "lda")["a"]
    assert sizes == [512, 724.1, 1024, 1448, 2048]
    assert values[0] == pytest.approx(0.8 - 0.6 / 32, abs=0.01)
    assert all(
        low <= value <= high <= 1 for low, value, high in zip(lows, values, highs, strict=True)
    )
    assert "a" not in line_of(curves_of(long_run()), "dummy")


def test_an_ill_behaved_line_is_told_and_does_not_go_on():
    """The last size is worse than earlier ones."""
    line = line_of(curves_of(long_run(dip=0.2)), "lda")
    assert "a" not in line
    assert "dipping" in line["g"]


def test_a_family_of_several_candidates_has_a_line_of_its_own():
    """At each seed its best on validation rows; a family of one is drawn already."""
    run = Run()
    for outer in range(5):
        run.add("dummy", "a", 0.5, outer=outer)
        put(run, "mlp", "a", 0.6, 0.6, outer=outer)
        # On validation rows the seeds 0 to 2 prefer lda, the others svm.
        put(run, "lda", "a", 0.7, 0.8 if outer < 3 else 0.6, outer=outer)
        put(run, "svm", "a", 0.9, 0.7, outer=outer)
    found = curves_of(run, evidence=evidence(run))
    line = found.object["datasets"][0]["lines"][0]
    assert found.object["contenders"][line["c"]] == [
        "classical: best by validation",
        "classical",
    ]
    # Three times 0.7 and twice 0.9.
    assert line["v"][0] == [pytest.approx(0.78)]
    assert line["s"][0] == [pytest.approx(0.56)]
    assert len(found.object["datasets"][0]["lines"]) == 5
    assert found.object["datasets"][0]["others"] == 0
