"""Small data made for the checks: one set of hidden numbers, shown as rows of any modality.

Everything is drawn from a fixed seed. Which rows are for training is official, so that a check
decides what a model has seen: the first `N_TRAIN` rows, then `N_TEST` others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.conformance.promise import Inapplicable
from bench.spec import Column, Dataset, Part, Target, Task
from bench.tasks.normalise import normalise
from bench.tasks.views import HeldRows, take

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

N_TRAIN = 48
N_TEST = 24
N_COLUMNS = 5
SAMPLING_RATE = 4000

_WITHOUT_TARGET = ("clustering",)
_WORDS = (
    "bright", "calm", "clear", "dark", "dull", "fast", "fresh", "keen", "late", "loud", "mild",
    "neat", "pale", "rich", "soft", "warm",
)  # fmt: skip


@dataclass(frozen=True)
class Hidden:
    """The numbers behind the rows: `z` (n, 5), the class of each row, how many are for training."""

    z: NDArray[np.float64]
    classes: NDArray[np.int64]
    n_train: int = N_TRAIN


Form = Callable[[Hidden], Any]
"""Shows the hidden numbers as X."""


def hidden(n_classes: int = 3, n_train: int = N_TRAIN) -> Hidden:
    """Return the numbers behind rows of so many classes, which follow one another in turn."""
    import numpy as np

    rng = np.random.default_rng(20_260_101)
    n_rows = n_train + N_TEST
    classes = np.arange(n_rows) % n_classes
    z = rng.normal(size=(n_rows, N_COLUMNS))
    z[:, 0] += 2 * classes
    z[:, 1] -= classes
    return Hidden(z, classes, n_train)


def answers(kind: str, made: Hidden) -> NDArray[Any]:
    """Return what is to be predicted, as a target of some kind."""
    import numpy as np

    if kind == "continuous":
        return np.asarray(100 + 10 * made.z[:, 0] - 5 * made.z[:, 1])
    if kind == "multioutput":
        return np.ascontiguousarray(made.z[:, :2])
    if kind == "multilabel":
        return np.ascontiguousarray((made.z[:, :3] > 0).astype(int))
    return np.array([f"class {k:02d}" for k in made.classes])


def dataset(
    task: Task,
    modality: str,
    *,
    form: Form | None = None,
    kind: str = "multiclass",
    n_classes: int | None = None,
    n_train: int = N_TRAIN,
    **others: Any,
) -> Dataset:
    """Return rows of a modality with an answer for a task, in the form that tasks expect.

    Parameters
    ----------
    task, modality
        What is asked, and what a row is.
    form
        Shows the hidden numbers as X; the plain one of the modality where not given.
    kind
        Of the target.
    n_classes
        How many classes there are; three where not given, and two of a binary target.
    n_train
        How many rows are for training.
    **others
        Fields of `bench.Dataset` in place of those made here.

    Raises
    ------
    Inapplicable
        There are no data here for that task or that modality.
    """
    import numpy as np

    form = form or plain(modality)
    made = hidden(n_classes or (2 if kind == "binary" else 3), n_train)
    parts = np.array(["train"] * n_train + ["test"] * N_TEST)
    y = answers(kind, made)
    target = Target(kind, y.shape[1] if y.ndim > 1 else 1)  # type: ignore[arg-type]
    fields = {"y": y, "parts": parts, "target": target, **others}
    if modality == "audio":
        fields.setdefault("extra", {"sampling_rate": SAMPLING_RATE})
    X = fields.pop("X", None)
    X = form(made) if X is None else X
    return normalise(Dataset(X, fields.pop("y"), **fields), "made for the check", (task.name,))


def asks_about_rows(task: Task) -> bool:
    """Whether a task predicts a target row by row, or is known to be for rows without one."""
    return bool(task.targets) or task.name in _WITHOUT_TARGET


def has(task: Task, modality: str) -> bool:
    """Whether there are data here for a task on rows of a modality."""
    return modality in _PLAIN and asks_about_rows(task)


def plain(modality: str) -> Form:
    """Return the plain form of a modality.

    Raises
    ------
    Inapplicable
        There are no data here for that modality.
    """
    if modality not in _PLAIN:
        raise Inapplicable(f"there are no data here of the modality {modality!r}")
    return _PLAIN[modality]


# --- the plain forms ---------------------------------------------------------------------------


def _numbers(made: Hidden) -> NDArray[np.float64]:
    return made.z.copy()


def _images(made: Hidden) -> NDArray[np.uint8]:
    """Grey images (n, 16, 16) of a stripe, whose place and brightness the numbers say."""
    import numpy as np

    rng = np.random.default_rng(1)
    images = rng.integers(0, 40, size=(len(made.z), 16, 16), dtype=np.uint8)
    for image, row in zip(images, made.z, strict=True):
        place = int(np.clip(2 + 2 * row[0], 0, 13))
        image[:, place : place + 3] += np.uint8(np.clip(120 + 20 * row[2], 60, 200))
    return images


def _texts(made: Hidden) -> list[str]:
    import numpy as np

    rng = np.random.default_rng(2)
    texts = []
    for row in made.z:
        first = int(np.clip(2 + 2 * row[0], 0, len(_WORDS) - 4))
        texts.append(" ".join(_WORDS[first + k] for k in rng.integers(0, 4, size=8)))
    return texts


def _recordings(made: Hidden) -> list[NDArray[np.float32]]:
    """Recordings of a quarter of a second, whose pitch the numbers say."""
    import numpy as np

    rng = np.random.default_rng(3)
    t = np.arange(SAMPLING_RATE // 4) / SAMPLING_RATE
    return [
        (np.sin(2 * np.pi * (300 + 60 * row[0]) * t) + 0.1 * rng.normal(size=len(t))).astype(
            np.float32
        )
        for row in made.z
    ]


def _series(made: Hidden) -> list[NDArray[np.float64]]:
    """Series (24, 2) of waves, whose length the numbers say."""
    import numpy as np

    rng = np.random.default_rng(4)
    t = np.arange(24)[:, None]
    return [
        np.sin(t * (0.2 + 0.08 * row[0]) + np.array([0.0, row[1]])) + 0.1 * rng.normal(size=(24, 2))
        for row in made.z
    ]


_PLAIN: dict[str, Form] = {
    "tabular": _numbers,
    "image": _images,
    "text": _texts,
    "audio": _recordings,
    "series": _series,
}


# --- other forms -------------------------------------------------------------------------------


def constant_columns(made: Hidden) -> NDArray[np.float64]:
    """Numbers of which one column is the same in all rows, and one in all rows for training."""
    X = made.z.copy()
    X[:, 3] = 1.0
    X[: made.n_train, 4] = -2.0
    return X


def with_gaps(made: Hidden) -> NDArray[np.float64]:
    """Numbers of which every seventh is missing, and all of the last row."""
    import numpy as np

    X = made.z.copy()
    X.ravel()[::7] = np.nan
    X[-1] = np.nan
    return X


def series_with_gaps(made: Hidden) -> list[NDArray[np.float64]]:
    """Series of which every eleventh number is missing."""
    import numpy as np

    series = _series(made)
    for one in series:
        one.ravel()[::11] = np.nan
    return series


def mixed(made: Hidden) -> pd.DataFrame:
    """Columns of every kind; among the rows that are asked about is a category never seen."""
    import numpy as np
    import pandas as pd

    z = made.z
    colours = np.array(["blue", "green", "red"])[np.clip(z[:, 0], 0, 2).astype(int)]
    colours[-1] = "violet"
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.rint(10 * z[:, 3]), unit="D")
    return pd.DataFrame(
        {
            "length": z[:, 1],
            "count": np.rint(3 * z[:, 2]).astype(np.int64),
            "colour": colours,
            "size": pd.Categorical(
                np.array(["S", "M", "L"])[np.clip(z[:, 4] + 1, 0, 2).astype(int)],
                categories=["S", "M", "L"],
                ordered=True,
            ),
            "is new": z[:, 2] > 0,
            "day": days,
            "remark": _texts(made),
        }
    )


def mixed_with_gaps(made: Hidden) -> pd.DataFrame:
    """Columns of every kind with missing values in each."""
    table = mixed(made).astype({"count": "float64", "is new": "boolean"})
    for j, name in enumerate(table.columns):
        table.loc[table.index[j :: len(table.columns) + 2], name] = None
    return table


def colour_images(made: Hidden) -> NDArray[np.uint8]:
    """Images (n, 16, 16, 3) in colour."""
    import numpy as np

    grey = _images(made)
    return np.stack([grey, grey // 2, 255 - grey], axis=-1)


def odd_texts(made: Hidden) -> list[str]:
    """Texts among which are an empty one, one of blanks, and words never seen."""
    texts = _texts(made)
    texts[1], texts[2] = "", " \n"
    texts[-2], texts[-1] = "", "unbekannte Wörter 漢字 🙂"
    return texts


def unequal_recordings(made: Hidden) -> list[NDArray[np.float32]]:
    """Recordings of different lengths."""
    return [one[: len(one) - 37 * (k % 9)] for k, one in enumerate(_recordings(made))]


def unequal_series(made: Hidden) -> list[NDArray[np.float64]]:
    """Series of different lengths."""
    return [one[: len(one) - k % 7] for k, one in enumerate(_series(made))]


OTHER_FORMS: dict[str, Form] = {
    "image": colour_images,
    "text": odd_texts,
    "audio": unequal_recordings,
    "series": unequal_series,
}
"""By modality: rows that its plain form does not have."""


def streamed(made: Hidden) -> dict[str, Any]:
    """Return the fields of a table that is read as if it were larger than memory."""
    columns = tuple(Column(f"x{j}") for j in range(N_COLUMNS))
    return {"X": HeldRows(_numbers(made), "made for the check"), "columns": columns}


def has_rows(part: Part) -> bool:
    """Whether X holds one row for each unit of a part, so that some can be asked about.

    Values of a stream are no rows: they mean nothing without those before them.
    """
    is_one = isinstance(part.X, type) or hasattr(part, "before") or not hasattr(part.X, "__len__")
    return not is_one and len(part.X) == len(part)


def some(part: Part, rows: Any) -> Part:
    """Return some rows of a part, in the order given."""
    import numpy as np

    rows = np.asarray(rows)
    return part.some(rows, X=take(part.X, rows))
