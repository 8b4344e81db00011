"""What features are worth, by runs made by hand."""

import pytest

from analysis.hand_families import evidence, put
from analysis.hand_tables import Run
from bench import ModelSpec
from bench.analysis.features import feature_boards, kind_of

HOG = ModelSpec(
    name="hog-svm",
    family="classical",
    does=(("classification", "image"),),
    factory="somewhere:make",
    features="engineered",
)
MODELS = {"hog-svm": HOG}


@pytest.fixture
def run():
    """Five seeds, two sizes: raw .6 and .7, engineered .7 and .8, learned .55 and .9; dummy .5."""
    made = Run()
    for seed in range(5):
        wobble = 0.001 * seed
        for n, raw, hog, deep in ((16, 0.6, 0.7, 0.55), (64, 0.7, 0.8, 0.9)):
            made.add("dummy", "digits", 0.5, outer=seed, n=n)
            put(made, "svm", "digits", raw + wobble, 0.6, outer=seed, n=n, fit=1.0)
            put(made, "forest", "digits", raw + 0.2, 0.5, outer=seed, n=n, fit=9.0)
            put(made, "hog-svm", "digits", hog - wobble, 0.7, outer=seed, n=n, fit=2.0)
            put(made, "mlp", "digits", deep, deep, outer=seed, n=n, fit=4.0)
    return made


def test_each_kind_is_represented_by_its_best_on_validation_rows(run):
    """The forest scores better on test rows, yet the machine that validation chose stands there."""
    (board,) = feature_boards(evidence(run), MODELS)
    assert (board.dataset, board.metric, board.sizes) == ("digits", "accuracy", (16, 64))
    assert board.candidates == {"raw": 2, "engineered": 1, "learned": 1}
    assert {kind: board.points[kind][64].winner for kind in board.points} == {
        "raw": "svm",
        "engineered": "hog-svm",
        "learned": "mlp",
    }
    # Skill of an accuracy a over a dummy of .5 is (a - .5) / .5; the wobble is .002 on average.
    assert board.points["raw"][16].skill == pytest.approx(0.204)
    assert board.points["learned"][64].skill == pytest.approx(0.8)
    assert board.points["engineered"][64].seconds == 2.0


def test_gains_are_paired_by_seed_and_have_an_interval(run):
    """Engineered over raw gains .2 less twice the wobble; learned over engineered turns with n."""
    (board,) = feature_boards(evidence(run), MODELS)
    over_raw = board.gains["engineered", "raw"][16]
    assert over_raw.gain == pytest.approx(0.2 - 2 * 0.004)
    assert over_raw.n_units == 5
    assert over_raw.interval.low < over_raw.gain < over_raw.interval.high
    assert over_raw.p_better > 0.95
    learned = board.gains["learned", "engineered"]
    assert learned[16].gain < 0 < learned[64].gain
    assert learned[16].p_better < 0.05


def test_fewer_than_five_seeds_have_a_gain_and_no_interval(run):
    """Four seeds tell a mean, not how sure it is."""
    run.trials = [row for row in run.trials if row["outer_seed"] < 4]
    (board,) = feature_boards(evidence(run), MODELS)
    gain = board.gains["learned", "raw"][64]
    assert gain.n_units == 4
    assert gain.interval is None
    assert gain.p_better is None


def test_a_dataset_with_one_kind_has_no_board(run):
    """Where all models learn from raw data there is nothing to set side by side."""
    run.trials = [row for row in run.trials if row["model"] in ("dummy", "svm", "forest")]
    assert feature_boards(evidence(run), MODELS) == ()


def test_a_model_that_is_not_installed_is_sorted_by_its_family():
    """Without its record, a deep model learns its features and a classical one has none."""
    assert kind_of("gone", "deep", {}) == "learned"
    assert kind_of("gone", "classical", {}) == "raw"
    assert kind_of("hog-svm", "classical", MODELS) == "engineered"
