"""What is found in a table before anything is measured: what, where, why, and what to do."""

import numpy as np
import pandas as pd
import pytest

from bench import Column, Dataset, DatasetError, Target
from bench.choosing.checks import Finding, check
from bench.tasks.normalise import normalise

N = 400
CHANCE = np.random.default_rng(0)
AGE = CHANCE.integers(18, 90, N).astype(float)
PAY = CHANCE.normal(3000, 500, N)
ANSWER = CHANCE.integers(0, 2, N)


def table(columns, y=ANSWER, kinds=None, target=None):
    """Return a normalised table; columns of strings are categories unless `kinds` says more."""
    frame = pd.DataFrame(columns)
    described = tuple(
        Column(
            name,
            (kinds or {}).get(name, "number" if frame[name].dtype.kind in "fi" else "category"),
        )
        for name in frame
    )
    for column in described:
        if column.kind == "category":
            frame[column.name] = pd.Categorical(frame[column.name])
    return normalise(Dataset(frame, y, columns=described, target=target), "mine")


def found(dataset):
    return {finding.kind: finding for finding in check(dataset)}


def test_a_sound_table_is_not_complained_of():
    """Random ages, pays and words that say nothing of the answer."""
    words = CHANCE.choice(["red", "green", "blue"], N)
    assert check(table({"age": AGE, "pay": PAY, "colour": words})) == []


def test_numbers_of_the_rows_are_identifiers():
    """1 to 400, in their order or shuffled, and codes of which no two are equal."""
    numbers = np.arange(1.0, N + 1)
    codes = [f"K{7 * i:05}" for i in range(N)]
    for values in (numbers, numbers[::-1], CHANCE.permutation(numbers), codes):
        finding = found(table({"age": AGE, "key": values}))["identifier"]
        assert finding.columns == ("key",)
        assert finding.level == "warning"
        assert "--drop 'key'" in finding.advice


def test_measurements_are_no_identifiers():
    """Though no two pays are equal, and neither are sentences."""
    sentences = [f"the customer called {i} times about it" for i in range(N)]
    dataset = table({"pay": PAY, "note": sentences}, kinds={"note": "text"})
    assert "identifier" not in found(dataset)


def test_what_rises_from_row_to_row_is_an_identifier():
    """A clock that was read when each row was written."""
    clock = np.cumsum(CHANCE.random(N) + 0.01)
    assert found(table({"age": AGE, "clock": clock}))["identifier"].columns == ("clock",)


@pytest.mark.parametrize(
    "copy",
    [
        ANSWER.astype(float),
        3.0 - 2 * ANSWER,
        np.where(ANSWER == 1, PAY + 10_000, PAY),
        np.where(ANSWER == 1, "granted", "refused"),
    ],
    ids=["itself", "turned", "above a threshold", "in words"],
)
def test_a_copy_of_the_class_is_suspected(copy):
    """Whatever it is written as, one column alone tells rows that were held out."""
    finding = found(table({"age": AGE, "suspect": copy}))["copy-of-target"]
    assert finding.columns == ("suspect",)
    assert finding.level == "warning"


def test_a_good_column_is_not_suspected():
    """Nine in ten rows told rightly is what a model is hoped to find."""
    noisy = np.where(CHANCE.random(N) < 0.9, ANSWER, 1 - ANSWER).astype(float)
    assert "copy-of-target" not in found(table({"age": AGE, "hint": noisy}))


def test_a_copy_of_a_quantity_is_suspected():
    """In another unit with rounding, or as its logarithm; half of it and noise is no copy."""
    target = Target("continuous")
    euros = np.round(PAY * 0.92, 1)
    half = PAY + CHANCE.normal(0, 500, N)
    columns = {"euros": euros, "log": np.log(PAY), "half": half}
    findings = [f for f in check(table(columns, PAY, target=target)) if f.kind == "copy-of-target"]
    assert [finding.columns for finding in findings] == [("euros",), ("log",)]


