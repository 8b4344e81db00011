import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from result_makers import failed, make_outcome, make_trial, new_run, session, tables_of

from bench.results import manifest, parts, schema, store, tables
from bench.results.journal import Journal
from bench.spec.errors import ResultsError, ResultsWarning
from bench.spec.outcome import Facts, Measure, Score


class Killed(BaseException):
    """Stands for kill -9."""


def kill_at(patch: pytest.MonkeyPatch, n: int) -> list[str]:
    """Raise just before the n-th step that changes something on disk; return the steps so far."""
    steps: list[str] = []

    def wrap(owner, name):
        real = getattr(owner, name)

        def step(*args, **kwargs):
            steps.append(name)
            if len(steps) == n + 1:
                raise Killed
            return real(*args, **kwargs)

        patch.setattr(owner, name, step)

    wrap(os, "replace")
    wrap(os, "fsync")
    wrap(os, "link")
    wrap(Path, "unlink")
    wrap(Path, "rename")
    wrap(pq.ParquetWriter, "write_table")
    wrap(pq.ParquetWriter, "close")
    patch.setattr(parts.PartWriter, "abandon", lambda self: None)
    return steps


def seen_by_others(folder: Path) -> list[str]:
    """Return the trials in the files that a pattern of names finds, as SQL does."""
    found = folder.glob("trials*.parquet")
    return [key for path in found for key in pq.read_table(path)["trial_id"].to_pylist()]


@pytest.mark.parametrize("is_anew", [True, False])
def test_kill_between_any_two_steps(tmp_path, is_anew):
    """Killed at any step of consolidating, a run reads the same, resumes and ends the same.

    Whoever reads the files by their names alone sees no trial twice at any of these moments, and
    nothing is lost should the manifest be lost as well.
    """
    origin = tmp_path / "origin"
    info = new_run(origin)
    first, again, last = (make_trial(name) for name in "abc")
    session(info, (first, make_outcome(first)), (again, failed(again, "timeout")))
    store.consolidate(origin)
    if is_anew:
        session(info, (again, make_outcome(again)))
    session(info, (last, make_outcome(last, "invalid")))
    expected = tables_of(origin)
    later = make_trial("d")
    n = 0
    while True:
        folder = tmp_path / str(n)
        shutil.copytree(origin, folder)
        with pytest.MonkeyPatch.context() as patch:
            steps = kill_at(patch, n)
            try:
                store.consolidate(folder)
            except Killed:
                survived = False
            else:
                survived = True
        seen = seen_by_others(folder)
        assert len(seen) == len(set(seen)), steps
        assert tables_of(folder) == expected, steps
        without = shutil.copytree(folder, tmp_path / f"{n}-without-manifest")
        (without / manifest.NAME).unlink()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResultsWarning)
            assert tables_of(without) == expected, steps
        shutil.rmtree(without)
        session(store.open_run(folder), (later, make_outcome(later)))
        with_later = tables_of(folder)
        assert len(with_later["trials"]) == 4
        assert len(with_later["scores"]) == len(expected["scores"]) + 2
        store.consolidate(folder)
        store.consolidate(folder)  # nothing is left to do
        assert len(seen_by_others(folder)) == len(set(seen_by_others(folder))) == 4
        assert tables_of(folder) == with_later, steps
        assert not list(folder.glob("*.arrow"))
        if survived:
            break
        n += 1
    assert n >= 5 * 4 + 2 + 2  # parts written, closed, synced and named; manifest; two journals


def test_the_newest_attempt_wins(tmp_path):
    """A trial measured again has the rows of its newest attempt only, in all tables."""
    info = new_run(tmp_path / "run")
    trial = make_trial()
    old = make_outcome(trial, "invalid", reason="NaN in the output")
    new = make_outcome(
        trial,
        scores=(Score("test", "", "accuracy", 1.0, 2),),
        curves=(),
        measures=(Measure("fit", "clock", "wall", 9.0, "s"),),
        predictions=np.array([[0.0], [1.0]]),
        output="",
    )
    session(info, (trial, old))
    for consolidated in (False, True):
        if consolidated:
            store.consolidate(info.folder)
        session(info, (trial, new))
        found = tables_of(info.folder)
        assert [row["value"] for row in found["scores"]] == [1.0]
        assert {row["row"]: row["output"] for row in found["predictions"]} == {7: [0.0], 4: [1.0]}
        assert [row["value"] for row in found["measures"]] == [9.0]
        assert found["curves"] == found["logs"] == []
        (row,) = found["trials"]
        assert (row["status"], row["reason"]) == (
            "ok",
            "earlier attempt: invalid (NaN in the output)",
        )


