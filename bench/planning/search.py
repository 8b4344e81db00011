"""What tuning may choose from, and for how long: a model's search space, checked."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.spec import ModelSpec, Task
from bench.spec.errors import SuiteError

_RANGE_KEYS = ("low", "high", "log", "int")


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is searched, and for how long.

    Parameters
    ----------
    trials
        Candidates, the given parameters among them.
    seconds
        After which no further candidate is begun; None: the limit of the trial alone holds.
    space
        By parameter: a list of choices, or ``{"low", "high", "log", "int"}``.
    """

    trials: int
    seconds: float | None
    space: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Search:
        """Read what `to_json` returned."""
        return cls(**values)


def why_untunable(task: Task) -> str | None:
    """Return why no model can be tuned for a task; None where they can."""
    if not task.learns_from_truth:
        return "`fit` sees no truth there, and tuning would choose by it"
    if type(task).divide is Task.divide:
        return "the task does not say how a training part is divided (`Task.divide`)"
    return None


def make_search(
    model: ModelSpec, fixed: Collection[str], *, trials: int, seconds: float | None
) -> Search:
    """Return the search of a model's space without the parameters that are fixed.

    Parameters
    ----------
    model
        Its `search_space` is checked.
    fixed
        Names of parameters that a suite sets.
    trials, seconds
        As in `Search`.

    Raises
    ------
    SuiteError
        The model has no search space, nothing of it is left, or it is not of the form above.
    """
    if not model.search_space:
        raise SuiteError(
            f"model {model.name!r} has no search space, so it cannot be tuned: leave `tune` out of "
            "its entry. `bench list models --json` shows the search space of each."
        )
    space = {}
    for name, choices in sorted(model.search_space.items()):
        fault = _fault(choices)
        if fault is not None:
            raise SuiteError(
                f"model {model.name!r}: its search space is wrong, which is for its plugin to "
                f"correct: {name} is {choices!r}: {fault}."
            )
        if name not in fixed:
            space[name] = json.loads(json.dumps(choices))
    if not space:
        raise SuiteError(
            f"model {model.name!r}: nothing is left to be tuned, for `params` sets all that its "
            f"search space has: {', '.join(sorted(model.search_space))}. Leave `tune` or one of "
            "them out."
        )
    return Search(trials=trials, seconds=seconds, space=space)


def _fault(choices: object) -> str | None:
    """Return what is wrong with one parameter's entry of a search space, or None."""
    try:
        json.dumps(choices, allow_nan=False)
    except (TypeError, ValueError) as error:
        return f"only what JSON can hold is allowed ({error})"
    if isinstance(choices, list | tuple):
        return None if choices else "at least one choice is needed"
    if not isinstance(choices, Mapping):
        return "a list of choices or a table with low and high is needed"
    for key in choices:
        if key not in _RANGE_KEYS:
            return f"{key!r} is no key of a range; allowed: {', '.join(_RANGE_KEYS)}"
    ends = [choices.get("low"), choices.get("high")]
    numbers = [end for end in ends if isinstance(end, int | float) and not isinstance(end, bool)]
    if len(numbers) < 2:
        return "low and high must be numbers"
    if numbers[0] >= numbers[1]:
        return "low must be below high"
    if choices.get("log") and numbers[0] <= 0:
        return "low must be above zero where log is true"
    if choices.get("int") and any(end != int(end) for end in numbers):
        return "low and high must be whole numbers where int is true"
    return None
