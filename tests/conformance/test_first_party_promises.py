"""Our own plugins keep every promise: some of each kind here, all by `bench check` in CI."""

import json

import pytest


def broken(done):
    """Return what does not keep which promise, and what was seen."""
    assert done.returncode in (0, 1), done.stderr
    return [
        (subject["name"], finding["promise"], finding["seen"])
        for subject in json.loads(done.stdout)
        for finding in subject["checks"]
        if finding["outcome"] == "failed"
    ]


def some_of(kind, *names):
    """Return options that select these."""
    return [word for name in names for word in (f"--{kind}", name)]


def test_plugins_keep_what_plugins_promise(command, tmp_path):
    """Each of our plugins is in order as a whole, with its suites, tasks, metrics and probes."""
    plugins = ["core", "datasets", "jax", "sklearn"]
    kinds = ("imports*", "records*", "names-are*", "offers*", "states*", "uses*", "suite*", "task*")
    options = some_of("checks", *kinds, "metric*", "probe*")
    assert broken(command("check", *plugins, *options, "--json", cwd=tmp_path)) == []


def test_classical_models_keep_their_promises(command, tmp_path):
    """Classical models of tables, images, texts and series, and one of clusters."""
    names = ("decision-tree", "hog-k-nn", "tfidf-naive-bayes", "nn-euclidean")
    options = some_of("models", *names, "k-means")
    assert broken(command("check", "sklearn", *options, "--json", cwd=tmp_path)) == []


def test_datasets_keep_their_promises(command, tmp_path):
    """A dataset of tables and one of recordings, one of a path, and one that needs a name."""
    names = ("iris", "make-tones", "csv", "ucr")
    options = some_of("datasets", *names)
    assert broken(command("check", "datasets", *options, "--json", cwd=tmp_path)) == []


@pytest.mark.slow
def test_deep_models_keep_their_promises(command, tmp_path):
    """A deep model keeps what can be looked for without compiling many programs."""
    names = ("fits*", "keeps*", "leaves*", "same*", "stops*", "warns*")
    options = some_of("checks", *names)
    done = command("check", "jax", "--models", "text-cnn", *options, "--json", cwd=tmp_path)
    assert broken(done) == []