def test_repeated_rows_are_counted():
    """40 rows are there a second time, and five rows differ from an earlier one in y alone."""
    frame = pd.DataFrame({"age": np.arange(N) * 7 % 397 + 0.5, "pay": PAY})
    y = ANSWER.copy()
    frame.iloc[360:] = frame.iloc[:40].to_numpy()
    y[360:] = y[:40]
    y[360:365] = 1 - y[:5]
    findings = found(table(frame, y))
    assert findings["duplicates"].what.startswith("35 rows (8.8 %)")
    assert findings["duplicates"].level == "warning"
    assert findings["contradictions"].what.startswith("5 rows")


def test_constant_and_missing_columns_are_named():
    """One value in all rows; no value in 300 and in 40 of 400."""
    mostly, some = PAY.copy(), AGE.copy()
    mostly[:300] = np.nan
    some[:40] = np.nan
    findings = found(table({"age": some, "year": np.full(N, 2024.0), "mostly": mostly}))
    assert findings["constant"].columns == ("year",)
    assert findings["mostly-missing"].columns == ("mostly",)
    assert findings["missing"].columns == ("age",)
    assert "10 %" in findings["missing"].what


def test_numbers_among_which_words_stand_are_named():
    """A word for "not known" makes categories of numbers."""
    values = [str(int(age)) for age in AGE]
    values[:8] = ["unknown"] * 8
    finding = found(table({"pay": PAY, "age": values}))["numbers-in-words"]
    assert finding.columns == ("age",)
    assert "'unknown'" in finding.what
    assert "98 %" in finding.what


def test_a_target_that_names_its_rows_is_warned_of():
    """Words of which 240 come in 400 rows: one sentence says so, and not each class by its name."""
    y = np.array([f"K{i % 240}" for i in range(N)], dtype=object)
    findings = found(table({"age": AGE}, y))
    assert findings["many-classes"].what == "the target has 240 classes in 400 rows"
    assert "--target" in findings["many-classes"].advice
    assert "rare-classes" not in findings


def test_rare_classes_are_named():
    """Nine rows are few, ten are not."""
    y = np.array(["many"] * (N - 19) + ["ten"] * 10 + ["nine"] * 9, dtype=object)
    assert "'nine' (9)" in found(table({"age": AGE}, y))["rare-classes"].what
    assert "ten" not in found(table({"age": AGE}, y))["rare-classes"].what


def test_few_rows_are_said_and_too_few_refused():
    """A hundred rows are few; nineteen cannot be divided."""
    assert "few-rows" in found(table({"age": AGE[:100]}, ANSWER[:100]))
    with pytest.raises(DatasetError, match=r"19 rows.*at least 20"):
        check(table({"age": AGE[:19]}, ANSWER[:19]))


def test_warnings_come_before_notes():
    """What may spoil the answer is read first."""
    levels = [f.level for f in check(table({"k": np.arange(N) + 0.0, "y": np.full(N, 2.0)}))]
    assert levels == sorted(levels, reverse=True)
    assert set(levels) == {"warning", "note"}


def test_a_table_larger_than_memory_is_sampled():
    """Only as many rows are taken as are looked at."""

    class Many:
        fingerprint = "0"
        taken = 0

        def __len__(self):
            return 50_000

        def take(self, rows):
            Many.taken = len(rows)
            return np.column_stack([rows.astype(float), np.sin(rows)])

        def batches(self, rows, n):
            raise NotImplementedError

    columns = (Column("row"), Column("wave"))
    y = np.arange(50_000) % 2
    dataset = Dataset(Many(), y, columns=columns, target=Target("binary", classes=(0, 1)))
    assert found(dataset)["identifier"].columns == ("row",)
    assert Many.taken == 20_000


def test_findings_cross_a_pipe():
    """As JSON and back."""
    (finding,) = check(table({"age": AGE, "key": np.arange(N) + 0.0}))
    assert Finding.from_json(finding.to_json()) == finding
