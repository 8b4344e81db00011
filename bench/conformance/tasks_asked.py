"""What a task promises of what is asked: answers read or refused, figures, a budget that holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench.conformance.models_fitted import same
from bench.conformance.promise import Broken, Declared, Inapplicable, promise
from bench.conformance.task_case import TaskCase
from bench.registry.lookup import resolve
from bench.spec import Metric, Output, Part, Target
from bench.spec.errors import BenchError, InvalidAnswer
from bench.tasks.scoring import score

_STEPS = 32
_TARGETS = {
    "binary": Target("binary", 1, (0, 1)),
    "multiclass": Target("multiclass", 1, (0, 1, 2)),
    "multilabel": Target("multilabel", 3),
    "continuous": Target("continuous"),
    "multioutput": Target("multioutput", 2),
}
_LEAST = 3
"""Values that an argument must have to be taken for the truth."""


@promise(
    "task",
    why="The truth in an estimator's hands is an answer that proves nothing.",
    mend="Hand X alone to `fit` where `learns_from_truth` is False, and never y to what is asked. "
    "Where what is asked about is itself scored, as a text's probability is, the part needs no y.",
)
def keeps_the_truth(case: TaskCase) -> None:
    """Asking passes no truth, and neither does fitting where `learns_from_truth` is False."""
    for asked in case.asked:
        if not case.task.learns_from_truth:
            told = _Told(asked.estimator, asked.parts.train.y)
            try:
                case.task.fit(told, asked.parts, {})
            except _TruthTold:
                raise Broken("`fit` is given y, and learns_from_truth is False") from None
            except Exception:  # the model's own finding
                pass
        told = _Told(asked.estimator, asked.part.y)
        try:
            case.task.ask(told, asked.part)
        except _TruthTold:
            raise Broken("asking passes y on to the estimator") from None


@promise(
    "task",
    why="`ask` is on the clock: what brings an answer into form there is counted as the model's.",
    mend="Return from `ask` what the estimator answered, and make the `bench.Output` in `read`, "
    "with one value and one of each offer a unit.",
)
def reads_what_was_answered(case: TaskCase) -> None:
    """`ask` returns a raw answer; `read` makes an output of it, with one value a unit."""
    for asked in case.asked:
        if isinstance(asked.answer, Output):
            raise Broken("`ask` returns a bench.Output")
        try:
            output = case.task.read(asked.answer, asked.part, asked.parts, asked.estimator)
        except InvalidAnswer:
            continue  # it may well be the model's fault, and then it is that model's finding
        if not isinstance(output, Output):
            raise Broken(f"`read` returns an object of type {type(output).__name__}")
        n = len(asked.part)
        for what, given in {"values": output.values, **output.offers}.items():
            if len(given) != n:
                raise Broken(f"asked about {n} units, {what} has {len(given)}")
        if output.n != n:
            raise Broken(f"asked about {n} units, n is {output.n}")


@promise(
    "task",
    why="An answer that cannot be scored is a row `invalid` with its reason; a crash in `read` is "
    "the model's error though the task's fault, and NaN that passes is a score.",
    mend="Raise `bench.InvalidAnswer` in `read` for NaN and infinity, and for fewer or more values "
    "than units asked about.",
)
def refuses_what_cannot_be_scored(case: TaskCase) -> None:
    """`read` refuses answers with NaN, too short ones and none with `bench.InvalidAnswer`."""
    asked = case.asked[0]
    case.read(asked)
    n_tried = 0
    for what, spoil in _SPOILED:
        spoiled = spoil(asked.answer)
        if spoiled is None:
            continue
        n_tried += 1
        try:
            output = case.task.read(spoiled, asked.part, asked.parts, asked.estimator)
        except InvalidAnswer:
            continue
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            raise Broken(f"given an answer {what}, it raises {told}") from error
        raise Broken(f"an answer {what} is read as {_brief(output)}")
    if not n_tried:
        raise Inapplicable(f"answers are {type(asked.answer).__name__}, of which none is made here")


@promise(
    "task",
    why="A leaderboard, tuning and early stopping go by the metric that leads.",
    mend="Return one of `metrics` from `primary`, whatever the target.",
)
def primary_is_one_of_its_metrics(case: TaskCase) -> None:
    """For every kind of target, the metric that leads is one of the task's."""
    targets = [_TARGETS[kind] for kind in case.task.targets if kind in _TARGETS]
    for target in (*targets, None):
        lead = case.task.primary(target)
        if lead not in case.task.metrics:
            kind = "no target" if target is None else f"a {target.kind} target"
            raise Broken(f"for {kind} {lead!r} leads, which is not one of metrics")


@promise(
    "task",
    why="A metric that nothing is offered for is an empty column, in every run.",
    mend="Offer in `read` what `Metric.needs` names, or take the metric out of `metrics`.",
)
def metrics_can_be_computed(case: TaskCase) -> None:
    """What answers offer is enough for each metric, and each gives a number for some answer."""
    try:
        metrics = [case.registry.metric(name).record for name in case.task.metrics]
    except BenchError as error:
        raise Inapplicable("one of its metrics is unknown: see task-names-what-exists") from error
    told: dict[str, str] = {}
    for asked in case.asked:
        output = case.read(asked)
        for metric in metrics:
            # Those without a function are given by `Task.across`.
            if metric.function and told.get(metric.name) != "":
                told[metric.name] = _why_not(metric, asked.part, output)
    faults = [f"{name}: {reason}" for name, reason in told.items() if reason]
    if faults:
        raise Broken("; ".join(faults))


