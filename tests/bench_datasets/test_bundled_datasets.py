"""Bundled and generated data: shapes, classes and their order, determinism."""

import importlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import bench
import bench_datasets

SPECS = {spec.name: spec for spec in bench_datasets.bench_datasets()}
GENERATORS = [n for n in SPECS if n.startswith("make-") and SPECS[n].modality == "tabular"]
"""Those of raw data are in test_raw_generators.py."""


def load(name, **params):
    module, function = SPECS[name].loader.split(":")
    return getattr(importlib.import_module(module), function)(**{**SPECS[name].params, **params})


@pytest.mark.parametrize(
    ("name", "shape", "kind", "classes"),
    [
        ("iris", (150, 4), "multiclass", ("setosa", "versicolor", "virginica")),
        ("wine", (178, 13), "multiclass", ("class_0", "class_1", "class_2")),
        ("breast-cancer", (569, 30), "binary", ("benign", "malignant")),
        ("digits", (1797, 64), "multiclass", tuple(range(10))),
        ("digits-image", (1797, 8, 8, 1), "multiclass", tuple(range(10))),
        ("diabetes", (442, 10), "continuous", ()),
    ],
)
def test_bundled(name, shape, kind, classes):
    """Shapes and classes are those of the publishers; every label is one of the classes."""
    dataset = load(name)

    assert dataset.X.shape == shape
    assert len(dataset.y) == shape[0]
    assert (dataset.target.kind, dataset.target.classes) == (kind, classes)
    assert not classes or set(dataset.y.tolist()) == set(classes)
    assert dataset.columns is None or len(dataset.columns) == shape[1]


def test_breast_cancer_counts():
    """357 benign and 212 malignant tumours (UCI 17); the first row is a malignant one."""
    y = load("breast-cancer").y

    assert (y == "benign").sum() == 357
    assert (y == "malignant").sum() == 212
    assert y[0] == "malignant"


def test_digits_image_is_digits():
    """The image's pixels are the table's, divided by 16."""
    assert np.allclose(load("digits-image").X.reshape(1797, 64) * 16, load("digits").X)


def test_diabetes_is_in_its_own_units():
    """The first patient is 59 years old, with a body mass index of 32.1 (Efron et al., 2004)."""
    dataset = load("diabetes")

    assert dataset.X[0, 0] == 59
    assert dataset.X[0, 2] == 32.1
    assert dataset.y[0] == 151


@pytest.mark.parametrize("name", GENERATORS)
def test_generator(name):
    """The same seed gives the same data, another seed others, and n_samples rows."""
    first, again, other = (load(name, n_samples=50, seed=seed) for seed in (0, 0, 1))

    assert first.X.shape[0] == len(first.y) == 50
    assert pd.DataFrame(first.X).equals(pd.DataFrame(again.X))
    assert (first.y == again.y).all()
    assert not pd.DataFrame(first.X).equals(pd.DataFrame(other.X))
    assert (first.target.kind == "continuous") == (SPECS[name].tasks == ("regression",))


def test_generator_parameters():
    """scikit-learn's parameters pass; several targets make a target of several outputs."""
    assert load("make-classification", n_classes=3, n_informative=4).target.classes == (0, 1, 2)
    assert load("make-regression", n_targets=2).target == bench.Target("multioutput", n_outputs=2)


def test_parity_is_parity():
    """The class is the parity of the relevant columns' signs, but for the share that is turned."""
    clean = load("make-parity", n_samples=400, n_relevant=3, n_features=5, flip_y=0)
    product = np.sign(clean.X[:, 0] * clean.X[:, 1] * clean.X[:, 2])
    assert (clean.y == (product < 0)).all()

    turned = load("make-parity", n_samples=4000, flip_y=0.2)
    is_odd = turned.X[:, 0] * turned.X[:, 1] < 0
    # Four standard deviations of a share of 0.2 among 4,000 rows are 0.025.
    assert abs((turned.y != is_odd).mean() - 0.2) < 0.025


def test_mixed_is_mixed():
    """Numbers and categories stand side by side, and about the asked share of either is missing."""
    dataset = load("make-mixed", n_samples=2000, n_numbers=3, n_categories=2, n_levels=3)
    X = dataset.X

    assert X.dtypes.astype(str).tolist() == ["float64"] * 3 + ["category"] * 2
    assert list(X["c1"].cat.categories) == ["level0", "level1", "level2"]
    # Four standard deviations of a share of 0.05 among 2,000 rows are 0.02.
    assert ((X.isna().mean() - 0.05).abs() < 0.02).all()
    assert not load("make-mixed", missing=0).X.isna().any(axis=None)
    assert dataset.target.classes == (0, 1)
    assert 0.2 < dataset.y.mean() < 0.8


def test_mixed_has_the_truth_that_it_states():
    """Among rows of the same categories, the wave and the bowl decide, and hardly any noise."""
    dataset = load("make-mixed", n_samples=20_000, missing=0, noise=1e-9, n_levels=2)
    X = dataset.X
    known = np.sin(np.pi * X["x0"]) + 3 * X["x1"] ** 2 - 1
    rows = pd.DataFrame({**X[["c0", "c1", "c2", "c3"]].astype(str), "known": known, "y": dataset.y})
    divided = 0
    for _, alike in rows[X["x2"].abs() < 0.05].groupby(["c0", "c1", "c2", "c3"]):
        zeros, ones = alike["known"][alike["y"] == 0], alike["known"][alike["y"] == 1]
        if min(len(zeros), len(ones)) > 5:
            divided += 1
            # One threshold divides them, but for the slope: at most 2 * 0.05 to either side.
            assert zeros.max() - ones.min() <= 2 * 2 * 0.05

    assert divided > 3


@pytest.mark.parametrize("name", ["make-parity", "make-mixed"])
def test_more_rows_begin_with_the_same(name):
    """A larger table of the same seed begins with the rows of a smaller one."""
    few, many = (load(name, n_samples=n, seed=3) for n in (20, 60))

    assert pd.DataFrame(many.X)[:20].equals(pd.DataFrame(few.X))
    assert many.y[:20].tolist() == few.y.tolist()


def test_generator_faults():
    """An unknown parameter and impossible values are told with the data set's name."""
    with pytest.raises(bench.ParameterError, match=r"'make-moons'.*Did you mean 'noise'"):
        load("make-moons", nois=0.1)
    with pytest.raises(bench.ParameterError, match="'random_state'"):
        load("make-moons", random_state=1)
    with pytest.raises(bench.DatasetError, match=r"'make-classification'.*n_informative"):
        load("make-classification", n_informative=1, n_classes=9)
    with pytest.raises(bench.ParameterError, match=r"'make-mixed'.*Did you mean 'n_levels'"):
        load("make-mixed", levels=3)
    with pytest.raises(bench.DatasetError, match="n_relevant must be from 1 to n_features, 4"):
        load("make-parity", n_relevant=5, n_features=4)
    with pytest.raises(bench.DatasetError, match="missing must be from 0 to below 1"):
        load("make-mixed", missing=1)


def test_every_dataset_states_licence_and_source():
    """No data set without a licence and a source."""
    assert all(spec.license and spec.source and spec.summary for spec in SPECS.values())


def test_plugin_imports_no_numerical_library():
    """Listing the data sets imports neither scikit-learn, NumPy nor pyarrow."""
    code = (
        "import sys, bench_datasets; list(bench_datasets.bench_datasets()); "
        "sys.exit(bool({'sklearn', 'numpy', 'pandas', 'pyarrow'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
