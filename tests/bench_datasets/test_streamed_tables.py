"""Parquet tables that stay in their files."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bench
from bench.planning.describing import has_missing
from bench.planning.fingerprint import fingerprint
from bench.tasks.normalise import normalise
from bench_datasets import files, streaming, streaming_scan
from bench_datasets.files import load_parquet

N = 2000


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def table():
    """One column of each kind, with gaps, a column without values, and a target with gaps."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": rng.standard_normal(N),
            "whole": rng.integers(0, 9, N),
            "category": rng.choice(["z", "y", "x"], N),
            "text": [f"some words here {i}" for i in range(N)],
            "date": pd.date_range("2020-01-01", periods=N, freq="h"),
            "truth": rng.random(N) < 0.5,
            "nothing": np.full(N, np.nan),
            "y": rng.choice(["no", "yes"], N),
        }
    )
    for name in ("number", "category", "y"):
        frame.loc[rng.random(N) < 0.1, name] = None
    return frame


@pytest.fixture
def write(tmp_path):
    def to(frame, name="table.parquet", rows=300, **options):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        given = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame)
        pq.write_table(given, path, row_group_size=rows, **options)
        return str(path)

    return to


def alike(one, other):
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one.reset_index(drop=True), other)
    else:
        np.testing.assert_array_equal(one, other)


def rows_of(X, rows):
    return X.iloc[rows] if isinstance(X, pd.DataFrame) else X[rows]


@pytest.mark.parametrize(
    "roles",
    [
        {},
        {"drop": ["category", "text"]},
        {"kinds": {"whole": "category"}, "group": "category", "drop": "y", "target": "whole"},
        {"time": "date", "kinds": {"text": "category"}},
    ],
)
def test_streamed_and_in_memory_are_the_same(table, write, roles):
    """Columns, y, groups, time and every row are equal, in whatever order rows are asked for."""
    if "group" in roles:
        table = table.dropna(subset=["category"])
        roles = {"group": "category", "target": "y", "kinds": {"whole": "category"}}
    path = write(table)
    roles = {"target": "y", **roles}
    memory = load_parquet(path, stream=False, **roles)
    stream = load_parquet(path, stream=True, **roles)
    assert stream.columns == memory.columns
    assert stream.target == memory.target
    for name in ("y", "groups", "time"):
        alike(np.array(getattr(memory, name)), np.array(getattr(stream, name)))
    n = len(stream.X)
    assert n == len(memory.X)
    assert stream.X.has_missing == has_missing(memory.X)
    rng = np.random.default_rng(1)
    assert len(stream.X.take(np.array([], int))) == 0
    for rows in (np.arange(n), rng.permutation(n), np.array([n - 1, 3, 3])):
        alike(rows_of(memory.X, rows), stream.X.take(rows))
    rows = rng.permutation(n)[:500]
    batches = list(stream.X.batches(rows, 120))
    assert [len(batch) for batch in batches] == [120, 120, 120, 120, 20]
    for start, batch in zip(range(0, 500, 120), batches, strict=True):
        alike(rows_of(memory.X, rows[start : start + 120]), batch)


def test_the_core_takes_it_as_rows(table, write):
    """It is `bench.Rows` whose columns, gaps and blocks are known without reading it."""
    dataset = normalise(load_parquet(write(table), stream=True, target="y"), "table")
    assert isinstance(dataset.X, bench.Rows)
    assert has_missing(dataset.X)
    assert len(dataset.X) == table["y"].notna().sum() == dataset.X.bounds[-1]
    assert len(dataset.X.bounds) == 8
    known = table["y"].notna().to_numpy()
    assert dataset.X.bounds[1] == known[:300].sum()


def test_content_and_not_its_form_is_digested(table, write):
    """Row groups and compression change no fingerprint; a value, an order or a name does."""
    plain = write(table)
    digest = fingerprint(load_parquet(plain, stream=True, target="y"))
    same = write(table, "same.parquet", rows=77, compression="zstd")
    assert fingerprint(load_parquet(same, stream=True, target="y")) == digest
    first = table["y"].notna().argmax()
    changed = table.assign(number=table["number"].where(np.arange(N) != first, 0.5))
    for frame in (changed, table.iloc[::-1], table.rename(columns={"whole": "other"})):
        path = write(frame, "other.parquet")
        assert fingerprint(load_parquet(path, stream=True, target="y")) != digest


def test_a_table_is_looked_through_once(table, write, monkeypatch):
    """What was found is kept: the next trial opens it without a pass; a changed file is read."""
    path = write(table)
    found = load_parquet(path, stream=True, target="y").X

    def refuse(*_):
        raise AssertionError("a second pass")

    with monkeypatch.context() as patch:
        patch.setattr(streaming_scan, "pieces", refuse)
        again = load_parquet(path, stream=True, target="y").X
    assert (again.fingerprint, again.columns) == (found.fingerprint, found.columns)
    write(table.iloc[:-1])
    assert load_parquet(path, stream=True, target="y").X.fingerprint != found.fingerprint