@promise(
    "task",
    why="Who learns from more steps than the size says stands at the wrong place of the curve.",
    mend="Give `fit` an environment that counts its steps and refuses those beyond the budget, as "
    "`bench.EpisodeTask` does.",
)
def budget_is_enforced(case: TaskCase) -> None:
    """In an environment, `fit` is stopped where it takes more steps than the size."""
    n = min(_STEPS, case.largest)
    parts = case.parts(n)
    greedy = _Greedy(case.asked[0].estimator, n)
    try:
        case.task.fit(greedy, parts, {})
    except Exception as error:
        if greedy.n_taken is None:
            raise Declared("its `fit` takes no steps in an environment") from error
        if greedy.n_taken > n:
            raise Broken(f"of {n} steps, `fit` takes {greedy.n_taken}") from error
        return
    if greedy.n_taken is None:
        raise Declared("its `fit` takes no steps in an environment")
    raise Broken(f"of {n} steps, `fit` takes {greedy.n_taken} and is not stopped")


class _TruthTold(BaseException):
    """An estimator was given the truth; no `Exception`, for tasks may handle those."""


class _Told:
    """An estimator that notices when it is given the truth."""

    def __init__(self, estimator: Any, truth: Any) -> None:
        self.__dict__["_estimator"], self.__dict__["_truth"] = estimator, truth

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._estimator, name)
        if not callable(value):
            return value

        def watched(*arguments: Any, **named: Any) -> Any:
            for given in (*arguments, *named.values()):
                if self._is_truth(given):
                    raise _TruthTold
            return value(*arguments, **named)

        return watched

    def _is_truth(self, given: Any) -> bool:
        truth = self._truth
        if truth is None or not hasattr(given, "__len__") or len(truth) < _LEAST:
            return False
        return given is truth or (type(given) is type(truth) and same(given, truth))


class _Greedy:
    """Takes one step more than it may; `n_taken` counts, None where there is nothing to step in."""

    def __init__(self, estimator: Any, n_steps: int) -> None:
        self._estimator, self._n_steps = estimator, n_steps
        self.n_taken: int | None = None

    def fit(self, environment: Any, *more: Any, **named: Any) -> _Greedy:
        if not (hasattr(environment, "step") and hasattr(environment, "reset")):
            raise TypeError
        self.n_taken = 0
        observation, is_over = self._first(environment), False
        while self.n_taken <= self._n_steps:
            if is_over:
                observation, is_over = self._first(environment), False
            told = environment.step(self._estimator.predict(observation))
            observation, is_over = told[0], any(map(bool, told[2:4]))
            self.n_taken += 1
        return self

    @staticmethod
    def _first(environment: Any) -> Any:
        told = environment.reset()
        return told[0] if isinstance(told, tuple) else told


def _why_not(metric: Metric, part: Part, output: Output) -> str:
    try:
        function = resolve(metric.function)
    except BenchError as error:
        return str(error).partition("\n")[0]
    (found,) = score([(metric, function)], "test", part, output)
    return "" if found.value is not None else found.reason


def _with_nan(answer: Any) -> Any:
    """Return an answer with NaN in place of its first number, or None where it has no number."""
    import numpy as np

    if isinstance(answer, Mapping):
        return _one_spoiled(answer, _with_nan)
    if isinstance(answer, list | tuple) and answer and not np.isscalar(answer[0]):
        spoiled = _with_nan(answer[0])
        return None if spoiled is None else type(answer)([spoiled, *answer[1:]])
    try:
        numbers = np.array(answer, dtype=float)
    except (TypeError, ValueError):
        return None
    if not numbers.size:
        return None
    numbers.ravel()[0] = np.nan
    return numbers


def _too_short(answer: Any) -> Any:
    """Return an answer without its last value, or None where it has no length."""
    if isinstance(answer, Mapping):
        return _one_spoiled(answer, _too_short)
    if isinstance(answer, str) or not hasattr(answer, "__len__") or not len(answer):
        return None
    return answer.iloc[:-1] if hasattr(answer, "iloc") else answer[:-1]


def _one_spoiled(answer: Mapping[str, Any], spoil: Callable[[Any], Any]) -> Any:
    for name, value in answer.items():
        spoiled = spoil(value)
        if spoiled is not None:
            return {**answer, name: spoiled}
    return None


_SPOILED: Sequence[tuple[str, Callable[[Any], Any]]] = (
    ("with NaN", _with_nan),
    ("without its last value", _too_short),
)


def _brief(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) < 80 else text[:77] + "..."


PROMISES = (
    keeps_the_truth,
    reads_what_was_answered,
    refuses_what_cannot_be_scored,
    primary_is_one_of_its_metrics,
    metrics_can_be_computed,
    budget_is_enforced,
)
