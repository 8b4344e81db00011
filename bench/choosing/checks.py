"""What may be wrong with a table, found before anything is measured: each finding says what to do.

Only columns and rows are looked at, never a fitted model of the candidates. What is suspected of
leakage is named and stays: whether a column will be known when predictions are wanted is not
written in the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bench.report.text import listed, plural
from bench.spec import Column, Dataset, Rows
from bench.spec.errors import DatasetError

if TYPE_CHECKING:
    import pandas as pd

Level = Literal["note", "warning"]

MIN_ROWS = 20
"""With fewer, the parts of a split hold one row or two: nothing can be said."""
FEW_ROWS = 200
FEW_OF_A_CLASS = 10
ROWS_OF_A_CLASS = 2
"""On average; with fewer the target is taken to name its rows."""
MUCH_MISSING = 0.5
NEARLY_ALL = 0.95
"""Share of distinct values from which words are taken to name the rows."""
PERFECT = 0.999
"""Correlation, or share of held-out rows told rightly, from which a column is taken for a copy."""
MOST_ROWS = 20_000
"""Rows that what is slow is looked for in; a larger table is sampled."""
MOST_TOLD_ROWS = 5_000
"""Rows from which columns are tried on the target one by one."""
MOST_LEAVES = 8
"""Of the tree that is to tell the target from one column: more would learn any function."""
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is noteworthy, or that is likely to spoil an answer.

    Parameters
    ----------
    kind
        What it is, in a word that a program can look for, such as ``"identifier"``.
    level
        ``"note"`` or ``"warning"``.
    columns
        Where; empty where it is the rows or the target.
    what, why, advice
        What was found, why it matters, and what to do.
    """

    kind: str
    level: Level
    columns: tuple[str, ...] = ()
    what: str
    why: str
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Finding:
        """Read what `to_json` returned."""
        return cls(**{**values, "columns": tuple(values["columns"])})


def check(dataset: Dataset) -> list[Finding]:
    """Return what is noteworthy about a table, warnings first.

    Parameters
    ----------
    dataset
        As `bench.tasks.normalise.normalise` returns it, of rows with columns; y holds codes
        (n_rows,) where there are classes, else numbers (n_rows,). Of one larger than memory
        (`bench.Rows`), 20,000 rows are looked at.

    Raises
    ------
    DatasetError
        There are fewer than 20 rows.
    """
    n_rows = len(dataset.X)
    if n_rows < MIN_ROWS:
        raise DatasetError(
            f"the table has {n_rows} rows with a known target; at least {MIN_ROWS} are needed to "
            "hold some out for validation and others for testing. Collect more rows first."
        )
    columns = dataset.columns or ()
    y = np.asarray(dataset.y)
    is_class = dataset.target is not None and bool(dataset.target.classes)
    X = dataset.X
    if isinstance(X, Rows):
        rows = _sample(n_rows, MOST_ROWS)
        X, y = X.take(rows), y[rows]
    frame = _frame(X, columns)
    findings = [
        *_sizes(n_rows),
        *_classes(dataset, np.asarray(dataset.y)),
        *_constant(frame),
        *_missing(frame),
        *_numbers_in_words(frame, columns),
        *_duplicates(frame, y),
        *_identifiers(frame, columns),
        *_copies(frame, columns, y, is_class=is_class),
    ]
    return sorted(findings, key=lambda finding: finding.level != "warning")


def _frame(X: Any, columns: Sequence[Column]) -> pd.DataFrame:
    import pandas as pd

    if isinstance(X, pd.DataFrame):
        return X.reset_index(drop=True)
    return pd.DataFrame(np.asarray(X), columns=[column.name for column in columns])


def _sample(n_rows: int, most: int) -> NDArray[np.int64]:
    """Return ascending rows, all or as many as are looked at; always the same."""
    if n_rows <= most:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(0).choice(n_rows, most, replace=False))


def _sizes(n_rows: int) -> Iterator[Finding]:
    if n_rows < FEW_ROWS:
        yield Finding(
            kind="few-rows",
            level="warning",
            what=f"{n_rows} rows are few",
            why=f"test and validation parts hold about {max(1, n_rows // 10)} rows each, so that "
            "scores vary much from split to split",
            advice="expect wide intervals; simple models are hard to beat on so few rows",
        )


