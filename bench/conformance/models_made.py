"""What a model's factory promises: it takes what its record says, and makes an estimator of it."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from bench.conformance.model_case import ModelCase
from bench.conformance.promise import Broken, Declared, Inapplicable, first_line, promise
from bench.planning.search import make_search
from bench.registry.lookup import resolve
from bench.spec import ModelContext
from bench.spec.errors import BenchError, Skip

_MOST_CANDIDATES = 60


@promise(
    "model",
    why="A suite sets parameters by the names in the record; one that the factory does not take "
    "fails in each of its trials.",
    mend="Give the factory an argument for each name in `params` and `search_space` after "
    "`context`, or take the name out of the record.",
    once_for="task",
)
def factory_takes_its_params(case: ModelCase) -> None:
    """The factory can be imported, and takes `context` and each parameter that the record names."""
    model = case.model
    named = dict.fromkeys((*model.params, *model.search_space))
    if case.worker is not None:
        fault, _ = case.worker.bind(
            model.factory, case.fitting(case.dataset(), case.unfitted).context, named
        )
        if fault is not None:
            raise Broken(f"{model.factory}: {fault}")
        return
    try:
        factory = resolve(model.factory)
    except BenchError as error:
        raise Broken(first_line(error)) from error
    if not callable(factory):
        raise Broken(f"{model.factory!r} names an object of type {type(factory).__name__}")
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError) as error:
        raise Inapplicable(f"its signature cannot be read: {error}") from error
    try:
        signature.bind(object(), **named)
    except TypeError as error:
        given = ", ".join(named) or "no parameters"
        raise Broken(f"{model.factory}{signature}, called with {given}: {error}") from error


@promise(
    "model",
    why="A suite that names the model without parameters gets the defaults.",
    mend="Correct the default in `params`, or what the factory does with it; raise `bench.Skip` "
    "for what the model does not do.",
)
def defaults_can_be_made(case: ModelCase) -> None:
    """The factory makes an estimator, an object with `fit`, of the record's default parameters."""
    _needs_signature(case)
    estimator = case.make(case.params)
    if not callable(getattr(estimator, "fit", None)):
        raise Broken(f"it makes an object of type {type(estimator).__name__}, which has no `fit`")


@promise(
    "model",
    why="What leads is part of a trial's identity where it decides when a fit stops; trials under "
    "two metrics are taken for one where the record does not say so.",
    mend="Say `uses_metric=True` in the record, or do not read `context.metric`.",
    once_for="task",
)
def says_that_it_uses_the_metric(case: ModelCase) -> None:
    """A factory that reads `context.metric` is that of a record which says `uses_metric`."""
    if case.model.uses_metric:
        raise Declared("its record says that it does")
    if case.worker is not None:
        raise Inapplicable("what is read in an environment of its own is not seen")
    _needs_defaults(case)
    context = case.fitting(case.dataset(), case.unfitted).context
    read: set[str] = set()

    class Watched(ModelContext):
        def __getattribute__(self, name: str) -> Any:
            read.add(name)
            return super().__getattribute__(name)

    watched = object.__new__(Watched)
    watched.__dict__.update(vars(context))
    read.clear()
    with contextlib.suppress(Skip):
        resolve(case.model.factory)(watched, **case.params)
    # Whoever copies the whole context reads each field, and means none.
    if "metric" in read and not read.issuperset(vars(context)):
        raise Broken(f"{case.model.factory} reads context.metric")


@promise(
    "model",
    why="Tuning draws from the search space; a candidate that cannot be made is time lost in each "
    "search.",
    mend="Take the value out of `search_space`, or have the factory take it.",
    once_for="task",
)
def candidates_can_be_made(case: ModelCase) -> None:
    """The search space is of the right form, and each choice and both ends of each range make an
    estimator.
    """
    if not case.model.search_space:
        raise Declared("it has no search space")
    try:
        search = make_search(case.model, (), trials=2, seconds=None)
    except BenchError as error:
        raise Broken(first_line(error)) from error
    _needs_defaults(case)
    for params in _candidates(search.space, case.params):
        try:
            case.make(params)
        except Inapplicable:
            continue
        except Exception as error:
            raise Broken(f"params = {params}: {type(error).__name__}: {error}") from error


@promise(
    "model",
    why="`bench run --device gpu` gives each model its device as its record says.",
    mend="Raise `bench.Skip` where the device is not there; leave devices out of the record on "
    "which the model does not run.",
    once_for="task",
)
def devices_can_be_made(case: ModelCase) -> None:
    """For each device of the record, the factory makes an estimator or says `bench.Skip`."""
    _needs_defaults(case)
    for device in case.model.devices:
        try:
            case.make(case.params, device=device)
        except Inapplicable:
            if len(case.model.devices) == 1:
                raise
        except Exception as error:
            raise Broken(f"device = {device!r}: {type(error).__name__}: {error}") from error


def _needs_signature(case: ModelCase) -> None:
    try:
        factory_takes_its_params.look(case)
    except Broken as broken:
        raise Inapplicable("it cannot be called: see factory-takes-its-params") from broken


def _needs_defaults(case: ModelCase) -> None:
    _needs_signature(case)
    try:
        case.make(case.params)
    except Inapplicable:
        raise
    except Exception as error:
        raise Inapplicable("it cannot be made: see defaults-can-be-made") from error


def _candidates(space: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield parameters that differ from what is given in one place each, the ends of ranges."""
    n = 0
    for name, choices in space.items():
        values = [choices["low"], choices["high"]] if isinstance(choices, Mapping) else choices
        for value in values:
            if (n := n + 1) > _MOST_CANDIDATES:
                return
            whole = isinstance(choices, Mapping) and choices.get("int")
            yield {**given, name: int(value) if whole else value}


PROMISES = (
    factory_takes_its_params,
    defaults_can_be_made,
    says_that_it_uses_the_metric,
    candidates_can_be_made,
    devices_can_be_made,
)
