import errno
import os
import string

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from result_makers import failed, make_outcome, make_trial, new_run, session, tables_of

from bench.results import store
from bench.results.journal import Journal, Reading
from bench.spec.errors import ResultsError, UnwritableError
from bench.spec.outcome import CurvePoint, Facts, Measure, Outcome, Score

TEXT = st.text(max_size=8)
REAL = st.floats(allow_nan=False)
WHOLE = st.integers(-(2**63), 2**63 - 1)


@st.composite
def outcomes(draw) -> Outcome:
    n, k = draw(st.integers(0, 4)), draw(st.integers(1, 3))
    rows = values = None
    if draw(st.booleans()):
        rows = np.array(draw(st.lists(WHOLE, min_size=n, max_size=n)), dtype=np.int64)
        flat = draw(st.lists(st.floats(), min_size=n * k, max_size=n * k))
        values = np.array(flat, dtype=np.float64).reshape(n, k)
    return Outcome(
        trial_id="",
        status=draw(st.sampled_from(["ok", "timeout", "error"])),
        reason=draw(TEXT),
        facts=Facts(
            n_test=draw(st.none() | WHOLE),
            stop_reason=draw(st.none() | TEXT),
            fit_seconds=draw(st.none() | REAL),
        ),
        scores=tuple(
            draw(
                st.lists(
                    st.builds(Score, TEXT, TEXT, TEXT, st.none() | REAL, WHOLE, TEXT), max_size=3
                )
            )
        ),
        curves=tuple(draw(st.lists(st.builds(CurvePoint, WHOLE, TEXT, TEXT, REAL), max_size=3))),
        measures=tuple(
            draw(st.lists(st.builds(Measure, TEXT, TEXT, TEXT, REAL, TEXT), max_size=3))
        ),
        predicted_rows=rows,
        predictions=values,
        output=draw(TEXT),
        traceback=draw(TEXT),
    )


def read_back(folder, trial) -> Outcome:
    """Return the outcome that the tables of a run hold."""
    results = store.load(folder)

    def rows(name):
        keys = ("run_id", "trial_id")
        every = getattr(results, name).to_pylist()
        mine = [row for row in every if row["trial_id"] == trial.trial_id]
        return [{key: row[key] for key in row if key not in keys} for row in mine]

    (row,) = rows("trials")
    predictions = rows("predictions")
    logs = rows("logs") or [{"output": "", "traceback": ""}]
    return Outcome(
        trial_id=trial.trial_id,
        status=row["status"],
        reason=row["reason"],
        facts=Facts(**{name: row[name] for name in Facts.__dataclass_fields__}),
        scores=tuple(Score(**score) for score in rows("scores")),
        curves=tuple(CurvePoint(**point) for point in rows("curves")),
        measures=tuple(Measure(**measure) for measure in rows("measures")),
        predicted_rows=[prediction["row"] for prediction in predictions],
        predictions=[prediction["output"] for prediction in predictions],
        **logs[0],
    )


