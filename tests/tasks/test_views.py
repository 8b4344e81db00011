"""Views of rows that are not in memory."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bench
from bench.spec import Part, Parts
from bench.tasks import views
from bench.tasks.views import HeldRows, RowsView, first, in_batches, placed, take


class Counted:
    """Row numbers as rows (n, 2); remembers the most rows that were asked for at a time."""

    fingerprint = "counted"
    row_bytes = 16

    def __init__(self, n, block=None):
        self.n = n
        self.asked = []
        if block is not None:
            self.bounds = np.array([*range(0, n, block), n])

    def __len__(self):
        return self.n

    def take(self, rows):
        self.asked.append(np.array(rows))
        return np.column_stack([rows, rows]).astype(float)

    def batches(self, rows, n):
        for start in range(0, len(rows), n):
            yield self.take(rows[start : start + n])


def view_of(n, numbers=None, block=None):
    source = Counted(n, block)
    return RowsView(source, np.arange(n) if numbers is None else np.array(numbers))


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(12)), st.integers(1, 13), st.booleans(), st.integers(0, 3))
def test_every_row_comes_once(order, n, is_drawn, block):
    """Windows hold each row of the view once, beside its position, at most so many at a time."""
    view = view_of(20, order, block=block or None)
    rng = np.random.default_rng(0) if is_drawn else None
    seen = []
    for positions, table in view.windows(n, rng):
        assert len(positions) == len(table) <= n
        assert table[:, 0].tolist() == view.rows[positions].tolist()
        seen += positions.tolist()
    assert sorted(seen) == list(range(12))


def test_windows_are_read_in_the_order_of_the_source():
    """Without a generator the row numbers of all windows together ascend."""
    view = view_of(10, [7, 0, 9, 3, 5])
    list(view.windows(2))
    assert np.concatenate(view.source.asked).tolist() == [0, 3, 5, 7, 9]


def test_drawn_windows_go_from_block_to_block():
    """A shuffled pass leaves a block for good once it is through, and mixes within windows."""
    view = view_of(1000, np.random.default_rng(5).permutation(1000)[:800], block=100)
    passes = []
    for _ in range(2):
        view.source.asked.clear()
        list(view.windows(100, rng := np.random.default_rng(len(passes))))
        read = np.concatenate(view.source.asked)
        blocks = [set((read[i : i + 100] // 100).tolist()) for i in range(0, 800, 100)]
        for block in range(10):
            there = [i for i, some in enumerate(blocks) if block in some]
            assert there == list(range(there[0], there[-1] + 1))
        assert max(len(some) for some in blocks) <= 3
        assert (np.diff(read) < 0).sum() > 300
        passes.append(read.tolist())
        assert rng is not None
    assert passes[0] != passes[1]


def test_a_pass_is_drawn_by_its_generator():
    """Equal generators give equal passes."""
    view = view_of(50, block=10)
    one, two = ([p.tolist() for p, _ in view.windows(7, np.random.default_rng(3))] for _ in "ab")
    assert one == two


def test_rows_are_taken_in_any_order_by_one_question():
    """`take` leaves the order to the source, so that no second copy is made of what it returns."""
    view = view_of(10, [9, 2, 5, 2])
    assert view.take(np.array([0, 1, 3, 2]))[:, 0].tolist() == [9, 2, 2, 5]
    assert [asked.tolist() for asked in view.source.asked] == [[9, 2, 2, 5]]


def test_a_table_is_taken_in_any_order():
    """Rows of a DataFrame come in the order asked for."""
    table = pd.DataFrame({"a": [0, 1, 2], "b": list("xyz")})
    view = RowsView(HeldRows(table, "f"), np.array([2, 0, 1]))
    assert view.take(np.array([0, 1, 2]))["b"].tolist() == ["z", "x", "y"]
    assert [part["a"].tolist() for part in view.batches(np.arange(3), 2)] == [[2, 0], [1]]


def test_a_view_of_a_view_reads_the_source():
    """Taking rows of a view gives a view of the same source; nothing is read."""
    view = take(view_of(10, [9, 2, 5]), np.array([2, 0]))
    assert view.rows.tolist() == [5, 9]
    assert isinstance(view.source, Counted)
    assert not view.source.asked
    assert isinstance(view, bench.Rows)


def test_other_rows_are_other_content():
    """The digest of a view tells rows, their order and the source apart."""
    views_ = [view_of(9, [1, 2]), view_of(9, [2, 1]), view_of(9, [1])]
    views_.append(RowsView(HeldRows(np.zeros((9, 1)), "other"), np.array([1, 2])))
    assert len({view.fingerprint for view in views_}) == 4
    assert view_of(9, [1, 2]).fingerprint == views_[0].fingerprint


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (np.zeros((3, 4)), 32),
        (pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, 2, 3]}), 16),
        ([np.zeros(5), np.zeros(2), np.zeros(1)], 40),
    ],
)
def test_the_first_row_tells_how_large_rows_are(table, expected, monkeypatch):
    """Where the source says nothing, windows are as many rows like the first as fit."""
    view = RowsView(HeldRows(table, "f"), np.arange(3))
    monkeypatch.setattr(views, "WINDOW_BYTES", 2 * expected)
    assert (view.row_bytes, view.window_rows) == (expected, 2)


def test_few_rows_are_held_in_memory(monkeypatch):
    """Shortening reads few rows once; where they take more than four windows it reads none."""
    view = view_of(100)
    held = first(view, 3)
    assert [len(asked) for asked in view.source.asked] == [3]
    list(held.windows(2))
    assert [len(asked) for asked in view.source.asked] == [3]
    assert len(held) == 3
    assert held.fingerprint != first(view, 2).fingerprint
    monkeypatch.setattr(views, "WINDOW_BYTES", 16)
    assert first(view, 5).source is view.source


def parts_of(view):
    y = np.zeros(len(view))
    train = Part(view, y, view.rows)
    return Parts(train, None, train)


def test_a_model_that_streams_gets_the_view():
    """Nothing is read for it, whatever the limit."""
    parts = parts_of(view_of(100))
    assert placed(parts, streams=True, limit_bytes=1) is parts


def test_another_model_gets_the_training_rows_in_memory():
    """They are read where they take at most half of the limit; the other parts stay views."""
    parts = placed(parts_of(view_of(100, range(50, 100))), streams=False, limit_bytes=2 * 16 * 50)
    assert parts.train.X[:, 0].tolist() == list(range(50, 100))
    assert isinstance(parts.test.X, RowsView)


def test_training_rows_that_do_not_fit_are_skipped():
    """The reason names the rows, the limit and what can be done."""
    with pytest.raises(bench.Skip, match=r"50 training rows .* does not stream .* small") as skip:
        placed(parts_of(view_of(100, range(50))), streams=False, limit_bytes=2 * 16 * 50 - 1)
    assert skip.value.limit == "memory"


def test_parts_in_memory_stay_as_they_are():
    """Where X is an array, nothing is changed and nothing is counted."""
    parts = Parts(Part(np.zeros((9, 9)), None, np.arange(9)), None, Part([], None, np.arange(0)))
    assert placed(parts, streams=False, limit_bytes=1) is parts


def test_answers_come_in_the_order_of_the_view(monkeypatch):
    """The estimator sees tables of at most a window; its answers are put together in order."""
    monkeypatch.setattr(views, "WINDOW_BYTES", 16 * 4)
    view = view_of(30, np.random.default_rng(0).permutation(30)[:11])
    sizes = []

    def ask(table):
        sizes.append(len(table))
        return table[:, 0] * 10

    assert in_batches(ask, view).tolist() == (view.rows * 10).tolist()
    assert sizes == [4, 4, 3]
    assert in_batches(ask, np.ones((2, 1))).tolist() == [10, 10]


def test_no_question_is_about_many_rows():
    """However small rows are, an estimator is asked about 8,192 at most."""
    sizes = []
    answer = in_batches(lambda table: sizes.append(len(table)) or table[:, 0], view_of(20_000))
    assert sizes == [8192, 8192, 3616]
    assert answer.tolist() == list(range(20_000))


def test_lists_of_answers_are_put_together_one_by_one(monkeypatch):
    """As forests answer for several labels: a list of arrays, one an output."""
    monkeypatch.setattr(views, "WINDOW_BYTES", 16 * 2)
    view = view_of(9, [8, 1, 4])
    one, two = in_batches(lambda table: [table[:, :1], table + 1], view)
    assert one.tolist() == [[8], [1], [4]]
    assert two.tolist() == [[9, 9], [2, 2], [5, 5]]


@pytest.mark.parametrize(
    ("answer", "shape"),
    [(lambda table: 0, (2,)), (lambda table: np.ones((1, len(table))), (0,))],
)
def test_answers_that_are_not_one_a_row_keep_a_wrong_shape(answer, shape, monkeypatch):
    """They are not made to fit: the task finds the fault in the shape."""
    monkeypatch.setattr(views, "WINDOW_BYTES", 16 * 2)
    assert in_batches(answer, view_of(9, [8, 1, 4])).shape == shape