def _classes(dataset: Dataset, y: NDArray[Any]) -> Iterator[Finding]:
    if dataset.target is None or not dataset.target.classes or y.ndim != 1:
        return
    n_classes = len(dataset.target.classes)
    if len(y) < ROWS_OF_A_CLASS * n_classes:
        yield Finding(
            kind="many-classes",
            level="warning",
            what=f"the target has {n_classes:,} classes in {len(y):,} rows",
            why="where hardly any value comes twice there is nothing to learn a class from",
            advice="name another column with --target, or give --task regression if it is a "
            "quantity",
        )
        return
    counts = np.bincount(y.astype(np.int64), minlength=n_classes)
    rare = [
        f"{label!r} ({count})"
        for label, count in zip(dataset.target.classes, counts, strict=True)
        if count < FEW_OF_A_CLASS
    ]
    if rare:
        yield Finding(
            kind="rare-classes",
            level="warning",
            what=f"{listed(rare)} have fewer than {FEW_OF_A_CLASS} rows"
            if len(rare) > 1
            else f"class {rare[0]} has fewer than {FEW_OF_A_CLASS} rows",
            why="small training sets may miss them, and a test part may hold none",
            advice="collect more of them, merge them with another class, or leave these rows out",
        )


def _constant(frame: pd.DataFrame) -> Iterator[Finding]:
    same = [str(name) for name in frame if frame[name].nunique(dropna=False) <= 1]
    if same:
        yield Finding(
            kind="constant",
            level="note",
            columns=tuple(same),
            what=f"{_columns(same)} the same value in every row",
            why="nothing can be learned from it",
            advice=_drop(same),
        )


def _missing(frame: pd.DataFrame) -> Iterator[Finding]:
    shares = frame.isna().mean()
    some = shares[shares > 0].sort_values(ascending=False)
    much = [str(name) for name in some[some > MUCH_MISSING].index]
    if much:
        yield Finding(
            kind="mostly-missing",
            level="warning",
            columns=tuple(much),
            what=f"{_columns(much)} no value in more than half of the rows",
            why="what is filled in stands for most rows",
            advice=f"find out why; {_drop(much)} if it says nothing",
        )
    rest = [f"{name} ({_share(share)})" for name, share in some.items() if share <= MUCH_MISSING]
    if rest:
        yield Finding(
            kind="missing",
            level="note",
            columns=tuple(str(name) for name in some.index if str(name) not in much),
            what=f"values are missing in {listed(rest)}",
            why="candidates fill them in, from training rows alone, or take them as they are",
        )


def _numbers_in_words(frame: pd.DataFrame, columns: Sequence[Column]) -> Iterator[Finding]:
    """Find categories most of whose rows are numbers: a stray word made words of them."""
    import pandas as pd

    for column in columns:
        if column.kind != "category":
            continue
        values = frame[column.name].dropna().astype(str)
        counts = values.value_counts()
        numeric = pd.to_numeric(pd.Series(counts.index), errors="coerce").notna().to_numpy()
        share = counts[numeric].sum() / max(1, len(values))
        if numeric.sum() > 2 and 0.5 < share < 1:
            words = [repr(word) for word in counts.index[~numeric]]
            yield Finding(
                kind="numbers-in-words",
                level="warning",
                columns=(column.name,),
                what=f"column {column.name!r} is taken for categories: {_share(share)} of its "
                f"values are numbers, and among them stand {listed(words)}",
                why="as categories, its numbers lose their order",
                advice="leave such cells empty in the file if they mean that a value is not known",
            )


def _duplicates(frame: pd.DataFrame, y: NDArray[Any]) -> Iterator[Finding]:
    from pandas.util import hash_array, hash_pandas_object

    if y.ndim != 1:
        return
    given = hash_pandas_object(frame, index=False).to_numpy()
    whole = given * np.uint64(1_000_003) + hash_array(np.ascontiguousarray(y))
    n_distinct, n_whole = len(np.unique(given)), len(np.unique(whole))
    n_same, n_torn = len(y) - n_whole, n_whole - n_distinct
    if n_same:
        yield Finding(
            kind="duplicates",
            level="warning" if n_same > 0.01 * len(y) else "note",
            what=f"{plural(n_same, 'row')} ({_share(n_same / len(y))}) equal to an earlier one",
            why="a copy in the test part of a row in the training part is no test",
            advice="remove them, unless equal rows really are different cases",
        )
    if n_torn:
        yield Finding(
            kind="contradictions",
            level="note",
            what=f"{plural(n_torn, 'row')} equal to another in all columns but the target",
            why="no model can get all of them right",
            advice="look whether a column is missing that tells them apart",
        )


def _identifiers(frame: pd.DataFrame, columns: Sequence[Column]) -> Iterator[Finding]:
    for column in columns:
        why = _names_rows(frame[column.name], column.kind)
        if why:
            yield Finding(
                kind="identifier",
                level="warning",
                columns=(column.name,),
                what=f"column {column.name!r} looks like an identifier: {why}",
                why="a number or name of the row tells nothing of new rows, or gives away in "
                "which order the table was put together",
                advice=_drop([column.name]),
            )