def plain(outcome: Outcome, trial) -> tuple:
    rows, values = outcome.predicted_rows, outcome.predictions
    return (
        trial.trial_id,
        outcome.status,
        outcome.reason,
        outcome.facts,
        outcome.scores,
        outcome.curves,
        outcome.measures,
        [] if rows is None else [int(row) for row in rows],
        [] if values is None else [np.asarray(value).tobytes() for value in values],
        outcome.output,
        outcome.traceback,
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(given_outcomes=st.lists(outcomes(), min_size=1, max_size=3))
def test_round_trip(tmp_path_factory, given_outcomes):
    """What is appended is what is loaded, from the journal and again from the tables."""
    folder = tmp_path_factory.mktemp("round") / "run"
    info = new_run(folder)
    trials = [make_trial(letter) for letter in string.ascii_letters[: len(given_outcomes)]]
    pairs = [
        (trial, Outcome(**{**_fields(outcome), "trial_id": trial.trial_id}))
        for trial, outcome in zip(trials, given_outcomes, strict=True)
    ]
    session(info, *pairs)
    for _ in range(2):
        for trial, outcome in pairs:
            assert plain(read_back(folder, trial), trial) == plain(outcome, trial)
        store.consolidate(folder)
        assert not list(folder.glob("journal-*"))


def _fields(outcome: Outcome) -> dict:
    return {name: getattr(outcome, name) for name in Outcome.__dataclass_fields__}


def test_the_trial_s_own_fields_come_back(tmp_path):
    """Every field of a trial is a column of its row, beside the run and the environment."""
    info = new_run(tmp_path / "run")
    trial = make_trial()
    session(info, (trial, make_outcome(trial)), environment_id="env-1")
    (row,) = store.load(info.folder).trials.to_pylist()
    for name in type(trial).__dataclass_fields__:
        assert row[name] == getattr(trial, name)
    assert (row["run_id"], row["environment_id"]) == (info.run_id, "env-1")


def test_cut_anywhere(tmp_path):
    """A journal cut anywhere gives back every whole batch before the cut, and no error."""
    info = new_run(tmp_path / "run")
    ends, trials = [], [make_trial(name) for name in "ab"]
    with Journal.open(info.folder, info.run_id, "e") as journal:
        for trial in trials:
            ends.append(journal.path.stat().st_size)
            journal.append(trial, make_outcome(trial))
        ends.append(journal.path.stat().st_size)
    whole = journal.path.read_bytes()
    assert len(whole) == ends[-1]
    cut = tmp_path / "journal-9.arrow"
    cut.write_bytes(whole)
    near = {at for end in (0, *ends) for at in range(end - 40, end + 40)}
    for offset in range(len(whole), -1, -1):
        if offset not in near and offset % 101:
            continue
        os.truncate(cut, offset)
        found, fault = read_whole(cut)
        n = sum(end <= offset for end in ends[1:])
        assert found == [trial.trial_id for trial in trials[:n]], offset
        assert not fault


def read_whole(path):
    """Return the trials in a journal, and what is wrong with it."""
    reading = Reading(9, path)
    try:
        return [rows["trial_id"][0].as_py() for rows, _ in reading.batches()], reading.fault
    finally:
        reading.close()


def test_a_bad_batch_is_skipped_and_named(tmp_path):
    """Whatever byte of a journal is another one: all other batches are read, and that is said."""
    info = new_run(tmp_path / "run")
    trials = [make_trial(name) for name in "abc"]
    ends = []
    with Journal.open(info.folder, info.run_id, "e") as journal:
        for trial in trials:
            journal.append(trial, make_outcome(trial))
            ends.append(journal.path.stat().st_size)
    whole = journal.path.read_bytes()
    ids = [trial.trial_id for trial in trials]
    bad = tmp_path / "journal-9.arrow"
    for at in range(0, len(whole), 97):
        bad.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        found, fault = read_whole(bad)
        hit = sum(end <= at for end in ends) if at >= ends[0] else 0
        is_schema = found == ids
        assert is_schema or found == ids[:hit] + ids[hit + 1 :], at
        assert "is damaged: nothing can be read from its bytes" in fault, at


def test_a_damaged_journal_is_set_aside(tmp_path):
    """What is intact of it goes into the tables; the file is renamed, never removed."""
    info = new_run(tmp_path / "run")
    trials = [make_trial(name) for name in "abc"]
    path = session(info, *[(trial, make_outcome(trial)) for trial in trials])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (problem,) = store.consolidate(info.folder)
    assert "journal-1.arrow is damaged" in problem
    assert (info.folder / "journal-1.arrow.damaged-1").read_bytes() == data
    assert not path.exists()
    assert len(tables_of(info.folder)["trials"]) == 2


def test_a_failed_write_leaves_the_journal_whole(tmp_path, monkeypatch):
    """When the disk is full in the middle of a batch, what is appended later is still readable."""
    info = new_run(tmp_path / "run")
    first, second, third = (make_trial(name) for name in "abc")
    real = os.write

    def full(descriptor, data):
        real(descriptor, data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    with Journal.open(info.folder, info.run_id, "e") as journal:
        journal.append(first, make_outcome(first))
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            with pytest.raises(UnwritableError, match="No space left on device"):
                journal.append(second, make_outcome(second))
        journal.append(third, make_outcome(third))
    assert set(store.done(info.folder)) == {first.trial_id, third.trial_id}


def test_what_does_not_fit_is_refused_whole(tmp_path):
    """An outcome with a value that no column can hold is refused, and nothing of it is written."""
    info = new_run(tmp_path / "run")
    trial = make_trial()
    broken = make_outcome(trial, facts=Facts(n_parameters=2**70))
    with Journal.open(info.folder, info.run_id, "e") as journal:
        with pytest.raises(ResultsError, match="acme-forest on iris"):
            journal.append(trial, broken)
        with pytest.raises(ResultsError, match="cannot be written"):
            journal.append(trial, make_outcome(trial, predictions=np.zeros((3, 1))))
        with pytest.raises(ResultsError, match="was given for trial"):
            journal.append(trial, make_outcome(make_trial("b")))
        journal.append(trial, failed(trial, "error"))
    assert [row["status"] for row in tables_of(info.folder)["trials"]] == ["error"]


def test_text_that_is_no_unicode_is_kept_readable(tmp_path):
    """Half of a surrogate pair in a plugin's message becomes a question mark, not a crash."""
    info = new_run(tmp_path / "run")
    trial = make_trial()
    session(info, (trial, failed(trial, "error", reason="bad \udc80 byte")))
    assert store.done(info.folder)[trial.trial_id].reason == "bad ? byte"


@pytest.mark.parametrize("kind", ["texts", "ragged"])
def test_answers_that_are_no_table_of_numbers(tmp_path, kind):
    """Texts are kept as texts, and answers of different lengths as what they are."""
    info = new_run(tmp_path / "run")
    trial = make_trial()
    given = {"texts": ("ja", "n\udc80"), "ragged": (np.array([1.0, 2.0]), np.array([]))}[kind]
    session(info, (trial, make_outcome(trial, predictions=given)))
    for _ in range(2):
        rows = {row["row"]: row for row in tables_of(info.folder)["predictions"]}
        found = [(rows[at]["output"], rows[at]["text"]) for at in (7, 4)]
        expected = {
            "texts": [(None, "ja"), (None, "n?")],
            "ragged": [([1.0, 2.0], None), ([], None)],
        }
        assert found == expected[kind]
        store.consolidate(info.folder)


def test_measures_of_no_trial(tmp_path):
    """Measures of the machine, and of an earlier trial, are added and replace nothing."""
    info = new_run(tmp_path / "run")
    trial = make_trial()
    session(info, (trial, make_outcome(trial)))
    with Journal.open(info.folder, info.run_id, "e") as journal:
        journal.append_measures("", [Measure("calibrate", "calibration", "slot-0", 0.5, "s")])
        journal.append_measures(trial.trial_id, [Measure("fit", "sentinel", "fit_seconds", 1, "s")])
    for _ in range(2):
        found = tables_of(info.folder)
        probes = sorted(row["probe"] for row in found["measures"])
        assert probes == ["calibration", "clock", "sentinel"]
        assert len(found["trials"]) == 1
        assert len(found["scores"]) == 2
        store.consolidate(info.folder)


def test_an_empty_journal_leaves_nothing(tmp_path):
    """A session that measured nothing leaves no file."""
    info = new_run(tmp_path / "run")
    assert not session(info).exists()


def test_a_newer_journal_is_refused(tmp_path, monkeypatch):
    """A journal of a newer bench is refused as a newer table is."""
    info = new_run(tmp_path / "run")
    trial = make_trial()
    path = session(info, (trial, make_outcome(trial)))
    monkeypatch.setattr("bench.results.schema.SCHEMA_VERSION", 0)
    with pytest.raises(ResultsError, match=r"version \d+; this bench reads up to version 0"):
        read_whole(path)