def test_no_failure_vanishes(tmp_path):
    """Each earlier failure stays in the reason, oldest first, whenever tables are written."""
    info = new_run(tmp_path / "run")
    short = make_trial(limit_seconds=5.0)
    longer = make_trial(limit_seconds=60.0, limit_bytes=2**31)
    expected = (
        "killed by signal 11; earlier attempt: timeout (limit 5 s); "
        "earlier attempt: out_of_memory (limit 2,048 MiB)"
    )
    session(info, (short, failed(short, "timeout", "over its limit")))
    store.consolidate(info.folder)
    session(info, (longer, failed(longer, "out_of_memory", "over its limit")))
    session(info, (longer, failed(longer, "crashed", "killed by signal 11")))
    for _ in range(2):
        assert store.done(info.folder)[short.trial_id] == store.Finished(
            "crashed", 60.0, 2**31, expected
        )
        store.consolidate(info.folder)
    session(info, (longer, make_outcome(longer)))
    store.consolidate(info.folder)
    (row,) = tables_of(info.folder)["trials"]
    assert row["reason"] == (
        "earlier attempt: timeout (limit 5 s); earlier attempt: out_of_memory (limit 2,048 MiB); "
        "earlier attempt: crashed (killed by signal 11)"
    )


def test_attempts_of_one_session(tmp_path):
    """Two attempts in one journal are told apart just as in two."""
    info = new_run(tmp_path / "run")
    trial = make_trial()
    session(info, (trial, failed(trial, "crashed", "signal 9")), (trial, make_outcome(trial)))
    (row,) = tables_of(info.folder)["trials"]
    assert (row["status"], row["reason"]) == ("ok", "earlier attempt: crashed (signal 9)")


def test_many_small_groups(tmp_path, monkeypatch):
    """Chunks and row groups of any size hold the same rows."""
    info = new_run(tmp_path / "run")
    trials = [make_trial(str(i)) for i in range(7)]
    session(info, *[(trial, make_outcome(trial)) for trial in trials])
    expected = tables_of(info.folder)
    monkeypatch.setattr(tables, "_CHUNK_BATCHES", 2)
    monkeypatch.setattr(parts, "_GROUP_ROWS", 3)
    store.consolidate(info.folder)
    (path,) = info.folder.glob("trials*.parquet")
    assert pq.read_metadata(path).num_row_groups > 1
    assert tables_of(info.folder) == expected


def test_read_while_consolidated(tmp_path):
    """A reader that began before the tables were replaced misses no row and sees none twice."""
    info = new_run(tmp_path / "run")
    one, two = make_trial("a"), make_trial("b")
    session(info, (one, make_outcome(one)))
    store.consolidate(info.folder)
    session(info, (two, make_outcome(two)))
    reader = tables.stream(info.folder, ["trials"], ["trial_id"])
    found = next(reader)[1]["trial_id"].to_pylist()
    store.consolidate(info.folder)
    for _, table in reader:
        found += table["trial_id"].to_pylist()
    assert sorted(found) == sorted([one.trial_id, two.trial_id])


def test_journal_numbers_are_never_used_again(tmp_path):
    """A journal made after another was absorbed is not taken for that one."""
    info = new_run(tmp_path / "run")
    names = []
    for name in "abc":
        trial = make_trial(name)
        names.append(session(info, (trial, make_outcome(trial))).name)
        store.consolidate(info.folder)
    assert names == ["journal-1.arrow", "journal-2.arrow", "journal-3.arrow"]
    assert len(store.done(info.folder)) == 3


def make_older(folder: Path) -> None:
    """Make a run one of before there were manifests: one file a table."""
    (folder / manifest.NAME).unlink()


def write_version_0(folder: Path) -> None:
    """Rewrite the table of curves as a version 0 that called its steps epochs."""
    make_older(folder)
    path = folder / "curves.parquet"
    table = pq.read_table(path)
    metadata = {**table.schema.metadata, schema.VERSION_KEY: b"0"}
    old = table.rename_columns({"step": "epoch"}).replace_schema_metadata(metadata)
    pq.write_table(old, path)


