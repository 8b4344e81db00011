"""A table that stays in its file, run as a user runs it, beside the same table in memory."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bench

SUITE = """
[suite]
name = "streamed"
[protocol]
outer_seeds = [0]
sizes = [200, "all"]
[[models]]
name = "dummy"
[[models]]
name = "decision-tree"
[[models]]
name = "sgd"
[[datasets]]
name = "parquet:table.parquet"
params = { target = "y", stream = true }
label = "streamed"
[[datasets]]
name = "parquet:table.parquet"
params = { target = "y", stream = false }
label = "in memory"
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory, command):
    """Numbers and a category with gaps in six row groups; two numbers tell the classes apart."""
    folder = tmp_path_factory.mktemp("streamed")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((12, 1500))
    columns = {f"x{j}": column for j, column in enumerate(X)}
    columns["kind"] = pa.array(rng.choice(["a", "b", None], 1500).tolist())
    columns["y"] = np.where(X[0] + X[1] > 0, "high", "low")
    pq.write_table(pa.table(columns), folder / "table.parquet", row_group_size=250)
    (folder / "streamed.toml").write_text(SUITE)
    ended = command("run", "./streamed.toml", cwd=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return bench.load(folder / "results" / "streamed")


def scores_of(results, model, label):
    cells = {
        row["trial_id"]: row["n_train"]
        for row in results.trials.to_pylist()
        if (row["model"], row["dataset_label"]) == (model, label)
    }
    return {
        (cells[row["trial_id"]], row["part"], row["metric"]): row["value"]
        for row in results.scores.to_pylist()
        if row["trial_id"] in cells
    }


def test_every_trial_is_fitted_and_scored(results):
    """Whether a model streams or not, at every size."""
    trials = results.trials.to_pylist()
    assert len(trials) == 12
    assert {row["status"] for row in trials} == {"ok"}
    assert {row["n_features"] for row in trials} == {13}


@pytest.mark.parametrize("model", ["dummy", "decision-tree"])
def test_a_model_that_does_not_stream_sees_the_same_data(results, model):
    """Its scores on all parts and sizes are those of the table in memory, to the bit."""
    streamed = scores_of(results, model, "streamed")
    assert len(streamed) > 20
    assert streamed == scores_of(results, model, "in memory")


def test_a_model_that_streams_learns_as_well(results):
    """Descent over windows comes out where descent in memory does."""
    streamed, in_memory = (
        scores_of(results, "sgd", label)[1215, "test", "accuracy"]
        for label in ("streamed", "in memory")
    )
    assert in_memory > 0.9
    assert abs(streamed - in_memory) < 0.06
