"""From a learner and its parameters to an estimator: checked arguments, and the steps before it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Collection, Mapping
from typing import Any, Literal

from sklearn.utils import get_tags

from bench import ModelContext, ParameterError, Skip, nearest
from bench_sklearn.steps import (
    EnoughRows,
    LearnerPipeline,
    Scaling,
    SeveralClasses,
    TableEncoder,
    flatten,
    scaler,
)

NATIVE_CATEGORIES = 255
"""Categories per column that histogram gradient boosting has bins for."""

IMAGE_WIDTH = 4096
"""What `width` takes an image's number of pixels to be: nothing says it beforehand."""

PARALLEL = ("RandomForest", "ExtraTrees", "KNeighbors", "Bagging")
"""How the names of those learners begin that use all of a trial's cores through `n_jobs`."""


def choose(model: str, context: ModelContext, **learners: Any) -> Any:
    """Return the learner for the trial's task; say `Skip` where there is none."""
    if context.task not in learners:
        raise Skip(f"{model} does {', '.join(learners)}, not {context.task}")
    return learners[context.task]


def assemble(
    model: str,
    context: ModelContext,
    learner: Any,
    scale: bool,
    *,
    scaling: Scaling = "variance",
    scale_target: bool = False,
    categories: Literal["one-hot", "ordinal"] = "one-hot",
    one_class: bool = True,
    full_rank: bool = False,
    features: Any = None,
) -> Any:
    """Return the learner behind whatever steps the data and the learner need.

    `features` is what makes numbers of rows that are no table, where pixels are not what the
    learner is to see. `scaling` is what `scale` does to numbers, and `scale_target` whether a
    regression's target is brought to mean 0 and variance 1 as well. `one_class` says whether the
    learner can be fitted on rows of one single class; `full_rank`, that it needs as many rows of
    each class as features.
    """
    check_scale(model, scale)
    check_outputs(model, context, learner)
    steps: list[tuple[str, Any]] = []
    if context.task == "classification" and not one_class:
        steps.append(("classes", SeveralClasses(context.n_train)))
    if features is not None:
        steps.extend([("features", features), *_scale_steps(scale, scaling)])
    elif context.modality == "image":
        steps.extend(_image_steps(scale, scaling))
    else:
        steps.extend(_table_steps(context, learner, scale, scaling, categories))
    if full_rank:
        steps.append(("rows", EnoughRows(context.n_train)))
    estimator = LearnerPipeline([*steps, ("learner", learner)]) if steps else learner
    if scale and scale_target and context.task == "regression":
        from sklearn.compose import TransformedTargetRegressor

        return TransformedTargetRegressor(estimator, transformer=scaler("variance"))
    return estimator


def make(
    model: str,
    context: ModelContext,
    learner: Any,
    params: Mapping[str, Any],
    *,
    inner: Any = None,
    other: tuple[str, ...] = ("scale",),
) -> Any:
    """Return the learner with the parameters given, its seed and its number of jobs.

    `inner` is the class of an ensemble's ``estimator``, whose parameters are given as scikit-learn
    names them, ``estimator__max_depth``; `other` are the parameters that the factory takes besides
    the learner's. TOML has no null: the word "none" stands for it. It has no integer keys
    either: `class_weight` is given by class label.

    Raises
    ------
    bench.ParameterError
        A parameter is not the learner's, or `class_weight` names no class.
    """
    own = set(inspect.signature(learner).parameters)
    of_inner: set[str] = set()
    if inner is not None:
        own.discard("estimator")
        of_inner = {f"estimator__{name}" for name in inspect.signature(inner).parameters}
    _check_names(model, context, params, {*other, *own, *of_inner})
    values = {name: _value(model, context, name, value) for name, value in params.items()}
    if inner is not None:
        nested = {
            name.removeprefix("estimator__"): values.pop(name) for name in of_inner & {*values}
        }
        values["estimator"] = inner(**nested)
    if "random_state" in own:
        # Seeds of trials are hashes; NumPy's legacy generator takes 32 bits.
        values.setdefault("random_state", context.seed % 2**32)
    if learner.__name__.startswith(PARALLEL):
        values.setdefault("n_jobs", context.n_threads if context.n_threads > 1 else None)
    return learner(**values)


def check_scale(model: str, scale: Any) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(scale, bool):
        raise ParameterError(f"model {model!r}: scale is {scale!r}; allowed: true, false.")


def check_number(
    model: str, parameter: str, value: Any, low: float, high: float, *, whole: bool = False
) -> None:
    """Refuse what is no number from `low` to `high`, or no whole one where that is needed."""
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        kind = "whole number" if whole else "number"
        to = "on" if high == math.inf else f"to {high}"
        raise ParameterError(
            f"model {model!r}: {parameter} is {value!r}; allowed: a {kind} from {low} {to}."
        )


