"""Test rows that stand in the training part: the count at every size, found once a split."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bench
from bench.tasks import twins
from bench.tasks.twins import kept_in, n_twins


def dataset(codes, y=None):
    return bench.Dataset(np.array(codes, float)[:, None], None if y is None else np.array(y))


@given(
    codes=st.lists(st.integers(0, 5), min_size=2, max_size=30),
    n_test=st.integers(1, 10),
    data=st.data(),
)
def test_every_size_is_counted_as_by_hand(codes, n_test, data):
    """A test row counts where its code is among the first training rows."""
    order = data.draw(st.permutations(range(len(codes))))
    train, test = np.array(order[n_test:], np.int64), np.array(order[:n_test], np.int64)
    n_train = data.draw(st.integers(0, len(train)))
    seen = {codes[row] for row in train[:n_train]}
    expected = sum(codes[row] in seen for row in test)
    assert n_twins(dataset(codes), train, test, n_train) == expected


def test_the_answer_is_part_of_a_row():
    """Equal rows with other answers are no twins."""
    ours = dataset([1, 1, 1], [0, 1, 0])
    assert n_twins(ours, np.array([0]), np.array([1, 2]), 1) == 1


def test_rows_larger_than_memory_are_not_counted():
    """There is no figure rather than a wrong one."""
    assert n_twins(bench.Dataset(range(3)), np.array([0]), np.array([1]), 1) is None


@pytest.fixture
def hashed(monkeypatch):
    """How often rows have been hashed."""
    counts = []
    hashes = twins._row_hashes
    monkeypatch.setattr(twins, "_row_hashes", lambda *data: counts.append(1) or hashes(*data))
    return counts


def test_a_split_is_looked_through_once(tmp_path, hashed):
    """Further sizes, in whatever process, are answered from what is kept; another split is not."""
    ours = bench.Dataset(pd.DataFrame({"a": [0, 1, 0, 1], "b": list("uvuv")}))
    train, test = np.array([0, 1]), np.array([2, 3])
    with kept_in(tmp_path / "twins"):
        assert [n_twins(ours, train, test, n) for n in (2, 1, 0)] == [2, 1, 0]
        assert len(hashed) == 1
        assert n_twins(ours, train[::-1].copy(), test, 1) == 1
        assert len(hashed) == 2
    assert n_twins(ours, train, test, 2) == 2
    assert len(hashed) == 3


def test_what_is_damaged_or_cannot_be_kept_is_counted_again(tmp_path, hashed):
    """A file that is cut, or a folder that is none, costs time and nothing else."""
    train, test = np.array([0]), np.array([1])
    with kept_in(tmp_path / "twins"):
        assert n_twins(dataset([1, 1]), train, test, 1) == 1
        (file,) = (tmp_path / "twins").iterdir()
        file.write_bytes(file.read_bytes()[:20])
        assert n_twins(dataset([1, 1]), train, test, 1) == 1
    file.write_bytes(b"")
    with kept_in(file):
        assert n_twins(dataset([1, 1]), train, test, 1) == 1
    assert len(hashed) == 3
