"""Figures across trials: replaced by newer ones, and computed again where they are lost."""

import pytest

from bench.results.figures import FILE, read_figures, write_figures
from bench.spec.errors import UnwritableError
from bench.spec.outcome import Score


def figure(value):
    return Score("across", "", "gain", value, 2)


def values(folder):
    return {row["trial_id"]: row["value"] for row in read_figures(folder).to_pylist()}


def test_figures_replace_those_of_their_trials(tmp_path):
    """Of trials that were looked at and have none now, none is left; others keep theirs."""
    assert values(tmp_path) == {}
    write_figures(tmp_path, "r", {"a", "b", "c"}, [(key, figure(1.0)) for key in "abc"])
    write_figures(tmp_path, "r", {"a", "b"}, [("a", figure(2.0))])
    assert values(tmp_path) == {"a": 2.0, "c": 1.0}
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE, "manifest.json"]


def test_a_damaged_file_is_none(tmp_path):
    """It is named, and replaced by the next figures."""
    (tmp_path / FILE).write_bytes(b"PAR1 no more")
    told = []
    assert read_figures(tmp_path, told.append).num_rows == 0
    assert "across.parquet is damaged" in told[0]
    write_figures(tmp_path, "r", {"a"}, [("a", figure(None))])
    assert values(tmp_path) == {"a": None}


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """One message, no traceback."""
    with pytest.raises(UnwritableError, match=r"gone cannot be written: No such file"):
        write_figures(tmp_path / "gone", "r", {"a"}, [("a", figure(1.0))])
