import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from result_makers import failed, make_outcome, make_trial, new_run, session

import bench
from bench.results import store
from bench.spec.errors import ResultsError, ResultsWarning


def test_a_new_run_says_what_it_is(tmp_path):
    """What `create_run` wrote, `open_run` reads; the suite's text is kept."""
    info = store.create_run(tmp_path / "r", "quick", "[suite]\n", ["bench", "run", "quick"])
    assert store.open_run(tmp_path / "r") == info
    assert info.run_id.startswith("quick-2")
    assert info.argv == ("bench", "run", "quick")
    assert (tmp_path / "r" / "suite.toml").read_text() == "[suite]\n"


def test_run_ids_differ(tmp_path):
    """Two runs of one suite in one second have different names."""
    ids = {store.create_run(tmp_path / str(i), "q", "", []).run_id for i in range(5)}
    assert len(ids) == 5


def test_a_used_folder_is_no_place_for_a_new_run(tmp_path):
    """Files of something else are not mixed with a run's; a lock alone is no obstacle."""
    (tmp_path / "lock").touch()
    info = store.create_run(tmp_path, "quick", "", [])
    with pytest.raises(ResultsError, match="holds a run already"):
        store.create_run(info.folder, "quick", "", [])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    with (
        pytest.raises(ResultsError, match="is not empty"),
        store.begin_run(tmp_path / "mine", "quick", "", []),
    ):
        pass
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"run_id": "x"}', '{"schema_version": "no"}'])
def test_a_damaged_run_file(tmp_path, content):
    """A run.json that is not what it should be is named, and its run is listed with the problem."""
    new_run(tmp_path / "good")
    new_run(tmp_path / "bad")
    (tmp_path / "bad" / "run.json").write_text(content)
    (tmp_path / "bad" / "manifest.json").unlink()
    with pytest.raises(ResultsError, match=r"bad/run\.json is damaged"):
        store.load(tmp_path / "bad")
    summaries = {run.name: run.problem for run in store.list_runs(tmp_path)}
    assert "is damaged" in summaries["bad"]
    assert summaries["good"] == ""


def test_a_run_of_a_newer_bench(tmp_path):
    """A run made by a newer bench is refused before its tables are touched."""
    info = new_run(tmp_path / "run")
    facts = json.loads((info.folder / "run.json").read_text())
    (info.folder / "run.json").write_text(json.dumps({**facts, "schema_version": 9}))
    (info.folder / "manifest.json").unlink()
    with pytest.raises(ResultsError, match="version 9"):
        store.load(info.folder)


def test_finding_a_run(tmp_path, monkeypatch):
    """A run is found by its folder or by its name under results/; else the nearest is named."""
    monkeypatch.chdir(tmp_path)
    info = new_run(tmp_path / "results" / "quick-1")
    assert store.find_run("quick-1").resolve() == info.folder
    assert store.find_run(info.folder) == info.folder
    with pytest.raises(ResultsError, match=r"Did you mean 'quick-1'\?"):
        store.find_run("quikc-1")
    with pytest.raises(ResultsError, match=r"Did you mean 'quick-1'\?"):
        store.find_run("results/quick-2")
    with pytest.raises(ResultsError, match=r"name one of them: quick-1"):
        store.find_run("results")
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match="is a file"):
        store.find_run("file")


def test_no_runs_at_all(tmp_path, monkeypatch):
    """Where nothing has been run, that is said."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ResultsError, match="There are no runs in results"):
        store.load("quick")
    with pytest.raises(ResultsError, match="Which run"):
        store.load()
    assert store.list_runs() == []


def test_list_runs_counts_statuses(tmp_path):
    """A list of runs counts trials by status, journals included."""
    info = new_run(tmp_path / "one")
    a, b, c = (make_trial(name) for name in "abc")
    session(info, (a, make_outcome(a)), (b, failed(b, "error")))
    store.consolidate(info.folder)
    session(info, (c, make_outcome(c)))
    (run,) = store.list_runs(tmp_path)
    assert (run.name, run.suite, run.n_trials) == ("one", "quick", 3)
    assert run.statuses == {"ok": 2, "error": 1}


def test_done_of_a_new_run_is_empty(tmp_path):
    """Nothing is done in a run that has measured nothing."""
    assert store.done(new_run(tmp_path / "run").folder) == {}


def test_only_one_writes(tmp_path):
    """A run that is held is refused with the process that holds it, and free again afterwards."""
    with store.lock(tmp_path):
        refused = pytest.raises(ResultsError, match=f"written by process {os.getpid()}")
        with refused, store.lock(tmp_path):
            pass
    with store.lock(tmp_path):
        pass


@pytest.mark.parametrize(("table", "file"), [("metrics", "metrics"), ("scores", "across")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, table, file):
    """Whichever it is, the message says its place."""
    folder = new_run(tmp_path / "run").folder
    (folder / f"{file}.parquet").mkdir()
    results = bench.load(folder)
    with pytest.raises(ResultsError, match=rf"{file}.parquet cannot be read: Is a directory"):
        getattr(results, table)


def test_a_file_system_without_locks_or_second_names(tmp_path, monkeypatch):
    """The first is said, with what to do; the second is no obstacle to mending."""
    folder = new_run(tmp_path / "run").folder
    (folder / "suite.toml").write_text("damaged")

    def refuse(*args, **kwargs):
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    (problem,) = store.consolidate(folder, verify=True)
    assert "suite.toml.damaged-1" in problem
    assert (folder / "suite.toml.damaged-1").read_text() == "damaged"
    monkeypatch.setattr(fcntl, "flock", refuse)
    refused = pytest.raises(ResultsError, match="lock cannot be locked: Operation not supported")
    with refused, store.lock(folder):
        pass


def test_a_dead_holder_holds_nothing(tmp_path):
    """A run is free once its writer was killed, though the writer's forked child lives on."""
    code = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from bench.results import store\n"
        "with store.lock(Path(sys.argv[1])):\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        print(os.getpid(), flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path)], stdout=subprocess.PIPE
    ) as writer:
        child = int(writer.stdout.readline())
        try:
            refused = pytest.raises(ResultsError, match=f"process {writer.pid}")
            with refused, store.lock(tmp_path):
                pass
            writer.kill()
            writer.wait()
            os.kill(child, 0)
            with store.lock(tmp_path):
                pass
        finally:
            os.kill(child, signal.SIGKILL)


