"""Fitted estimators in files: the same bits come back, and nothing else is taken for one."""

import json
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

import bench
from bench_jax import saving
from bench_jax.cnn import CnnSizes
from bench_jax.mlp import MlpClassifier, MlpRegressor
from bench_jax.raw import RawClassifier


@pytest.fixture(scope="module")
def model():
    """A classifier of a table of mixed columns whose classes are words."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=40), "c": rng.choice(["a", "b", "ü"], 40)})
    y = np.array(["no", "yes"], dtype=object)[rng.integers(0, 2, 40)]
    columns = (bench.Column("x"), bench.Column("c", "category"))
    model = MlpClassifier((4,), columns=columns, max_epochs=2, random_state=0).fit(X, y)
    return model, X


@pytest.fixture
def path(model, tmp_path):
    """A file that the model was saved to."""
    model[0].save(tmp_path / "model")
    return tmp_path / "model"


def test_a_classifier_comes_back_as_it_was(model, path):
    """Parameters, classes, names of columns, curves, and the predictions, bit by bit."""
    before, X = model
    after = MlpClassifier.load(path)
    assert after.get_params() == before.get_params()
    assert after.classes_.tolist() == ["no", "yes"]
    assert after.feature_names_in_.tolist() == ["x", "c"]
    assert after.loss_curve_ == before.loss_curve_
    assert after.design_ == before.design_
    np.testing.assert_array_equal(after.predict_proba(X), before.predict_proba(X))


def test_a_regressor_comes_back_as_it_was(tmp_path):
    """Targets' means and spreads come back too, and scalers by rank."""
    X = np.random.default_rng(0).normal(size=(40, 2))
    before = MlpRegressor((4,), scaling="quantile-normal", max_epochs=2, random_state=0)
    before.fit(X, 1e6 + X)
    saving.save(before, tmp_path / "model")
    np.testing.assert_array_equal(saving.load(tmp_path / "model").predict(X), before.predict(X))


def test_a_model_of_images_comes_back_as_it_was(tmp_path):
    """What is no table's is saved by the same functions."""
    images = np.random.default_rng(0).normal(size=(40, 4, 4)).astype(np.float32)
    before = RawClassifier(CnnSizes(filters=(2,), hidden=(4,)), max_epochs=1, random_state=0)
    before.fit(images, np.arange(40) % 2)
    saving.save(before, tmp_path / "model")
    after = saving.load(tmp_path / "model", RawClassifier)
    np.testing.assert_array_equal(after.predict_proba(images), before.predict_proba(images))


def test_nothing_in_the_file_is_a_pickle(path):
    """JSON and arrays without objects are all that there is."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert names[0] == "estimator.json"
        assert json.loads(archive.read(names[0]))["class"] == "MlpClassifier"
        for name in names[1:]:
            with archive.open(name) as file:
                assert np.load(file, allow_pickle=False).dtype != object


def test_a_file_of_another_class_is_refused(path):
    """The message says what is there and what is wanted."""
    with pytest.raises(bench.BenchError, match="'MlpClassifier'; allowed here: MlpRegressor"):
        MlpRegressor.load(path)


@pytest.mark.parametrize("cut", [0, 100, -30])
def test_a_damaged_file_is_refused(path, cut):
    """A file cut anywhere says so."""
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(bench.BenchError, match="no saved estimator, or it is damaged"):
        saving.load(path)


def test_a_changed_array_is_refused(path):
    """A bit that has flipped is found by the archive's checksums."""
    content = bytearray(path.read_bytes())
    content[content.index(b"NUMPY") + 200] ^= 1
    path.write_bytes(content)
    with pytest.raises(bench.BenchError, match="damaged"):
        saving.load(path)


def test_a_pickle_is_refused(model, tmp_path):
    """What could run code when it is read is not read."""
    (tmp_path / "model").write_bytes(pickle.dumps(model[0]))
    with pytest.raises(bench.BenchError, match="no saved estimator"):
        saving.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "else"}, "was not written by an estimator's save"),
        ({"version": 99}, "is of version 99; allowed: 1 to 1. Install"),
        ({"class": "Popen"}, "holds a 'Popen'; allowed here: FtTransformerClassifier, "),
        ({"fitted": {"__class__": "x"}}, "'__class__', which no fit leaves"),
        ({"fitted": {"a_": {"record": "Popen", "fields": {}}}}, "'Popen' in the file"),
    ],
)
def test_a_foreign_file_is_refused(path, change, message):
    """Another format, a later version, a class, an attribute or a record that is none of ours."""
    with zipfile.ZipFile(path) as archive:
        facts = json.loads(archive.read("estimator.json"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("estimator.json", json.dumps(facts | change))
    with pytest.raises(bench.BenchError, match=message):
        saving.load(path)


def test_no_file_is_no_damage(tmp_path):
    """A path that leads nowhere is Python's own error."""
    with pytest.raises(FileNotFoundError):
        saving.load(tmp_path / "nothing")


def test_what_cannot_be_saved_is_refused(model, tmp_path):
    """A stranger's class, a model without fit, and a parameter that JSON cannot hold."""
    with pytest.raises(bench.BenchError, match=r"LogisticRegression cannot be saved; allowed: "):
        saving.save(LogisticRegression(), tmp_path / "model")
    with pytest.raises(NotFittedError, match="call fit before save"):
        MlpClassifier().save(tmp_path / "model")
    odd = pickle.loads(pickle.dumps(model[0])).set_params(random_state=np.random.RandomState(0))
    with pytest.raises(bench.BenchError, match="parameter random_state is of type RandomState"):
        odd.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())
