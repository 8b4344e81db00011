"""LightGBM keeps what plugins promise, and takes tables as they are."""

import numpy as np
import pandas as pd
import pytest
from bench_lightgbm.model import make

import bench
from bench.testing import parametrize_with_checks


@parametrize_with_checks("bench_lightgbm")
def test_keeps_its_promises(check):
    """Every promise of the plugin is kept."""
    check()


def context(**facts):
    """A small trial of classification."""
    given = {"task": "classification", "modality": "tabular", "n_train": 200, "n_train_max": 200}
    return bench.ModelContext(**(given | facts))


def test_a_category_alone_tells_the_classes():
    """Levels decide, whatever their order; one that is new and one that is missing are answered."""
    levels = ["b", "d", "a", "c"]
    X = pd.DataFrame({"[level]": pd.Categorical(levels * 50), "n": np.zeros(200)})
    y = np.array([0, 1, 0, 1] * 50)
    columns = (bench.Column("[level]", "category"), bench.Column("n"))
    model = make(context(columns=columns), n_estimators=20).fit(X, y)
    assert model.predict(X).tolist() == y.tolist()
    new = pd.DataFrame({"[level]": ["z", None, "a"], "n": np.zeros(3)})
    assert model.predict_proba(new).shape == (3, 2)
    assert model.predict(new)[2] == 0


def test_time_ends_training():
    """Out of time, it stops after the tree at hand, says so, and can be asked."""
    X = np.arange(200.0)[:, None]
    y = (X[:, 0] > 99).astype(int)
    model = make(context(max_seconds=1e-9), n_estimators=500).fit(X, y)
    assert (model.n_iter_, model.stop_reason_) == (1, "max_seconds")
    assert model.predict_proba(X).shape == (200, 2)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"target": bench.Target("multilabel", n_outputs=3)}, "one target"),
        ({"columns": (bench.Column("words", "text"),)}, "'words' holds some"),
    ],
)
def test_what_it_does_not_do_it_says(facts, reason):
    """Several targets, and texts, are refused beforehand."""
    with pytest.raises(bench.Skip, match=reason):
        make(context(**facts))


def test_an_unknown_parameter_is_named():
    """A parameter that LightGBM lacks is refused with the nearest one."""
    with pytest.raises(bench.ParameterError, match="Did you mean 'num_leaves'"):
        make(context(), num_leafs=3)
