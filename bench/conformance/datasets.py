"""What a dataset promises."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from bench.conformance import made_data, traces
from bench.conformance.dataset_case import DatasetCase
from bench.conformance.promise import Broken, Declared, Inapplicable, first_line, promise
from bench.registry.lookup import resolve
from bench.spec import Dataset, Part, Rows, SplitProtocol
from bench.spec.errors import BenchError
from bench.tasks.twins import rows_on_two_sides
from bench.tasks.views import RowsView, take

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_TWICE = 0.01
"""Share of the official test rows that may be training rows, too: published data have a few."""


@promise(
    "dataset",
    why="A suite sets parameters by the names in the record.",
    mend="Give the loader an argument for each name in `params`, and `path` where it takes one.",
)
def loader_takes_its_params(case: DatasetCase) -> None:
    """The loader can be imported, and takes every parameter that the record names."""
    spec = case.spec
    try:
        loader = resolve(spec.loader)
    except BenchError as error:
        raise Broken(first_line(error)) from error
    if not callable(loader):
        raise Broken(f"{spec.loader!r} names an object of type {type(loader).__name__}")
    try:
        signature = inspect.signature(loader)
    except (TypeError, ValueError) as error:
        raise Inapplicable(f"its signature cannot be read: {error}") from error
    given = dict(spec.params) | ({"path": "a file"} if spec.takes_path else {})
    try:
        signature.bind_partial(**given)
    except TypeError as error:
        raise Broken(f"{spec.loader}{signature}: {error}") from error


@promise(
    "dataset",
    why="A leaderboard shows data that others may or may not use and pass on.",
    mend="Set `license` to an SPDX name such as 'CC-BY-4.0', or to 'None stated'.",
)
def has_a_license(case: DatasetCase) -> None:
    """The record names a licence."""
    if not case.spec.license.strip():
        raise Broken("license is empty")


@promise(
    "dataset",
    why="Whoever reads a result wants to see what it was measured on.",
    mend="Set `source` to where the data come from: an address, a paper, or how they are made.",
)
def has_a_source(case: DatasetCase) -> None:
    """The record says where the data come from."""
    if not case.spec.source.strip():
        raise Broken("source is empty")


@promise(
    "dataset",
    why="A suite that names the dataset needs its tasks and its metric.",
    mend="Correct the name in `tasks` or `primary_metric`; `bench list tasks` and `bench list "
    "metrics` show all.",
)
def names_what_exists(case: DatasetCase) -> None:
    """Every task of the record, and its primary metric, exist."""
    try:
        for task in case.spec.tasks:
            case.registry.task(task)
        if case.spec.primary_metric is not None:
            case.registry.metric(case.spec.primary_metric)
    except BenchError as error:
        raise Broken(first_line(error)) from error


@promise(
    "dataset",
    why="A dataset that does not load is missing from every suite that names it.",
    mend="Mend the error. A loader whose server is out of reach raises `bench.DatasetError` from "
    "the error of the connection, which is not held against it.",
)
def loads(case: DatasetCase) -> None:
    """The loader returns a `bench.Dataset` with the record's default parameters."""
    try:
        loader_takes_its_params.look(case)
    except Broken as broken:
        raise Inapplicable("it cannot be called: see loader-takes-its-params") from broken
    case.load()


@promise(
    "dataset",
    why="Splits, tasks and models rely on the form of X, y and what stands beside them.",
    mend="Correct what the message names; the fields are described in `bench.Dataset`.",
)
def has_a_valid_form(case: DatasetCase) -> None:
    """X, y and every per-row array agree, nothing is missing in y, and official parts name
    training and test rows.
    """
    case.check_form()


@promise(
    "dataset",
    why="Models are chosen by the modality: one for images is given what is called an image.",
    mend="Correct `modality`, or return X in its form: a table (n, columns), images (n, height, "
    "width) or (n, height, width, channels), a list of str, a list of arrays for series and audio.",
)
def fits_its_modality(case: DatasetCase) -> None:
    """X has the form of the modality that the record names."""
    X, modality = case.normal.X, case.spec.modality
    if not any(made_data.asks_about_rows(task) for task in case.tasks):
        raise Declared("its tasks say what X is")
    fault = _misfit(X, modality)
    if fault:
        raise Broken(f"modality is {modality!r}, and X is {fault}")
    if modality == "audio" and not (case.normal.extra or {}).get("sampling_rate"):
        raise Broken("modality is 'audio', and extra has no 'sampling_rate'")


