"""Conditions: what they do to the rows, the same for all models and sizes, and where they apply."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bench
from bench.planning.describing import DatasetFacts
from bench.planning.plan import make_plan
from bench.planning.suite import json_schema, override, parse
from bench.registry.lookup import Entry, Registry
from bench.spec.errors import DatasetError, SuiteError
from bench.tasks import conditions
from bench.tasks.changes import CHANGES
from bench.tasks.classification import CLASSIFICATION
from bench.tasks.clustering import CLUSTERING
from bench.tasks.conditions import facts_for, prepare
from bench.tasks.normalise import normalise
from bench.tasks.regression import REGRESSION

KEYS = {
    "label_noise": "noise.labels",
    "feature_noise": "noise.features",
    "missing": "missing",
    "imbalance": "imbalance",
}
BUILT_IN = {change.key: Entry(change, "core", "crossover-bench", "0") for change in CHANGES}
PROTOCOL = bench.SplitProtocol(test=0.2, validation=0.25)


def Condition(**amounts):  # noqa: N802 - the conditions that are built in, by one word each
    return conditions.Condition.of({KEYS[word]: n for word, n in amounts.items()}, CHANGES)


def objection(condition, task, modality, target, columns, *, is_streamed=False):
    facts = SimpleNamespace(target=target, columns=columns, is_streamed=is_streamed)
    return condition.objection(facts_for(task, modality, facts))


def flowers(n=200, n_classes=2, **more):
    """A dataset whose X says which row it is, and whose classes take turns."""
    X = np.column_stack([np.arange(n), np.arange(n) % 7]).astype(float)
    return normalise(bench.Dataset(X, np.arange(n) % n_classes, **more), "flowers")


def measured(n=200, X=None, y=None):
    X = np.arange(2.0 * n).reshape(n, 2) if X is None else X
    y = np.arange(n) / 10 if y is None else y
    return normalise(bench.Dataset(X, y), "measured", ("regression",))


def parts_of(
    dataset, n_train, condition=None, *, task=CLASSIFICATION, outer=0, inner=0, largest=None
):
    """The parts of one cell; without a condition, as the task makes them."""
    cell = bench.Cell(outer, inner, n_train)
    if condition is None:
        return task.prepare(dataset, PROTOCOL, cell)
    if largest is None:
        largest = next(iter(task.splits(dataset, PROTOCOL))).n_train_max
    return prepare(condition, task, dataset, PROTOCOL, cell, largest)


def near(count, n, share):
    """Whether a count of n draws is within six standard deviations of what is expected."""
    return abs(count - n * share) <= 6 * np.sqrt(n * share * (1 - share)) + 1e-9


# --- labels -----------------------------------------------------------------------------------


@given(share=st.floats(0.05, 0.95), outer=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_label_noise_changes_that_share_uniformly(share, outer):
    """Of 1,200 labels of three classes the share is changed, half of them to either other class."""
    dataset = flowers(2000, 3)
    clean = parts_of(dataset, 1200, outer=outer)
    noisy = parts_of(dataset, 1200, Condition(label_noise=share), outer=outer)
    changed = noisy.train.y != clean.train.y
    assert near(changed.sum(), 1200, share)
    step = (noisy.train.y - clean.train.y)[changed] % 3
    assert near((step == 1).sum(), changed.sum(), 0.5)
    assert noisy.notes["n_labels_changed"] == changed.sum()


def test_all_of_two_classes_can_be_swapped():
    """With a chance of 1, each label of two becomes the other."""
    dataset = flowers()
    clean, noisy = parts_of(dataset, 20), parts_of(dataset, 20, Condition(label_noise=1.0))
    assert noisy.train.y.tolist() == (1 - clean.train.y).tolist()


def test_labels_of_training_and_validation_are_noisy_and_those_of_the_test_part_clean():
    """Whoever labels rows for training labels those for validation, too; the truth stays true."""
    dataset = flowers()
    clean, noisy = parts_of(dataset, 100), parts_of(dataset, 100, Condition(label_noise=1.0))
    assert (noisy.validation.y != clean.validation.y).all()
    assert noisy.test.y.tolist() == clean.test.y.tolist()
    for name in ("train", "validation", "test"):
        assert getattr(noisy, name).X.tolist() == getattr(clean, name).X.tolist()


def test_several_labels_a_row_flip_one_by_one():
    """Zeros and ones stay zeros and ones, and each column changes by itself."""
    y = np.column_stack([np.arange(1000) % 2, np.arange(1000) % 3 == 0]).astype(int)
    target = bench.Target("multilabel", 2)
    dataset = normalise(bench.Dataset(np.zeros((1000, 1)), y, target=target), "tags")
    clean, noisy = parts_of(dataset, 600), parts_of(dataset, 600, Condition(label_noise=0.3))
    changed = noisy.train.y != clean.train.y
    assert set(np.unique(noisy.train.y)) == {0, 1}
    assert near(changed[:, 0].sum(), 600, 0.3)
    assert near(changed[:, 1].sum(), 600, 0.3)
    assert near((changed[:, 0] & changed[:, 1]).sum(), 600, 0.09)


def test_numbers_get_noise_in_standard_deviations_of_the_largest_training_set():
    """The noise on y is 0.5 of the deviation of all training rows, whatever the size."""
    dataset = measured(2000)
    clean = parts_of(dataset, 1200, task=REGRESSION)
    noisy = parts_of(dataset, 1200, Condition(label_noise=0.5), task=REGRESSION)
    ratio = (noisy.train.y - clean.train.y) / (0.5 * clean.train.y.std())
    assert abs(ratio.mean()) < 6 / np.sqrt(1200)
    assert abs(ratio.std() - 1) < 6 / np.sqrt(2 * 1200)
    assert noisy.test.y.tolist() == clean.test.y.tolist()
    assert "n_labels_changed" not in noisy.notes


def test_each_of_several_numbers_has_a_scale_of_its_own():
    """An output that never varies gets no noise; another one does."""
    y = np.column_stack([np.arange(200.0), np.full(200, 3.0)])
    dataset = measured(y=y)
    noisy = parts_of(dataset, 50, Condition(label_noise=0.5), task=REGRESSION)
    assert (noisy.train.y[:, 1] == 3).all()
    assert (noisy.train.y[:, 0] != y[noisy.train.rows, 0]).all()


def test_classes_that_training_lacks_are_counted_after_the_noise():
    """A class that only noise brings into the training rows is no longer missing."""
    y = np.arange(200) % 2
    target = bench.Target("multiclass", classes=(0, 1, 2))
    dataset = normalise(bench.Dataset(np.zeros((200, 1)), y, target=target), "two of three")
    assert parts_of(dataset, 100).notes["missing_classes"] == 1
    assert parts_of(dataset, 100, Condition(label_noise=0.5)).notes["missing_classes"] == 0


# --- features ---------------------------------------------------------------------------------


def test_each_column_gets_noise_of_its_own_scale_in_all_parts():
    """A column a hundred times wider gets noise a hundred times wider; a constant one gets none."""
    n = 4000
    base = np.random.RandomState(0).standard_normal(n)
    dataset = measured(n, np.column_stack([base, 100 * base, np.full(n, 5.0)]))
    clean = parts_of(dataset, 2400, task=REGRESSION)
    noisy = parts_of(dataset, 2400, Condition(feature_noise=0.2), task=REGRESSION)
    deviation = clean.train.X.std(axis=0)
    for name in ("train", "validation", "test"):
        before, after = getattr(clean, name), getattr(noisy, name)
        added = after.X - before.X
        assert (added[:, 2] == 0).all()
        for j in (0, 1):
            spread = (added[:, j] / (0.2 * deviation[j])).std()
            assert abs(spread - 1) < 6 / np.sqrt(2 * len(before))
        assert abs(np.corrcoef(added[:, 0], added[:, 1])[0, 1]) < 6 / np.sqrt(len(before))
        assert after.y.tolist() == before.y.tolist()


def mixed(n=200):
    """A table with a column of every type that loaders give."""
    return pd.DataFrame(
        {
            "number": np.arange(n) / 4,
            "whole": np.arange(n),
            "maybe": pd.array([None if i % 5 == 0 else i for i in range(n)], dtype="Int64"),
            "yes": np.arange(n) % 2 == 0,
            "colour": pd.Categorical(["red", "blue"] * (n // 2)),
            "grade": pd.Categorical(["low", "high"] * (n // 2), ["low", "high"], ordered=True),
            "word": ["a", "b"] * (n // 2),
            "note": [f"note number {i}" for i in range(n)],
            "when": pd.date_range("2020-01-01", periods=n, freq="h"),
        }
    )


def mixed_dataset():
    return normalise(bench.Dataset(mixed(), np.arange(200) % 2), "mixed")


def test_only_columns_of_numbers_are_noisy_in_a_table():
    """Numbers become float64 with noise, gaps stay gaps; all other columns stay as they are."""
    dataset = mixed_dataset()
    kinds = {column.name: column.kind for column in dataset.columns}
    numbers = [name for name, kind in kinds.items() if kind == "number"]
    assert numbers == ["number", "whole", "maybe"]
    clean, noisy = parts_of(dataset, 60), parts_of(dataset, 60, Condition(feature_noise=0.1))
    for name in ("train", "validation", "test"):
        before, after = getattr(clean, name).X, getattr(noisy, name).X
        assert list(after.columns) == list(before.columns)
        pd.testing.assert_frame_equal(before.drop(columns=numbers), after.drop(columns=numbers))
        assert (after[numbers].dtypes == np.float64).all()
        assert after["maybe"].isna().tolist() == before["maybe"].isna().tolist()
        assert (after["whole"] != before["whole"]).all()
    pd.testing.assert_frame_equal(dataset.X, mixed())


def test_images_have_one_scale_and_keep_their_type():
    """A border that is always black gets noise, too, and bytes stay bytes from 0 to 255."""
    X = np.zeros((500, 4, 4), np.uint8)
    X[:, 1:3, 1:3] = 200
    dataset = normalise(bench.Dataset(X, np.arange(500) % 2), "squares")
    # A quarter of the pixels is 200, the others 0: the deviation is 200 * sqrt(3) / 4.
    noisy = parts_of(dataset, 250, Condition(feature_noise=0.1)).train.X
    assert noisy.dtype == np.uint8
    assert noisy.shape == (250, 4, 4)
    inner = noisy[:, 1:3, 1:3].astype(float)
    assert abs(inner.std() / (20 * np.sqrt(3) / 4) - 1) < 6 / np.sqrt(2 * inner.size)
    assert near((noisy[:, 0] > 0).sum(), noisy[:, 0].size, 0.5 - 0.0230)  # above 0.5 of 8.66
    assert noisy[:, 0].max() < 100


def test_texts_cannot_be_noisy():
    """X that is no array and no table is refused with its type."""
    dataset = normalise(bench.Dataset(["a", "b"] * 50, np.arange(100) % 2), "texts")
    with pytest.raises(DatasetError, match=r"X is a list: .* an array or a table"):
        parts_of(dataset, 20, Condition(feature_noise=0.1))


# --- missing values ---------------------------------------------------------------------------


@given(share=st.floats(0.02, 0.98), inner=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_that_share_of_the_values_is_missing_in_every_part(share, inner):
    """Each value goes by the same chance, whatever its row, its column or its part."""
    dataset = flowers(2000)
    parts = parts_of(dataset, 1200, Condition(missing=share), inner=inner)
    for part in (parts.train, parts.validation, parts.test):
        gone = np.isnan(part.X)
        for j in (0, 1):
            assert near(gone[:, j].sum(), len(part), share)
        assert near(gone.all(axis=1).sum(), len(part), share**2)
        assert (part.X[~gone] == dataset.X[part.rows][~gone]).all()


def test_a_table_has_gaps_in_the_way_of_its_types():
    """Booleans and whole numbers become floats, texts "", all else has the gap of its type."""
    dataset = mixed_dataset()
    parts = parts_of(dataset, 120, Condition(missing=0.5))
    before = dataset.X.iloc[parts.train.rows].reset_index(drop=True)
    table = parts.train.X.reset_index(drop=True)
    assert table["whole"].dtype == np.float64
    assert table["yes"].dtype == np.float64
    for name in ("number", "maybe", "colour", "grade", "word", "when"):
        assert table[name].dtype == before[name].dtype
    assert not table["note"].isna().any()
    for name in table.columns:
        gone = (table[name] == "") if name == "note" else table[name].isna()
        if name == "maybe":
            gone, known = gone[before[name].notna()], before[name].notna().sum()
        else:
            known = len(table)
        assert near(gone.sum(), known, 0.5)
    kept = table["note"] != ""
    assert table["note"][kept].tolist() == before["note"][kept].tolist()
    pd.testing.assert_frame_equal(dataset.X, mixed())


@pytest.mark.parametrize(
    ("X", "dtype", "gap"),
    [
        (np.ones((200, 2), np.float32), np.float32, np.nan),
        (np.ones((200, 2), np.int64), np.float64, np.nan),
        (np.ones((200, 2), bool), np.float64, np.nan),
        (np.full((200, 2), "a"), object, None),
        (np.full((200, 2), "a", object), object, None),
    ],
)
def test_an_array_has_gaps_in_the_way_of_its_type(X, dtype, gap):
    """Numbers get NaN, as floats; strings get None, as objects."""
    dataset = normalise(bench.Dataset(X, np.arange(200) % 2), "array")
    train = parts_of(dataset, 100, Condition(missing=0.5)).train.X
    assert train.dtype == dtype
    gone = pd.isna(train)
    assert near(gone.sum(), 200, 0.5)
    assert all(value is None if gap is None else value != value for value in train[gone])


class Made:
    """Rows that are not in memory: 0 to 199, twice in a row."""

    fingerprint = "ab"

    def __len__(self):
        return 200

    def take(self, rows):
        return np.column_stack([rows, rows])

    def batches(self, rows, n):
        yield self.take(rows)


@pytest.mark.parametrize("condition", [Condition(missing=0.5), Condition(feature_noise=0.5)])
def test_values_of_rows_that_are_not_in_memory_stay_as_they_are(condition):
    """Neither noise nor gaps are put into them: the plan and the trial both say why."""
    dataset = normalise(bench.Dataset(Made(), np.arange(200) % 2), "made")
    said = objection(condition, CLASSIFICATION, "tabular", dataset.target, (), is_streamed=True)
    assert "stays where it is read from" in said[1]
    assert "where it fits into memory" in said[1]
    with pytest.raises(DatasetError, match="in memory"):
        parts_of(dataset, 100, condition)


def test_labels_of_rows_that_are_not_in_memory_can_be_noisy_and_thinned():
    """Label noise and imbalance read no row: the training part stays a view."""
    dataset = normalise(bench.Dataset(Made(), np.arange(200) % 2), "made")
    clean = parts_of(dataset, 100)
    noisy = parts_of(dataset, 100, Condition(label_noise=0.5, imbalance=0.5))
    assert isinstance(noisy.train.X, bench.RowsView)
    assert noisy.train.X.rows.tolist() == noisy.train.rows.tolist()
    n_kept = (clean.train.y == 0).sum()
    assert len(noisy.train) == n_kept + -(-(100 - n_kept) // 2)


# --- imbalance --------------------------------------------------------------------------------


def test_all_classes_but_the_most_frequent_keep_a_share():
    """Of 72, 36 and 12 training rows, a tenth leaves 72, 4 and 2; other parts stay whole."""
    # 120, 60 and 20 rows, of which a fifth is held out, and of the rest a quarter.
    y = np.repeat([0, 1, 2], [120, 60, 20])
    target = bench.Target("multiclass", classes=(0, 1, 2))
    dataset = normalise(bench.Dataset(np.arange(200.0)[:, None], y, target=target), "skewed")
    clean = parts_of(dataset, 120)
    thin = parts_of(dataset, 120, Condition(imbalance=0.1))
    assert np.bincount(clean.train.y).tolist() == [72, 36, 12]
    assert np.bincount(thin.train.y).tolist() == [72, 4, 2]
    assert thin.notes["n_train_kept"] == len(thin.train) == 78
    assert thin.validation.rows.tolist() == clean.validation.rows.tolist()
    assert thin.test.rows.tolist() == clean.test.rows.tolist()
    assert [row for row in clean.train.rows if row in thin.train.rows] == thin.train.rows.tolist()


@given(share=st.floats(0.01, 0.99), n=st.integers(1, 120))
@settings(max_examples=50, deadline=None)
def test_at_least_one_row_of_each_class_is_kept(share, n):
    """What is kept of a class is its share of the rows there are, rounded up."""
    dataset = flowers(200, 3)
    clean = parts_of(dataset, n)
    thin = parts_of(dataset, n, Condition(imbalance=share))
    before, after = (np.bincount(parts.train.y, minlength=3) for parts in (clean, thin))
    assert after[0] == before[0]  # 67 rows of 200: the most frequent class
    for code in (1, 2):
        assert after[code] >= min(1, before[code])
        assert abs(after[code] - share * before[code]) <= 1 + 1e-6


class Sliced(type(CLASSIFICATION)):
    """Classification whose rows are told apart by their number."""

    def prepare(self, dataset, protocol, cell):
        parts = super().prepare(dataset, protocol, cell)
        train = dataclasses.replace(parts.train, slices={"row": parts.train.rows.copy()})
        return dataclasses.replace(parts, train=train)


def test_slices_go_with_the_rows_that_are_kept():
    """Each row that is left keeps its label: as many labels as rows, and its own."""
    train = parts_of(flowers(), 80, Condition(imbalance=0.2), task=Sliced()).train
    assert train.slices["row"].tolist() == train.rows.tolist()


def test_what_belongs_to_a_row_goes_with_it():
    """Groups, weights and X of the rows that are kept are those of the same rows as before."""
    dataset = flowers(200, groups=np.arange(200) // 2, sample_weight=np.arange(200.0))
    train = parts_of(dataset, 80, Condition(imbalance=0.2)).train
    assert train.X[:, 0].tolist() == train.rows.tolist() == train.sample_weight.tolist()
    assert train.groups.tolist() == (train.rows // 2).tolist()


# --- the same for all sizes and models ----------------------------------------------------------

CONDITIONS = st.builds(
    Condition,
    label_noise=st.sampled_from([0.0, 0.3]),
    feature_noise=st.sampled_from([0.0, 0.5]),
    missing=st.sampled_from([0.0, 0.2]),
    imbalance=st.sampled_from([1.0, 0.3]),
)


@given(
    CONDITIONS,
    st.integers(1, 119),
    st.booleans(),
    st.integers(0, 3),
    st.sampled_from([False, True]),
)
@settings(max_examples=60, deadline=None)
def test_a_smaller_size_is_the_beginning_of_a_larger_one(condition, n, in_time, inner, table):
    """Rows, labels and values are the same, corruption included; with time, it is the end."""
    more = {"time": np.arange(200)} if in_time else {}
    dataset = flowers(200, 3, **more)
    if table:
        X = pd.DataFrame(dataset.X, columns=["a", "b"])
        dataset = normalise(bench.Dataset(X, dataset.y, **more), "table")
    small, large = (parts_of(dataset, size, condition, inner=inner) for size in (n, 120))
    k = len(small.train)
    place = slice(len(large.train) - k, None) if in_time else slice(k)
    assert small.train.rows.tolist() == large.train.rows[place].tolist()
    assert small.train.y.tolist() == large.train.y[place].tolist()
    assert np.array_equal(
        np.asarray(small.train.X), np.asarray(large.train.X)[place], equal_nan=True
    )
    for name in ("validation", "test"):
        one, other = getattr(small, name), getattr(large, name)
        assert np.array_equal(np.asarray(one.X), np.asarray(other.X), equal_nan=True)
        assert one.y.tolist() == other.y.tolist()


@given(st.integers(1, 119))
@settings(max_examples=20, deadline=None)
def test_a_smaller_size_of_numbers_is_the_beginning_of_a_larger_one(n):
    """The scale of the noise on y does not depend on the size."""
    dataset = measured()
    condition = Condition(label_noise=0.5)
    small, large = (parts_of(dataset, size, condition, task=REGRESSION) for size in (n, 120))
    assert small.train.y.tolist() == large.train.y[:n].tolist()
    assert small.validation.y.tolist() == large.validation.y.tolist()


def test_chance_comes_from_the_seeds_of_the_split():
    """Twice the same is the same, for every repeat; another outer or inner seed is another draw."""
    dataset, condition = flowers(), Condition(missing=0.5)

    def gaps(outer, inner, repeat=0):
        """Which values of every row of the dataset are gone, in whichever part it stands."""
        cell = bench.Cell(outer, inner, 120, repeat)
        made = prepare(condition, CLASSIFICATION, dataset, PROTOCOL, cell, 120)
        found = np.zeros((200, 2), bool)
        for part in (made.train, made.validation, made.test):
            found[part.rows] = np.isnan(part.X)
        return found

    assert (gaps(0, 0) == gaps(0, 0)).all()
    assert (gaps(0, 0) == gaps(0, 0, repeat=3)).all()
    # Two draws at even chances agree on half of the 400 values.
    assert near((gaps(0, 0) == gaps(0, 1)).sum(), 400, 0.5)
    assert near((gaps(0, 0) == gaps(1, 0)).sum(), 400, 0.5)


def test_nothing_is_drawn_for_each_of_very_many_numbers():
    """Seeds of episodes are no row numbers: a draw for each that there may be is refused."""
    chance = bench.Chance("acme", 0, 0, n_units=2**31)
    with pytest.raises(DatasetError, match=r"chance\.stream\(column=unit\)"):
        chance.normal()
    assert chance.stream(column=2**31 - 1).random_sample() != chance.stream().random_sample()


def test_no_two_conditions_draw_alike():
    """Streams differ by key, by draw, by column and by either seed, and by nothing else."""
    makes = [
        bench.Chance(key, outer, inner, 5)
        for key in ("missing", "noise.labels", "acme", "acme.two")
        for outer in (0, 1)
        for inner in (0, 1)
    ]
    drawn = [
        tuple(chance.uniform(draw=draw, column=column))
        for chance in makes
        for draw in (0, 1)
        for column in (0, 1)
    ]
    assert len(set(drawn)) == len(drawn)
    assert tuple(bench.Chance("acme", 1, 1, 9).uniform()[:5]) in drawn


def test_a_higher_share_changes_what_a_lower_one_does_and_more():
    """Labels and values that are hit at 0.1 are hit at 0.3, in the same way."""
    dataset = flowers(200, 3)
    clean = parts_of(dataset, 120)
    low, high = (
        parts_of(dataset, 120, Condition(label_noise=share, missing=share)) for share in (0.1, 0.3)
    )
    hit = low.train.y != clean.train.y
    assert hit.any()
    assert (high.train.y[hit] == low.train.y[hit]).all()
    assert np.isnan(high.train.X)[np.isnan(low.train.X)].all()


def test_conditions_combine():
    """Together they thin by the true labels, take values away and change labels."""
    dataset = flowers()
    clean = parts_of(dataset, 120)
    condition = Condition(label_noise=1.0, feature_noise=0.1, missing=0.3, imbalance=0.1)
    made = parts_of(dataset, 120, condition)
    n_rare = int((clean.train.y == 1).sum())
    # All labels are swapped afterwards: the most frequent class, 0, is now called 1.
    assert np.bincount(made.train.y).tolist() == [-(-n_rare // 10), 120 - n_rare]
    gone = np.isnan(made.train.X)
    assert gone.any()
    assert (made.train.X[~gone] != dataset.X[made.train.rows][~gone]).all()
    assert set(made.notes) >= {"n_train_kept", "n_labels_changed"}


def test_without_a_condition_nothing_is_done():
    """The parts are those of the task, notes included."""
    made, plain = parts_of(flowers(), 50, Condition()), parts_of(flowers(), 50)
    assert made.notes == plain.notes
    assert made.train.X.tolist() == plain.train.X.tolist()


# --- names, JSON and where they apply -----------------------------------------------------------


@given(CONDITIONS)
def test_json_and_back(condition):
    """A condition survives its JSON, which says nothing of what is not done."""
    told = condition.to_json()
    registry = Registry(conditions=BUILT_IN)
    assert condition.from_json(json.loads(json.dumps(told)), registry) == condition
    assert bool(told) == bool(condition.name) == (condition != Condition())


def test_names_say_what_is_done():
    """A name lists the keys that are given, with their values."""
    condition = Condition(label_noise=0.1, feature_noise=2.0, missing=0.25, imbalance=0.5)
    assert condition.name == "label noise 0.1, feature noise 2, missing 0.25, imbalance 0.5"
    assert Condition(missing=0.1).to_json() == {"missing": 0.1}


NUMBER, WORD = bench.Column("a"), bench.Column("b", "category")
CLASSES = bench.Target("binary", classes=(0, 1))


@pytest.mark.parametrize(
    ("condition", "task", "modality", "target", "columns", "expected"),
    [
        (Condition(label_noise=0.1), CLASSIFICATION, "text", CLASSES, (), None),
        (Condition(label_noise=0.1), REGRESSION, "tabular", bench.Target("continuous"), (), None),
        (Condition(label_noise=0.1), CLUSTERING, "tabular", CLASSES, (), "noise.labels"),
        (Condition(feature_noise=0.1), CLASSIFICATION, "image", CLASSES, (), None),
        (Condition(feature_noise=0.1), CLASSIFICATION, "tabular", CLASSES, (WORD, NUMBER), None),
        (Condition(feature_noise=1), CLASSIFICATION, "tabular", CLASSES, (WORD,), "noise.features"),
        (Condition(feature_noise=1), CLASSIFICATION, "text", CLASSES, (), "noise.features"),
        (Condition(missing=0.1), CLUSTERING, "tabular", None, (WORD,), None),
        (Condition(missing=0.1), CLASSIFICATION, "image", CLASSES, (), "missing"),
        (Condition(imbalance=0.1), CLUSTERING, "tabular", CLASSES, (), None),
        (Condition(imbalance=0.1), CLUSTERING, "tabular", None, (), "imbalance"),
        (Condition(imbalance=0.1), REGRESSION, "text", bench.Target("continuous"), (), "imbalance"),
        (Condition(), CLUSTERING, "text", None, (), None),
    ],
)
def test_a_condition_says_where_it_means_nothing(
    condition, task, modality, target, columns, expected
):
    """What cannot be done to a dataset is named by its key."""
    found = objection(condition, task, modality, target, columns)
    assert (found and found[0]) == expected


# --- suites and plans ---------------------------------------------------------------------------

SUITE = """
[suite]
name = "mine"
[protocol]
sizes = [16, 64]
outer_seeds = 1
[[models]]
name = "forest"
[[datasets]]
name = "flowers"
"""
HOUSES = '[[datasets]]\nname = "houses"\n'


def fault_of(lines):
    with pytest.raises(SuiteError) as error:
        parse(f"{SUITE}[[conditions]]\n{lines}", "mine.toml")
    return str(error.value)


@pytest.mark.parametrize(
    ("lines", "place", "said"),
    [
        ("missing = 1", "conditions[0].missing", "less than 1"),
        ("missing = -0.1", "conditions[0].missing", "greater than or equal to 0"),
        ("missing = true", "conditions[0].missing", "valid number"),
        ("noise = { labels = 1.5 }", "conditions[0].noise.labels", "less than or equal to 1"),
        ("noise = { features = inf }", "conditions[0].noise.features", "finite number"),
        ("noise = { label = 0.1 }", "conditions[0].noise.label", "allowed: labels, features."),
        ("noise = 0.1", "conditions[0].noise", "write { labels = 0.1 }"),
        ("imbalance = 0", "conditions[0].imbalance", "greater than 0"),
        ("drift = 0.1", "conditions[0].drift", "allowed: noise, missing, imbalance."),
    ],
)
def test_bad_values_are_named_with_their_place(lines, place, said):
    """A share outside its range, a value of another type and an unknown key say where they are."""
    message = fault_of(lines)
    assert message.startswith(f"mine.toml: {place}: ")
    assert said in message


def test_the_schema_tells_editors_of_conditions():
    """Every key has its bounds and a description; `drift` is not offered."""
    tables = json_schema()["$defs"]
    keys = tables["ConditionTable"]["properties"]
    assert set(keys) == {"noise", "missing", "imbalance"}
    assert (keys["missing"]["minimum"], keys["missing"]["exclusiveMaximum"]) == (0, 1)
    assert (keys["imbalance"]["exclusiveMinimum"], keys["imbalance"]["maximum"]) == (0, 1)
    noise = tables["NoiseTable"]["properties"]
    assert all("description" in key for key in (*keys.values(), *noise.values()))


def make_registry():
    def entry(record):
        return Entry(record, "acme", "acme-bench", "1.0")

    forest = bench.ModelSpec(
        name="forest",
        family="classical",
        does=(("classification", "tabular"), ("regression", "tabular")),
        factory="acme:forest",
    )
    datasets = [
        bench.DatasetSpec(name=name, tasks=(task,), modality="tabular", loader="acme:load")
        for name, task in (("flowers", "classification"), ("houses", "regression"))
    ]
    return Registry(
        models={"forest": entry(forest)},
        datasets={record.name: entry(record) for record in datasets},
        tasks={task.name: entry(task) for task in (CLASSIFICATION, REGRESSION)},
        metrics={},
        aliases={},
    )


def plan_of(text):
    def facts_of(source, tasks):
        of_classes = source.spec.name == "flowers"
        return DatasetFacts(
            fingerprint=source.spec.name,
            n_rows=120,
            n_features=1,
            has_missing=False,
            task=tasks[0].name,
            columns=(NUMBER,),
            target=CLASSES if of_classes else bench.Target("continuous"),
            splits=(bench.Split(0, 0, 100, "a"),),
        )

    return make_plan(parse(text, "x"), make_registry(), facts_of)


def test_conditions_come_beside_the_clean_data():
    """Two conditions and the clean data make three times the trials, each with an identity."""
    text = SUITE + "[[conditions]]\nmissing = 0.1\n[[conditions]]\nnoise = { labels = 0.2 }\n"
    plan, clean = plan_of(text), plan_of(SUITE)
    assert {trial.trial_id for trial in clean.trials} < {trial.trial_id for trial in plan.trials}
    assert len({trial.trial_id for trial in plan.trials}) == 6
    assert {(trial.conditions, trial.dataset_label) for trial in plan.trials} == {
        ("{}", "flowers"),
        ('{"missing":0.1}', "flowers (missing 0.1)"),
        ('{"noise":{"labels":0.2}}', "flowers (label noise 0.2)"),
    }
    assert {trial.dataset for trial in plan.trials} == {"flowers"}
    assert plan.left_out == ()


def test_models_are_told_of_missing_values():
    """The facts of a dataset under `missing` say that values are missing; others do not."""
    plan = plan_of(SUITE + "[[conditions]]\nmissing = 0.1\n[[conditions]]\nimbalance = 0.5\n")
    found = {label: subject.facts.has_missing for label, subject in plan.subjects.items()}
    assert found == {
        "flowers": False,
        "flowers (missing 0.1)": True,
        "flowers (imbalance 0.5)": False,
    }


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "missing = 0\nimbalance = 1\n",
        "noise = { labels = 0.0 }\n",
        "missing = 0.0\n[[conditions]]\n",
    ],
)
def test_a_condition_that_does_nothing_is_the_clean_one(lines):
    """It makes no further trial, nor does one that is given twice."""
    expected = {trial.trial_id for trial in plan_of(SUITE).trials}
    found = plan_of(f"{SUITE}[[conditions]]\n{lines}")
    assert {trial.trial_id for trial in found.trials} == expected
    twice = plan_of(SUITE + 2 * "[[conditions]]\nmissing = 0.5\n")
    assert len(twice.trials) == 4


def test_the_way_that_a_condition_is_written_changes_no_identity():
    """1 and 1.0 are the same amount of noise, and the order of keys does not matter."""
    ids = [
        {trial.trial_id for trial in plan_of(f"{SUITE}[[conditions]]\n{lines}").trials}
        for lines in (
            "missing = 0.1\nnoise = { features = 1, labels = 0.2 }\n",
            "noise = { labels = 0.2, features = 1.0 }\nmissing = 0.1\nimbalance = 1\n",
        )
    ]
    assert ids[0] == ids[1]


def test_where_a_condition_does_not_apply_it_is_left_out_with_the_reason():
    """Numbers have no classes to thin; the dataset that has some is measured."""
    plan = plan_of(f"{SUITE}{HOUSES}[[conditions]]\nimbalance = 0.1\n")
    assert {trial.dataset_label for trial in plan.trials} == {
        "flowers",
        "flowers (imbalance 0.1)",
        "houses",
    }
    (left,) = plan.left_out
    assert left.what == "houses (imbalance 0.1)"
    assert left.why == "imbalance needs one class for each row; the target is continuous"


def test_a_condition_that_applies_nowhere_is_a_fault():
    """Imbalance in a suite of regression alone is refused, by its place."""
    text = SUITE.replace("flowers", "houses")
    with pytest.raises(SuiteError) as error:
        plan_of(f"{text}[[conditions]]\nmissing = 0.1\n[[conditions]]\nimbalance = 0.1\n")
    message = str(error.value)
    assert "conditions[1].imbalance: applies to none of the datasets" in message
    assert "the target is continuous" in message


def test_a_label_that_a_condition_would_take_is_a_fault():
    """A dataset cannot be shown under the name of another one's condition."""
    again = '[[datasets]]\nname = "houses"\nlabel = "flowers (missing 0.1)"\n'
    with pytest.raises(SuiteError, match=r"both shown as 'flowers \(missing 0\.1\)'"):
        plan_of(f"{SUITE}{again}[[conditions]]\nmissing = 0.1\n")


def test_the_command_line_keeps_conditions():
    """Sizes from the command line change nothing about conditions."""
    suite = parse(f"{SUITE}[[conditions]]\nnoise = {{ labels = 0.1 }}\n", "x")
    assert override(suite, sizes="16").conditions == suite.conditions
    assert suite.conditions[0].condition() == Condition(label_noise=0.1)