def check_choice(model: str, parameter: str, value: Any, allowed: Collection[str]) -> None:
    """Refuse what is none of the words allowed."""
    if value not in allowed:
        raise ParameterError(
            f"model {model!r}: {parameter} is {value!r}; allowed: {', '.join(allowed)}."
            f"{nearest(str(value), allowed)}"
        )


def check_outputs(model: str, context: ModelContext, learner: Any) -> None:
    """Say `Skip` where the target has several outputs and the learner predicts one."""
    kind = context.target.kind if context.target else ""
    several = kind in ("multilabel", "multioutput") and context.task != "clustering"
    if several and not get_tags(learner).target_tags.multi_output:
        raise Skip(f"{model} predicts one output, and the target is {kind}")


def check_enough(context: ModelContext, parameter: str, needed: Any) -> None:
    """Say `Skip` where there are fewer training rows than a parameter needs."""
    if isinstance(needed, int) and context.n_train < needed:
        raise Skip(f"{parameter} is {needed}, but there are only {context.n_train} training rows")


def check_not_too_many(
    model: str, context: ModelContext, max_rows: Any, *, n_fits: int = 1
) -> None:
    """Say `Skip` where a learner of all pairs of rows has more rows than it bears."""
    if isinstance(max_rows, bool) or not isinstance(max_rows, int) or max_rows < 1:
        raise ParameterError(
            f"model {model!r}: max_rows is {max_rows!r}; a whole number from 1 is needed."
        )
    # Time grows with the cube of the rows: this many rows, fitted so often, take as long.
    most = int(max_rows / n_fits ** (1 / 3))
    if context.n_train > most:
        times = f", {n_fits} times over," if n_fits > 1 else ""
        raise Skip(
            f"{context.n_train} training rows are more than {most}: {model}{times} takes memory "
            "with their square and time with their cube; a suite may raise max_rows"
        )


def kinds_of(context: ModelContext) -> tuple[str, ...]:
    """Return the kind of each column."""
    return tuple(column.kind for column in context.columns)


def width(context: ModelContext) -> int:
    """Return about how large the squared length of a scaled row is: one for each column."""
    return IMAGE_WIDTH if context.modality == "image" else max(1, len(context.columns))


def _check_names(
    model: str, context: ModelContext, params: Mapping[str, Any], allowed: set[str]
) -> None:
    for parameter in params:
        if parameter not in allowed:
            raise ParameterError(
                f"model {model!r} takes no parameter {parameter!r} for {context.task}; allowed: "
                f"{', '.join(sorted(allowed))}.{nearest(parameter, sorted(allowed))}"
            )


def _value(model: str, context: ModelContext, name: str, value: Any) -> Any:
    if isinstance(value, str) and value == "none":
        return None
    if name.removeprefix("estimator__") == "class_weight" and isinstance(value, Mapping):
        return _by_code(model, context, value)
    return value


def _by_code(model: str, context: ModelContext, weights: Mapping[Any, Any]) -> dict[int, Any]:
    classes = context.target.classes if context.target else ()
    codes = {str(label): code for code, label in enumerate(classes)}
    for label in weights:
        if str(label) not in codes:
            raise ParameterError(
                f"model {model!r}: class_weight names the class {str(label)!r}; the target has: "
                f"{', '.join(codes) or 'no classes'}.{nearest(str(label), codes)}"
            )
    return {codes[str(label)]: weight for label, weight in weights.items()}


def _image_steps(scale: bool, scaling: Scaling) -> list[tuple[str, Any]]:
    from sklearn.preprocessing import FunctionTransformer

    return [("pixels", FunctionTransformer(flatten)), *_scale_steps(scale, scaling)]


def _scale_steps(scale: bool, scaling: Scaling) -> list[tuple[str, Any]]:
    return [("scale", scaler(scaling))] if scale else []


def _table_steps(
    context: ModelContext,
    learner: Any,
    scale: bool,
    scaling: Scaling,
    categories: Literal["one-hot", "ordinal"],
) -> list[tuple[str, Any]]:
    """Return no step where the learner can take the table as it is."""
    kinds = kinds_of(context)
    fill = context.has_missing and not get_tags(learner).input_tags.allow_nan
    if not fill and not scale and set(kinds) <= {"number", "boolean"}:
        return []
    encoder = TableEncoder(kinds, fill=fill, scale=scale, scaling=scaling, categories=categories)
    if categories == "ordinal":
        encoder.max_categories = min(NATIVE_CATEGORIES, learner.max_bins)
    return [("table", encoder)]