def _names_rows(values: pd.Series[Any], kind: str) -> str:
    """Say why a column seems to name its rows; "" where it does not."""
    known = values.dropna()
    n, n_distinct = len(known), int(known.nunique())
    if n < MIN_ROWS or n < len(values) / 2:
        return ""
    if kind in ("category", "ordinal", "text"):
        # Sentences are all different, too, and say something.
        if kind == "text" and known.astype(str).str.count(r"\s").mean() >= 2:
            return ""
        return (
            f"{n_distinct:,} different values in {n:,} rows" if n_distinct >= NEARLY_ALL * n else ""
        )
    if n_distinct < n:
        return ""
    numbers = known.to_numpy(dtype=np.float64)
    steps = np.diff(numbers)
    if (steps > 0).all() or (steps < 0).all():
        return "its values rise or fall from row to row, none of them twice"
    is_whole = bool((numbers == np.round(numbers)).all())
    if is_whole and kind == "number" and np.ptp(numbers) < 2 * n:
        return "whole numbers without a gap to speak of, none of them twice"
    return ""


def _copies(
    frame: pd.DataFrame, columns: Sequence[Column], y: NDArray[Any], *, is_class: bool
) -> Iterator[Finding]:
    """Find columns that alone tell the target of rows that were held out."""
    if y.ndim != 1:
        return
    rows = _sample(len(frame), MOST_TOLD_ROWS)
    frame, y = frame.iloc[rows], y[rows]
    order = np.random.default_rng(0).permutation(len(y))
    train, held_out = order[: len(y) // 2], order[len(y) // 2 :]
    for column in columns:
        values = frame[column.name]
        if column.kind in ("category", "text"):
            told = _told_by_groups(values, y, train, held_out, is_class=is_class)
        else:
            numbers = values.to_numpy(dtype=np.float64)
            told = _told_by_numbers(numbers, y, train, held_out, is_class=is_class)
        if told < PERFECT:
            continue
        yield Finding(
            kind="copy-of-target",
            level="warning",
            columns=(column.name,),
            what=f"column {column.name!r} alone tells the target",
            why="it may be the target under another name, or be known only after it: then every "
            "score is too good to be true",
            advice=f"{_drop([column.name])} unless it is known when predictions are wanted",
        )


def _told_by_numbers(
    values: NDArray[np.float64],
    y: NDArray[Any],
    train: NDArray[np.int64],
    held_out: NDArray[np.int64],
    *,
    is_class: bool,
) -> float:
    """Return how well a column alone tells held-out rows: mean recall, or a correlation."""
    known = np.isfinite(values)
    n_distinct = len(np.unique(values[known]))
    if known.sum() < MIN_ROWS or n_distinct < 2:
        return 0.0
    if not is_class:
        from scipy.stats import rankdata

        straight = _correlation(values[known], y[known])
        return max(straight, _correlation(rankdata(values[known]), rankdata(y[known])))
    n_classes = len(np.unique(y))
    if n_classes > n_distinct:
        return 0.0
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_leaf_nodes=max(MOST_LEAVES, 2 * n_classes), random_state=0)
    column = np.where(known, values, np.nan)[:, None]
    return _recall(y[held_out], tree.fit(column[train], y[train]).predict(column[held_out]))


def _told_by_groups(
    values: pd.Series[Any],
    y: NDArray[Any],
    train: NDArray[np.int64],
    held_out: NDArray[np.int64],
    *,
    is_class: bool,
) -> float:
    """Return how well the usual answer of each word tells held-out rows."""
    import pandas as pd

    words = values.astype(object)
    answers = pd.Series(y[train]).groupby(words.iloc[train].to_numpy())
    usual = answers.agg(lambda group: group.mode().iloc[0]) if is_class else answers.mean()
    told = words.iloc[held_out].map(usual).to_numpy(dtype=np.float64, na_value=np.nan)
    if is_class:
        return _recall(y[held_out], np.where(np.isnan(told), -1, told))
    known = ~np.isnan(told)
    if known.sum() < max(MIN_ROWS // 2, len(told) / 2):
        return 0.0
    return _correlation(told[known], y[held_out][known])


def _recall(truth: NDArray[Any], told: NDArray[Any]) -> float:
    return float(np.mean([(told[truth == one] == one).mean() for one in np.unique(truth)]))


def _correlation(a: NDArray[Any], b: NDArray[Any]) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return abs(float(np.corrcoef(a, b)[0, 1]))


def _share(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def _columns(names: Sequence[str]) -> str:
    shown = listed([repr(name) for name in names])
    return f"column {shown} has" if len(names) == 1 else f"columns {shown} have"


def _drop(names: Sequence[str]) -> str:
    return " ".join(f"--drop {name!r}" for name in names[:_SHOWN])
