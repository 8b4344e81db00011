"""Parameters that a model's factory does not take, found before any trial is run."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from bench.registry.lookup import resolve
from bench.registry.venvs.remote import Connection
from bench.spec import ModelContext, ModelSpec
from bench.spec.errors import BenchError, ParameterError, PluginError, Skip
from bench.trial.life import NO_REASON


def check_params(
    model: ModelSpec,
    context: ModelContext,
    params: Mapping[str, Any],
    worker: Connection | None = None,
) -> str | None:
    """Make the estimator once, to find parameters that its factory does not take.

    Parameters
    ----------
    model, context, params
        Whose factory is called, and with what.
    worker
        Where, if the model has an environment of its own.

    Returns
    -------
    str or None
        Why the model would skip such a trial; None where it would not.

    Raises
    ------
    ParameterError
        The factory does not take one of them.
    PluginError
        The factory cannot be imported.
    """
    if worker is None:
        factory = resolve(model.factory)
        fault, taken = _bound(factory, context, params)
    else:
        fault, taken = worker.bind(model.factory, context, params)
    if fault is not None:
        raise ParameterError(
            f"model {model.name!r}: params = {json.dumps(dict(params), default=str)}: {fault}; "
            f"it takes: {', '.join(taken) or 'none'}."
        )
    try:
        if worker is None:
            factory(context, **params)
        else:
            worker.make(model.factory, context, params)
    except Skip as skip:
        return str(skip) or NO_REASON
    except PluginError:
        return None
    except BenchError:
        raise
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"model {model.name!r}: params = {json.dumps(dict(params), default=str)}: {error}."
        ) from None
    except Exception:
        return None  # a factory that fails is a trial's error, with its own row
    return None


def _bound(
    factory: Callable[..., Any], context: ModelContext, params: Mapping[str, Any]
) -> tuple[str | None, list[str]]:
    """Return what a factory says against parameters, None: nothing, and which it takes."""
    signature = inspect.signature(factory)
    known = list(signature.parameters.items())[1:]
    try:
        signature.bind(context, **params)
    except TypeError as error:
        return str(error), [name for name, p in known if p.kind != p.VAR_KEYWORD]
    return None, []
