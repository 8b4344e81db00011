"""Which data a model promises to take, or to refuse beforehand with `bench.Skip`."""

from __future__ import annotations

from typing import Any

from bench.conformance import made_data
from bench.conformance.model_case import ModelCase, Refused
from bench.conformance.promise import Broken, Declared, promise
from bench.spec import Dataset

_CLASSES = ("classification",)
_MANY = 12
_FEW = 4


def _takes(case: ModelCase, dataset: Dataset, **told: Any) -> None:
    """Fit and ask; a refusal is an answer as good as any, but where plain data are refused, too."""
    _ = case.answer
    case.fit(dataset, **told).ask()


@promise(
    "model",
    why="Two classes are the most frequent case of all, and the one that code for many forgets.",
    mend="Answer probabilities of the shape (n, 2), or labels (n,).",
    tasks=_CLASSES,
    once_for="task",
)
def takes_two_classes(case: ModelCase) -> None:
    """It takes a target of two classes."""
    case.needs_target("binary")
    _takes(case, case.dataset(kind="binary"))


@promise(
    "model",
    why="Data of letters, faces or species have dozens of classes.",
    mend="Take the classes from y or `context.target.classes`; never suppose how many there are.",
    tasks=_CLASSES,
    once_for="task",
)
def takes_many_classes(case: ModelCase) -> None:
    """It takes a target of twelve classes with few rows each."""
    case.needs_target("multiclass")
    _takes(case, case.dataset(kind="multiclass", n_classes=_MANY))


@promise(
    "model",
    why="Small training sets miss classes: every learning curve begins with them.",
    mend="Set `classes_` to the codes in y, `np.unique(y)`, and have a column of probabilities for "
    "each of these.",
    tasks=_CLASSES,
    once_for="task",
)
def takes_absent_classes(case: ModelCase) -> None:
    """It takes training rows in which a class of the target does not occur."""
    import numpy as np

    case.needs_target("multiclass")
    y = made_data.hidden(n_train=case.n_train).classes.copy()
    train = np.arange(len(y)) < case.n_train
    y[train & (y == 1)] = 2
    _takes(case, case.dataset(y=np.array([f"class {k:02d}" for k in y])))


@promise(
    "model",
    why="Among the first rows of real tables, columns are often constant.",
    mend="Guard every division by a standard deviation or a range.",
    modalities=("tabular",),
    once_for="modality",
)
def takes_constant_columns(case: ModelCase) -> None:
    """It takes columns that are the same in all training rows."""
    _takes(case, case.dataset(form=made_data.constant_columns))


@promise(
    "model",
    why="Every model gets the data as they are, gaps included.",
    mend="Impute inside the estimator, or raise `bench.Skip` in the factory where "
    "`context.has_missing` is true.",
    modalities=("tabular", "series"),
    once_for="modality",
)
def takes_missing_values(case: ModelCase) -> None:
    """It takes missing values, or refuses them with `bench.Skip`."""
    if case.modality == "series":
        _takes(case, case.dataset(form=made_data.series_with_gaps))
        return
    if not case.model.numbers_only:
        try:
            _takes(case, case.dataset(form=made_data.mixed_with_gaps))
            return
        except Refused:  # it may be the columns, and not the gaps, that it does not take
            pass
    _takes(case, case.dataset(form=made_data.with_gaps))


@promise(
    "model",
    why="Every model gets the columns as they are: numbers, categories, booleans, dates and text.",
    mend="Encode columns inside the estimator by the kinds in `context.columns`, categories never "
    "seen in training included, or raise `bench.Skip` in the factory where one is of a kind that "
    "it does not take.",
    modalities=("tabular",),
    once_for="modality",
)
def takes_mixed_columns(case: ModelCase) -> None:
    """It takes a DataFrame with columns of every kind, or refuses it with `bench.Skip`."""
    if case.model.numbers_only:
        raise Declared("it is for numbers alone")
    _takes(case, case.dataset(form=made_data.mixed))


@promise(
    "model",
    why="Data sets of one modality differ in form: images in colour, recordings and series of "
    "unequal length, texts that are empty.",
    mend="Take the form, or raise `bench.Skip` where the model does not.",
    modalities=("image", "text", "audio", "series"),
    once_for="modality",
)
def takes_other_forms(case: ModelCase) -> None:
    """It takes images in colour, recordings and series of unequal length, and empty texts, or
    refuses them with `bench.Skip`.
    """
    _takes(case, case.dataset(form=made_data.OTHER_FORMS[case.modality]))


@promise(
    "model",
    why="What is refused beforehand is a row that says why; what fails is a row that says nothing.",
    mend="In the factory: `if context.target.n_outputs > 1: raise bench.Skip('one output only')`; "
    "or answer one column for each output.",
    tasks=("classification", "regression"),
    once_for="task",
)
def refuses_several_outputs(case: ModelCase) -> None:
    """It predicts several labels or numbers for a row, or refuses to with `bench.Skip`."""
    kind = "multilabel" if case.task.name == "classification" else "multioutput"
    case.needs_target(kind)
    _takes(case, case.dataset(kind=kind))


@promise(
    "model",
    why="Learning curves begin with a handful of rows, and a class may stand alone in them.",
    mend="Take what there is, or raise `bench.Skip` where it is too little for the model.",
    once_for="task",
)
def refuses_too_few_rows(case: ModelCase) -> None:
    """It learns from four rows, or from the fewest that its record names, all of one class where
    there are classes, or refuses to with `bench.Skip`.
    """
    import numpy as np

    n_few = max(_FEW, case.model.least_rows)
    n_classes = 2 if case.kind == "binary" else 3
    n_train = n_few * n_classes  # the classes take turns
    parts = np.array(["validation"] * n_train + ["test"] * made_data.N_TEST)
    parts[:n_train:n_classes] = "train"
    _takes(case, case.dataset(n_train=n_train, parts=parts))


@promise(
    "model",
    why="Weights, groups and times reach `fit` of the models that ask for them.",
    mend="Have `fit` take every name in `fit_params` as a keyword, or leave it out of the record.",
    once_for="task",
)
def takes_its_fit_params(case: ModelCase) -> None:
    """`fit` takes each of `fit_params`."""
    import numpy as np

    asked = case.model.fit_params
    if not asked:
        raise Declared("it asks for none")
    rows = np.arange(case.n_train + made_data.N_TEST)
    values = {
        "sample_weight": 1.0 + rows % 3,
        "groups": rows // 6,
        "time": np.sort(rows),
    }
    _takes(case, case.dataset(**{name: values[name] for name in asked if name != "time"}))
    if "time" in asked:
        _takes(case, case.dataset(time=values["time"]))


@promise(
    "model",
    why="A model that says `streams` is given rows that are not in memory.",
    mend="Read `bench.RowsView` by its `windows`, or take `streams` out of the record.",
    modalities=("tabular",),
    once_for="modality",
)
def streams_its_rows(case: ModelCase) -> None:
    """A model that says `streams` can be fitted on a `bench.RowsView`."""
    if not case.model.streams:
        raise Declared("it does not stream")
    try:
        fields = made_data.streamed(made_data.hidden(n_train=case.n_train))
        _takes(case, case.dataset(**fields), streamed=True)
    except Refused as refusal:
        raise Broken(f"it {refusal}") from refusal


PROMISES = (
    takes_two_classes,
    takes_many_classes,
    takes_absent_classes,
    takes_constant_columns,
    takes_missing_values,
    takes_mixed_columns,
    takes_other_forms,
    refuses_several_outputs,
    refuses_too_few_rows,
    takes_its_fit_params,
    streams_its_rows,
)