def test_an_older_table_loads_and_is_rewritten(tmp_path, monkeypatch):
    """A file of version 0 reads as one of today, and becomes one when rows are added."""
    info = new_run(tmp_path / "run")
    one, two = make_trial("a"), make_trial("b")
    session(info, (one, make_outcome(one)))
    store.consolidate(info.folder)
    expected = tables_of(info.folder)["curves"]
    write_version_0(info.folder)

    def upgrade(name, table):
        return table.rename_columns({"epoch": "step"}) if name == "curves" else table

    monkeypatch.setitem(schema.UPGRADES, 0, upgrade)
    assert tables_of(info.folder)["curves"] == expected
    session(info, (two, make_outcome(two)))
    store.consolidate(info.folder)
    monkeypatch.delitem(schema.UPGRADES, 0)
    assert len(tables_of(info.folder)["curves"]) == 4


def test_a_run_of_version_1_still_loads(tmp_path):
    """A run from before there was tuning has a trial in its tables and one in its journal.

    Both read as never tuned, and adding a row keeps them.
    """
    folder = tmp_path / "run"
    shutil.copytree(Path(__file__).with_name("version_1"), folder)
    for _ in range(2):
        rows = tables_of(folder)["trials"]
        assert {row["tuning"] for row in rows} == {"default"}
        assert {row["search"] for row in rows} == {"{}"}
        assert {row["chosen_params"] for row in rows} == {None}
        assert sorted(row["trial_id"] for row in rows if row["fit_seconds"] == 0.25) == sorted(
            make_trial(name).trial_id for name in "ab"
        )
        store.consolidate(folder)
    three = make_trial("c", tuning="tuned", search='{"trials":2}')
    tuned = Facts(chosen_params='{"n_trees":9}', fit_seconds=1.0)
    session(store.open_run(folder), (three, make_outcome(three, facts=tuned)))
    store.consolidate(folder)
    chosen = {row["search"]: row["chosen_params"] for row in tables_of(folder)["trials"]}
    assert chosen == {"{}": None, '{"trials":2}': '{"n_trees":9}'}
    assert len(tables_of(folder)["curves"]) == 6


def test_a_run_of_version_2_still_loads(tmp_path):
    """A run from before units and roles: its rows say what was true of every trial then."""
    folder = tmp_path / "run"
    shutil.copytree(Path(__file__).with_name("version_2"), folder)
    for _ in range(2):
        rows = {row["trial_id"]: row for row in tables_of(folder)["trials"]}
        roles = {name: rows[make_trial(name).trial_id]["role"] for name in "abc"}
        assert roles == {"a": "contender", "b": "contender", "c": "baseline"}
        for row in rows.values():
            assert (row["task_version"], row["size_unit"], row["n_units"]) == ("1", "rows", 2)
            assert (row["pretrained"], row["overlap"], row["threshold"]) == (False, None, None)
            assert row["imported_from"] == row["control"] == ""
            assert row["primary_metric"] == "balanced-accuracy"
        predictions = tables_of(folder)["predictions"]
        assert len(predictions) == 6
        assert {row["text"] for row in predictions} == {None}
        store.consolidate(folder)
    four = make_trial("d", role="control", control="copy", overlap=1 / 9, pretrained=True)
    session(store.open_run(folder), (four, make_outcome(four, facts=Facts(n_units=5))))
    store.consolidate(folder)
    (row,) = [row for row in tables_of(folder)["trials"] if row["control"] == "copy"]
    assert (row["role"], row["overlap"], row["pretrained"], row["n_units"]) == (
        *("control", 1 / 9),
        *(True, 5),
    )


def test_a_newer_table_is_refused(tmp_path):
    """A file of a newer bench is refused, whether read or added to, and nothing is lost."""
    info = new_run(tmp_path / "run")
    trial = make_trial()
    session(info, (trial, make_outcome(trial)))
    store.consolidate(info.folder)
    (path,) = info.folder.glob("trials*.parquet")
    (info.folder / manifest.NAME).unlink()
    table = pq.read_table(path)
    newer = schema.SCHEMA_VERSION + 1
    metadata = {**table.schema.metadata, schema.VERSION_KEY: str(newer).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    with pytest.raises(ResultsError, match=rf"trials\.parquet has tables of version {newer}"):
        store.load(info.folder)
    with pytest.raises(ResultsError, match=f"version {newer}"):
        Journal.open(info.folder, info.run_id, "e")
