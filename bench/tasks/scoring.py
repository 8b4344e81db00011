"""Scoring an answer: by every metric, on a whole part and on each of its slices."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bench.spec import Metric, Output, Part, Task
from bench.spec.outcome import Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

Metrics = Sequence[tuple[Metric, Callable[[Part, Any], float]]]
"""Each metric with its function, already imported."""


def score(
    metrics: Metrics, part_name: str, part: Part, output: Output, slice_name: str = ""
) -> list[Score]:
    """Score an answer by every metric.

    Parameters
    ----------
    metrics
        Each metric with its function, already imported.
    part_name
        ``"train"``, ``"validation"``, ``"test"``, or what the task calls it.
    part
        What was asked about, with the truth in `y`.
    output
        The answer, as `Task.read` made it.
    slice_name
        Which units of the part these are; empty: all of them.

    Returns
    -------
    list of Score
        One for each metric, in their order. `value` is None, and `reason` says why, where the
        estimator does not offer what the metric needs or the metric is undefined for this part. A
        metric that fails in any other way does not cost the trial its other figures: the error's
        type and message are the reason.
    """
    found = []
    for metric, function in metrics:
        value, reason = _value(metric, function, part, output)
        found.append(Score(part_name, slice_name, metric.name, value, len(part), reason))
    return found


def score_slices(
    task: Task, metrics: Metrics, part_name: str, part: Part, output: Output
) -> Iterator[Score]:
    """Yield the scores of the units of each label in `Part.slices`, by every metric.

    Parameters
    ----------
    task
        It takes some units of a part.
    metrics, part_name, part, output
        As for `score`.
    """
    for name, labels in part.slices.items():
        places: dict[str, list[int]] = {}
        for place, label in enumerate(labels):
            # By what is shown: NaN is not equal to itself, and a list has no hash.
            places.setdefault(str(label), []).append(place)
        for label, own in places.items():
            some, answer = task.subset(part, own), output.subset(own)
            yield from score(metrics, part_name, some, answer, f"{name}={label}")


def truth_of(part: Part) -> NDArray[Any]:
    """Return the true answers as an array.

    Raises
    ------
    ValueError
        There are none.
    """
    import numpy as np

    if part.y is None:
        raise ValueError("the dataset has no true answers")
    truth = np.asarray(part.y)
    if not len(truth):
        raise ValueError("the part has no rows")
    return truth


def _value(
    metric: Metric, function: Callable[[Part, Any], float], part: Part, output: Output
) -> tuple[float | None, str]:
    """Return the value, or None and why there is none."""
    given = output.offers.get(metric.needs, output.shared.get(metric.needs))
    if given is None:
        return None, f"needs {metric.needs}"
    try:
        value = float(function(part, given))
    except ValueError as error:
        return None, str(error) or "undefined for this part"
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"[:1000]
    if not math.isfinite(value):
        return None, f"the metric's value is {value}"
    return value, ""