def test_files_of_a_folder_are_one_table(table, write, tmp_path):
    """They come in the order of their names, and are the same table as one file."""
    whole = load_parquet(write(table), stream=True, target="y")
    for name, part in (("b", table[900:]), ("a", table[:900])):
        write(part, f"folder/{name}.parquet")
    write(table, "folder/_left_out.parquet")
    for stream in (True, False):
        folder = load_parquet(str(tmp_path / "folder"), stream=stream, target="y")
        assert (folder.y == whole.y).all()
        alike(rows_of(load_parquet(write(table), target="y").X, slice(None)), first_rows(folder))
    assert fingerprint(whole) == fingerprint(
        load_parquet(str(tmp_path / "folder"), stream=True, target="y")
    )


def first_rows(dataset):
    X = dataset.X
    return X if isinstance(X, pd.DataFrame) else X.take(np.arange(len(X)))


def test_each_row_group_is_opened_once_a_pass(table, write, monkeypatch):
    """Shuffled windows that end in the middle of row groups go on where the last one ended."""
    X = load_parquet(write(table, rows=170), stream=True, target="y").X
    view = bench.RowsView(X, np.random.default_rng(0).permutation(len(X))[:1500])
    opened = []
    original = streaming._Cursor._open
    monkeypatch.setattr(
        streaming._Cursor, "_open", lambda self, g: (opened.append(g), original(self, g))
    )
    monkeypatch.setattr(streaming, "PIECE_BYTES", 1)
    for size in (100, 450):
        opened.clear()
        for _ in view.windows(size, np.random.default_rng(1)):
            pass
        assert sorted(opened) == list(range(12))


def test_rows_are_taken_in_any_order_in_one_pass(table, write, monkeypatch):
    """Each row group is opened once, however the rows asked for are mixed."""
    X = load_parquet(write(table, rows=170), stream=True, target="y").X
    opened = []
    original = streaming._Cursor._open
    monkeypatch.setattr(
        streaming._Cursor, "_open", lambda self, g: (opened.append(g), original(self, g))
    )
    X.take(np.random.default_rng(0).permutation(len(X)))
    assert opened == list(range(12))


def test_a_row_group_is_not_held_as_a_whole(write, monkeypatch):
    """One row group of 16 MB is read in windows with at most a quarter of it in Arrow's memory."""
    values = np.random.default_rng(0).standard_normal((40, 50_000))
    frame = pa.table({f"x{j}": column for j, column in enumerate(values)} | {"y": values[0]})
    path = write(frame, rows=50_000, data_page_size=2**15, use_dictionary=False)
    X = load_parquet(path, stream=True, target="y").X
    monkeypatch.setattr(streaming, "PIECE_BYTES", 2**18)
    before, peak = pa.total_allocated_bytes(), 0
    for _ in X.batches(np.arange(len(X)), 1000):
        peak = max(peak, pa.total_allocated_bytes() - before)
    assert 0 < peak < 4 * 2**20


def test_only_large_tables_are_streamed_unasked(table, write, monkeypatch):
    """By default a table stays in its file where its numbers would take more than 1 GiB."""
    path = write(table)
    assert files.MOST_BYTES == 2**30
    assert not isinstance(load_parquet(path, target="y").X, bench.Rows)
    monkeypatch.setattr(files, "MOST_BYTES", 8 * 8 * N - 1)
    assert isinstance(load_parquet(path, target="y").X, bench.Rows)
    with pytest.raises(bench.ParameterError, match='"auto"'):
        load_parquet(path, target="y", stream="yes")


def test_too_many_categories(table, write, monkeypatch):
    """A column with more levels than memory should hold is refused, with what to do."""
    monkeypatch.setattr(streaming_scan, "MOST_LEVELS", 2)
    with pytest.raises(bench.DatasetError, match=r"'category' has more than 2 .* drop = "):
        load_parquet(write(table), stream=True, target="y")


def test_folders_that_are_no_table(table, write, tmp_path):
    """Files of different columns, values in folder names and empty folders are told."""
    write(table, "mixed/a.parquet")
    write(table.assign(whole=0.5), "mixed/b.parquet")
    with pytest.raises(
        bench.DatasetError, match=r"b\.parquet are not those of a\.parquet: 'whole'"
    ):
        load_parquet(str(tmp_path / "mixed"), target="y")
    (tmp_path / "parted").mkdir()
    write(table, "parted/year=2020/a.parquet")
    with pytest.raises(bench.DatasetError, match="year=2020"):
        load_parquet(str(tmp_path / "parted"), target="y")
    (tmp_path / "empty").mkdir()
    with pytest.raises(bench.DatasetError, match="no file"):
        load_parquet(str(tmp_path / "empty"), target="y")


def test_a_file_that_is_cut_off(table, write):
    """Damage within a row group is told by the name of the file."""
    path = write(table, rows=300)
    X = load_parquet(path, stream=True, target="y").X
    with open(path, "r+b") as file:
        file.seek(2000)
        file.write(b"\xff" * 20_000)
    with pytest.raises(bench.DatasetError, match=r"not a readable Parquet file"):
        X.take(np.arange(len(X)))