def test_an_environment_is_kept_once(tmp_path):
    """The same machine at another load is one environment; another library version is another."""
    facts = {"cpu_model": "Z80", "n_cores": 2, "libraries": {"numpy": "2.1"}, "accelerators": []}
    first = store.write_environment(tmp_path, {**facts, "load": 0.1})
    again = store.write_environment(tmp_path, {**facts, "load": 1.7})
    other = store.write_environment(tmp_path, {**facts, "libraries": {"numpy": "2.2"}})
    assert first == again != other
    rows = store.environments(tmp_path).to_pylist()
    assert [(row["environment_id"], row["libraries"], row["load"]) for row in rows] == [
        (first, '{"numpy":"2.1"}', 0.1),
        (other, '{"numpy":"2.2"}', None),
    ]


def test_an_unknown_fact_is_refused(tmp_path):
    """A fact without a column is refused with the nearest name."""
    with pytest.raises(ResultsError, match=r"'cpu_modle'.*Did you mean 'cpu_model'"):
        store.write_environment(tmp_path, {"cpu_modle": "x"})
    with pytest.raises(ResultsError, match="does not fit"):
        store.write_environment(tmp_path, {"n_cores": "many"})


def test_metrics_are_kept_with_the_run(tmp_path):
    """What a score means is read from the run: the latest record of each name, in few columns."""
    info = new_run(tmp_path / "run")
    store.write_metrics(info.folder, [metric("rmse", "lower", 0.0), metric("f1", "higher", 1.0)])
    store.write_metrics(info.folder, [metric("rmse", "lower", 0.5)])
    rows = bench.load(info.folder).metrics.to_pylist()
    assert [(row["name"], row["direction"], row["ideal"]) for row in rows] == [
        ("f1", "higher", 1.0),
        ("rmse", "lower", 0.5),
    ]
    assert {row["version"] for row in rows} == {"1"}


def metric(name, direction, ideal):
    return bench.Metric(
        name=name, direction=direction, ideal=ideal, needs="labels", function="acme.m:f"
    )


def test_merging_runs(tmp_path):
    """Several runs are read as one, their shared environment once, a run given twice once."""
    trial = make_trial()
    one, two = new_run(tmp_path / "one"), new_run(tmp_path / "two")
    session(one, (trial, make_outcome(trial)))
    session(two, (trial, make_outcome(trial)))
    store.consolidate(two.folder)
    results = bench.load(one.folder, str(two.folder), tmp_path / "two" / ".." / "one")
    assert results.trials["run_id"].to_pylist() == [one.run_id, two.run_id]
    assert results.scores.num_rows == 4
    assert results.environments.num_rows == 1
    assert [run.run_id for run in results.runs] == [one.run_id, two.run_id]


def test_two_states_of_one_run(tmp_path):
    """A copy of a run is read once; one that has since gone on is refused, not mixed."""
    info = new_run(tmp_path / "run")
    a, b = make_trial("a"), make_trial("b")
    session(info, (a, make_outcome(a)))
    copy = tmp_path / "copy"
    shutil.copytree(info.folder, copy)
    assert store.load(info.folder, copy).trials.num_rows == 1
    session(info, (b, make_outcome(b)))
    with pytest.raises(ResultsError, match="two different states of one run"):
        store.load(info.folder, copy)


def test_results_are_an_arrow_stream(tmp_path):
    """Anything that takes an Arrow stream gets the table of trials."""
    info = new_run(tmp_path / "run")
    trial = make_trial()
    session(info, (trial, make_outcome(trial)))
    results = store.load(info.folder)
    table = pa.table(results)
    assert table.equals(results.trials)
    assert table.schema.names == store.SCHEMAS["trials"].names


def test_tables_are_read_when_asked_for(tmp_path):
    """Damaged predictions are no obstacle to what does not need them."""
    info = new_run(tmp_path / "run")
    trial = make_trial()
    session(info, (trial, make_outcome(trial)))
    store.consolidate(info.folder)
    (path,) = info.folder.glob("predictions*.parquet")
    path.write_bytes(b"x" * 100)
    results = store.load(info.folder)
    assert results.scores.num_rows == 2
    with pytest.warns(ResultsWarning, match=rf"{path.name} is damaged: .* 2 of 2 rows are lost"):
        assert results.predictions.num_rows == 0


def test_nothing_is_unpickled():
    """No module of results imports pickle or evaluates text."""
    for path in Path(store.__file__).parent.glob("*.py"):
        text = path.read_text()
        for word in ("import pickle", "eval(", "exec(", "allow_pickle"):
            assert word not in text, path
