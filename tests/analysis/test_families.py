"""A family is its candidate that is best on validation rows."""

import pytest

from analysis.hand_families import evidence, put
from analysis.hand_tables import Run
from bench.analysis.families import common_sizes, paired, represent, too_informed


def skills(run, family="classical"):
    frame = represent(evidence(run)).frame
    return frame.loc[frame["family"] == family, "figure"].tolist()


def test_validation_rows_choose_and_test_rows_report():
    """Who is better on validation rows stands for its family, though worse on test rows."""
    run = Run()
    run.add("dummy", "a", 0.5)
    put(run, "lda", "a", 0.7, 0.9)
    put(run, "svm", "a", 0.8, 0.6)
    assert skills(run) == pytest.approx([0.4])  # (0.7 - 0.5) / (1 - 0.5)


def test_each_outer_seed_and_size_has_a_representative_of_its_own():
    """What is best at one seed and size is not taken for another."""
    run = Run()
    for outer, n, first, second in ((0, 16, 0.9, 0.6), (1, 16, 0.6, 0.9), (0, 32, 0.6, 0.9)):
        run.add("dummy", "a", 0.5, outer=outer, n=n)
        put(run, "lda", "a", 0.7, first, outer=outer, n=n)
        put(run, "svm", "a", 0.8, second, outer=outer, n=n)
    assert skills(run) == pytest.approx([0.4, 0.6, 0.6])  # seed 0 at 16 and 32 rows, seed 1 at 16


def test_candidates_that_tie_share_the_place():
    """Two that are equally good on validation rows count half each."""
    run = Run()
    run.add("dummy", "a", 0.5)
    put(run, "lda", "a", 0.7, 0.9)
    put(run, "svm", "a", 0.8, 0.9)
    put(run, "knn", "a", 1.0, 0.8)
    made = evidence(run)
    represented = represent(made)
    assert represented.frame["figure"].tolist() == pytest.approx([0.5])
    names = made.contenders["name"][made.points["contender"]].tolist()
    assert dict(zip(names, represented.shares.tolist(), strict=True)) == pytest.approx(
        {"knn": 0.0, "lda": 0.5, "svm": 0.5}
    )


def test_the_lowest_error_is_the_best():
    """Of a metric where lower is better the smallest value on validation rows wins."""
    run = Run()
    run.add("dummy", "a", 10.0, task="regression")
    put(run, "ridge", "a", 4.0, 3.0, metric="rmse", task="regression")
    put(run, "knn", "a", 2.0, 5.0, metric="rmse", task="regression")
    assert skills(run) == pytest.approx([0.6])  # (4 - 10) / (0 - 10)


def test_inner_seeds_are_averaged_before_choosing():
    """A candidate that is best on one inner split, but not on average, is not chosen."""
    run = Run()
    for inner, first, second in ((0, 1.0, 0.8), (1, 0.5, 0.8)):
        run.add("dummy", "a", 0.5, inner=inner)
        run.add("dummy", "a", 0.5, inner=inner, outer=1)
        put(run, "lda", "a", 0.7, first, inner=inner)
        put(run, "svm", "a", 0.8, second, inner=inner)
    assert skills(run) == pytest.approx([0.6])


def test_a_failed_candidate_is_not_chosen_while_another_ended_well():
    """A failure has no score on validation rows to be chosen by."""
    run = Run()
    run.add("dummy", "a", 0.5)
    put(run, "lda", "a", None, status="crashed")
    put(run, "svm", "a", 0.6, 0.4)
    assert skills(run) == pytest.approx([0.2])


def test_a_family_that_failed_counts_as_the_baseline():
    """Where all candidates of a family failed its skill is 0."""
    run = Run()
    run.add("dummy", "a", 0.5)
    put(run, "lda", "a", None, status="timeout")
    put(run, "svm", "a", None, status="crashed")
    assert skills(run) == [0.0]


def test_without_validation_rows_one_candidate_stands_and_several_do_not():
    """Nothing is chosen by test rows, whatever is missing."""
    run = Run()
    run.add("dummy", "a", 0.5)
    put(run, "mlp", "a", 0.9)
    put(run, "lda", "a", 0.7)
    put(run, "svm", "a", 0.8)
    represented = represent(evidence(run))
    assert represented.frame["family"].tolist() == ["deep"]
    assert represented.unchosen["family"].tolist() == ["classical"]


def test_an_official_test_part_makes_inner_seeds_the_units():
    """With a single outer seed the inner ones stand beside each other and are not averaged."""
    run = Run()
    for inner, value in ((0, 0.6), (1, 0.8)):
        run.add("dummy", "a", 0.5, inner=inner)
        put(run, "lda", "a", value, inner=inner)
    made = evidence(run)
    assert made.problems["by_inner"].tolist() == [True]
    assert skills(run) == pytest.approx([0.2, 0.6])


@pytest.mark.parametrize(
    ("seeds_at_32", "expected"),
    [(5, 32), (4, 16)],
)
def test_the_common_size_is_the_largest_that_five_seeds_have(seeds_at_32, expected):
    """Of six seeds, five at the larger size are enough and four are not."""
    run = Run()
    for n, seeds in ((16, 6), (32, seeds_at_32), (64, 0)):
        for outer in range(6):
            run.add("dummy", "a", 0.5, outer=outer, n=n)
            put(run, "lda", "a", 0.7, outer=outer, n=n)
            if outer < seeds:
                put(run, "mlp", "a", 0.7, outer=outer, n=n)
    assert common_sizes(represent(evidence(run)).frame).tolist() == [expected]


def test_families_that_share_no_size_have_no_common_one():
    """A dataset where they never meet is left out."""
    run = Run()
    put(run, "lda", "a", 0.7, n=16)
    put(run, "mlp", "a", 0.7, n=32)
    assert common_sizes(represent(evidence(run)).frame).empty


def test_curves_are_paired_by_seed_and_size():
    """Only seeds and sizes that both families have are in their curves; a hole is NaN."""
    run = Run()
    for outer, n in ((0, 16), (0, 32), (1, 16), (2, 16)):
        run.add("dummy", "a", 0.5, outer=outer, n=n)
        put(run, "lda", "a", 0.5 + n / 100, outer=outer, n=n)
        if outer < 2:
            put(run, "mlp", "a", 0.75, outer=outer, n=n)
    curves = paired(represent(evidence(run)).frame, "figure")
    assert curves["deep"].index.tolist() == [0, 1]
    assert curves["classical"].loc[0].tolist() == pytest.approx([0.32, 0.64])
    assert curves["classical"].loc[1].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("n_validation", "n_train", "expected"), [(162, 1455, False), (163, 1455, True)]
)
def test_a_ninth_of_the_size_may_choose(n_validation, n_train, expected):
    """1455 / 9 is 161.7: the 162 rows of the default protocol are fine, 163 are too many."""
    assert too_informed(n_validation, n_train) is expected