@promise(
    "dataset",
    why="A suite that names no task gets the first that fits the target.",
    mend="Take out of `tasks` what the target is not for, or say what it is: `target=bench.Target("
    '"multiclass")`.',
)
def fits_its_tasks(case: DatasetCase) -> None:
    """Its target fits at least one of its tasks, and can be split for it into training and test
    rows.
    """
    dataset = case.normal
    kind = dataset.target.kind if dataset.target is not None else None
    tasks = case.tasks
    if not tasks:
        raise Inapplicable("none of its tasks is known")
    fitting = [task for task in tasks if not task.targets or kind in task.targets]
    if not fitting:
        names = ", ".join(task.name for task in tasks)
        raise Broken(f"its target is {kind or 'missing'}, which fits no task of {names}")
    for task in fitting:
        try:
            found = next(iter(task.splits(dataset, SplitProtocol(outer_seeds=(0,)))), None)
        except BenchError as error:
            raise Broken(f"{task.name}: {error}") from error
        if found is None or found.n_train_max < 1:
            raise Broken(f"{task.name}: no split leaves a row for training")


@promise(
    "dataset",
    why="The fingerprint says that two runs measured the same data; results of different data are "
    "never pooled.",
    mend="Draw from a generator of a fixed seed, sort what comes from a set or a folder, and leave "
    "times and addresses out.",
)
def fingerprint_is_stable(case: DatasetCase) -> None:
    """Two processes load the same content, whatever their random state and the order of sets."""
    here, there = case.fingerprint(), case.fingerprint_elsewhere()
    if here != there:
        raise Broken(f"two processes load different data: {here[:12]} and {there[:12]}")


@promise(
    "dataset",
    why="A test row that was learned by heart measures memory.",
    mend="Take duplicates out before dividing, or leave `parts` out and let bench divide.",
)
def official_parts_are_apart(case: DatasetCase) -> None:
    """At most one in a hundred official test rows is a training row, too."""
    dataset = case.normal
    train, test = _official(dataset)
    twice = rows_on_two_sides(_part(dataset, train), _part(dataset, test))
    if twice is not None and twice > _MOST_TWICE * len(test):
        raise Broken(f"{twice:,} of {len(test):,} official test rows are training rows, too")


@promise(
    "dataset",
    why="Rows of one group, such as one patient, resemble one another: a model that has seen one "
    "knows the other.",
    mend="Put whole groups into a part, or leave `parts` and let bench draw whole groups.",
)
def official_parts_keep_groups_whole(case: DatasetCase) -> None:
    """No group has rows in the official training and test parts."""
    import numpy as np

    dataset = case.normal
    if dataset.groups is None:
        raise Declared("it has no groups")
    train, test = _official(dataset)
    shared = np.intersect1d(dataset.groups[train], dataset.groups[test])
    if len(shared):
        raise Broken(f"{len(shared):,} groups stand on both sides, such as {shared[0]!r}")


@promise(
    "dataset",
    why="A model that has seen the future is tested on nothing.",
    mend="Let the official test part begin after the training part, or leave `time` out.",
)
def official_parts_follow_time(case: DatasetCase) -> None:
    """No official test row lies before an official training row."""
    dataset = case.normal
    if dataset.time is None:
        raise Declared("it has no times")
    train, test = _official(dataset)
    last, first = dataset.time[train].max(), dataset.time[test].min()
    if first < last:
        raise Broken(f"the test part begins at {first}, and the training part ends at {last}")


def _official(dataset: Dataset) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    import numpy as np

    if dataset.parts is None:
        raise Declared("it has no official parts")
    train, test = (np.flatnonzero(dataset.parts == name) for name in ("train", "test"))
    return train, test


def _part(dataset: Dataset, rows: NDArray[np.int64]) -> Part:
    X = take(dataset.X, rows)
    if isinstance(X, RowsView):
        raise Inapplicable("its rows are not in memory")
    return Part(X, None, rows)


def _misfit(X: Any, modality: str) -> str:
    """Return what X is where that is no form of the modality; else an empty string."""
    import numpy as np

    if modality in ("tokens", "environment") or isinstance(X, Rows):
        return ""
    is_table = hasattr(X, "iloc")
    n_axes = np.ndim(X) if isinstance(X, np.ndarray) else 0
    if modality == "tabular":
        right = is_table or n_axes == 2
    elif modality == "image":
        right = n_axes in (3, 4)
    elif modality == "text":
        right = isinstance(X, list | np.ndarray) and all(isinstance(one, str) for one in X)
    else:
        lengths = (1, 2) if isinstance(X, list) else (2, 3)
        one = X[0] if isinstance(X, list) else X
        right = isinstance(one, np.ndarray) and one.ndim in lengths
    if right:
        return ""
    if isinstance(X, np.ndarray):
        return f"an array of the shape {X.shape}"
    if is_table:
        return "a DataFrame"
    return f"a {type(X).__name__} of {type(X[0]).__name__}" if len(X) else "empty"


PROMISES = (
    loader_takes_its_params,
    has_a_license,
    has_a_source,
    names_what_exists,
    loads,
    has_a_valid_form,
    fits_its_modality,
    fits_its_tasks,
    fingerprint_is_stable,
    official_parts_are_apart,
    official_parts_keep_groups_whole,
    official_parts_follow_time,
    *traces.promises("dataset"),
)
