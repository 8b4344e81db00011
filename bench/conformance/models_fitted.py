"""What a fitted model promises: answers that can be scored, repeated and relied on."""

from __future__ import annotations

from typing import Any

from bench.conformance import made_data, running_threads
from bench.conformance.model_case import SEED, Fitted, ModelCase, Refused
from bench.conformance.promise import Broken, Inapplicable, promise
from bench.spec.outcome import MAX_SECONDS
from bench.trial.fitting import attribute, seed_all
from bench.trial.probes import cpu_seconds

_CLOSE = 1e-3
"""How far two answers about one row may be apart, as a share of the largest: float32 is added up
in another order."""

_MANY_ROWS = 1200
"""For a model that refuses few."""

_PATIENCE_SECONDS = 5.0
"""Of CPU time, for a model that stops when time is over, and is to come to an end by itself for
once."""

_MOST_SECONDS = 20.0
"""By the clock, at which such a model looks: more of it where other programs compute, too."""

_LARGE = 1e6
_NO_TIME_SECONDS = 1e-3
_LONG_SECONDS = 1.0


@promise(
    "model",
    why="Whoever names the model in a suite counts on what `does` says.",
    mend="Mend the error, or take the pair out of `does`.",
)
def fits_and_answers(case: ModelCase) -> None:
    """It can be fitted on plain data of each task and modality in `does`, and answers."""
    case.plain_fit()


@promise(
    "model",
    why="A model that refuses everything looks installed and measures nothing.",
    mend="Refuse less, or take the pair out of `does`. What must be installed belongs among the "
    "plugin's dependencies.",
)
def does_what_it_claims(case: ModelCase) -> None:
    """It does not refuse plain data of a task, a modality and a target that its record claims."""
    if case.task.targets and case.kind is None:
        raise Broken(
            f"it is for targets that are {', '.join(case.model.targets)}; {case.task.name} has "
            f"{', '.join(case.task.targets)}"
        )
    try:
        _ = case.plain
    except Refused:
        try:
            case.fit(case.dataset(n_train=max(_MANY_ROWS, case.n_train)))
        except Refused as refusal:
            raise Broken(f"it {refusal}") from refusal


@promise(
    "model",
    why="`Pipeline`, searches and bench itself go on with what `fit` returns.",
    mend="End `fit` with `return self`.",
)
def fit_returns_the_estimator(case: ModelCase) -> None:
    """`fit` returns the fitted estimator."""
    fitted = case.plain
    if fitted.returned is not fitted.estimator:
        raise Broken(f"`fit` returns an object of type {type(fitted.returned).__name__}")


@promise(
    "model",
    why="An answer of another shape or with unknown classes ends the trial as `invalid`.",
    mend="Answer one row for each row asked: labels among those seen in `fit`, probabilities that "
    "add up to 1 with `classes_` in the order of their columns, finite numbers.",
)
def answers_can_be_scored(case: ModelCase) -> None:
    """Its answers have one row for each row asked, finite numbers, and known classes."""
    case.plain.ask()
    if made_data.has_rows(case.plain.parts.test):
        case.plain.ask(range(min(7, len(case.plain.parts.test))))


@promise(
    "model",
    why="Other models are fitted on the same arrays after it, and would see what it changed.",
    mend="Copy before writing: `X = np.array(X)`; with pandas, `X = X.copy()`.",
)
def leaves_its_input_alone(case: ModelCase) -> None:
    """Neither `fit` nor asking changes X or y."""
    fitted, before = case.plain, case.unfitted
    for name, now, then in (
        ("`fit` changes X", fitted.parts.train.X, before.train.X),
        ("`fit` changes y", fitted.parts.train.y, before.train.y),
    ):
        if not same(now, then):
            raise Broken(f"{name}: {_difference(now, then)}")
    case.task.ask(fitted.usable, fitted.parts.test)
    if not same(fitted.parts.test.X, before.test.X):
        raise Broken(f"asking changes X: {_difference(fitted.parts.test.X, before.test.X)}")


@promise(
    "model",
    why="A result that nobody can repeat proves nothing; resuming and merging runs rest on it.",
    mend="Draw everything from a generator of `context.seed`, made anew in `fit`; never from "
    "`np.random` or `random`, nor from the order of a set.",
    once_for="task",
)
def same_seed_same_result(case: ModelCase) -> None:
    """Two estimators of one seed give the same answers, to the last bit on a CPU, whatever the
    process did before.
    """
    import numpy as np

    first, is_cut = case.answer.values, _is_cut(case.plain)
    if not is_cut:
        again, is_cut = _again(case, chance=2)
    if is_cut:
        first, is_cut = _with_patience(case, chance=1)
        if not is_cut:
            again, is_cut = _with_patience(case, chance=2)
    if is_cut:
        raise Inapplicable(
            f"its fit takes longer than {_PATIENCE_SECONDS:g} seconds here, and where time ends "
            "it differs"
        )
    first, again = np.asarray(first), np.asarray(again)
    exact = case.device == "cpu"
    if not (np.array_equal(first, again) if exact else _close(first, again)):
        raise Broken(f"two fits of seed {SEED} differ: {_difference(first, again)}")


@promise(
    "model",
    why="Runs repeat a model with several seeds, which are hashes of up to 31 bits.",
    mend="Take any whole number from 0 to 2**31 - 1 as `context.seed`.",
    once_for="task",
)
def takes_any_seed(case: ModelCase) -> None:
    """It can be fitted with another seed, the largest that there is: 2**31 - 1."""
    _ = case.answer
    case.fit(case.dataset(), seed=2**31 - 1).ask()


@promise(
    "model",
    why="Scores compare answers and truth row by row.",
    mend="Answer in the order of the rows asked; look at what sorts, groups or batches them.",
)
def keeps_the_order(case: ModelCase) -> None:
    """Asked about the same rows in another order, it gives the same answers in that order."""
    moved = _moved(case)
    if moved:
        raise Broken(f"answers move with the order of the rows: {moved}")


@promise(
    "model",
    why="In use, questions come one at a time; `latency_1_seconds` asks so.",
    mend="Answer from what `fit` has learned alone: no statistics of the rows asked about, no "
    "squeezing of the first axis.",
)
def answers_one_row(case: ModelCase) -> None:
    """Asked about one row, it answers, and as it does when other rows stand beside it."""
    import numpy as np

    _needs_predict(case)
    whole = np.asarray(case.answer.values)
    ends = [0, len(whole) - 1]
    alone = np.concatenate([np.asarray(case.plain.ask([row]).values) for row in ends])
    beside = whole[ends]
    if not _moved(case) and not _close(beside, alone, spread=_spread(whole)):
        raise Broken(f"a row alone is answered differently: {_difference(beside, alone)}")


@promise(
    "model",
    why="Scores are computed in the unit of y.",
    mend="Standardise y inside the estimator, and turn predictions back.",
    tasks=("regression",),
    once_for="task",
)
def answers_on_the_scale_of_y(case: ModelCase) -> None:
    """Where y is a million and more, so are its predictions; they are one number for each row."""
    import numpy as np

    _ = case.answer
    case.needs_target("continuous")
    y = _LARGE + 1e4 * made_data.hidden(n_train=case.n_train).z[:, 0]
    answer = np.asarray(case.fit(case.dataset(y=y)).ask().values)
    low, high = y.min(), y.max()
    middle = float(np.median(answer))
    if not low - (high - low) <= middle <= high + (high - low):
        raise Broken(
            f"y lies between {low:,.0f} and {high:,.0f}; half of what it predicts lies "
            f"below {middle:,.6g}"
        )


@promise(
    "model",
    why="Trials are pinned to cores and timed: a model on more threads than it was given takes "
    "them from the trial beside it, and its time compares with nothing.",
    mend="Pass `context.n_threads` on (`n_jobs`, `num_threads`); never use all cores.",
    once_for="task",
)
def keeps_to_its_threads(case: ModelCase) -> None:
    """With `n_threads = 1`, no more than one thread computes at a time."""
    case.check_is_here()
    _ = case.plain
    dataset = case.dataset()
    running_threads.check(lambda: case.fit(dataset, n_threads=1), most=1)


@promise(
    "model",
    why="A suite's limit ends a model that stops by itself with a result, and any other without.",
    mend="Look at the clock between steps, and stop with `stop_reason_ = 'max_seconds'` when "
    "`context.max_seconds` have passed.",
    once_for="task",
)
def stops_in_time(case: ModelCase) -> None:
    """A model that says why it stopped (`stop_reason_`) stops when `max_seconds` have passed."""
    _ = case.answer
    if attribute(case.plain.usable, "stop_reason_") is None:
        raise Inapplicable("it has no `stop_reason_`")
    start = cpu_seconds()  # another program's work is none of the model's
    fitted = case.fit(case.dataset(), max_seconds=_NO_TIME_SECONDS)
    seconds = cpu_seconds() - start
    fitted.ask()
    reason = attribute(fitted.usable, "stop_reason_")
    if reason != MAX_SECONDS and seconds > _LONG_SECONDS:
        raise Broken(
            f"given {_NO_TIME_SECONDS} seconds, it took {seconds:.1f} and says that it stopped for "
            f"{reason!r}"
        )


def _again(case: ModelCase, *, chance: int, **told: Any) -> tuple[Any, bool]:
    """Fit once more, and return the answers and whether time ended the fit."""
    fitted = case.fit(case.dataset(), chance=chance, **told)
    seed_all(chance + 10)
    return fitted.ask().values, _is_cut(fitted)


def _with_patience(case: ModelCase, *, chance: int) -> tuple[Any, bool]:
    """Fit once more, with so much of the clock that it has its seconds on a busy machine, too."""
    seconds = _PATIENCE_SECONDS
    while True:
        start = cpu_seconds()
        answer, is_cut = _again(case, chance=chance, max_seconds=seconds)
        spent = cpu_seconds() - start
        if not is_cut or spent >= 0.9 * _PATIENCE_SECONDS or seconds >= _MOST_SECONDS:
            return answer, is_cut
        wanted = 1.2 * seconds * _PATIENCE_SECONDS / max(spent, 1e-3)
        seconds = min(_MOST_SECONDS, max(2 * seconds, wanted))


def _is_cut(fitted: Fitted) -> bool:
    return bool(attribute(fitted.usable, "stop_reason_") == MAX_SECONDS)


def _moved(case: ModelCase) -> str:
    """Return how answers move with the order of the rows asked; empty where they do not."""
    import numpy as np

    _needs_predict(case)
    straight = np.asarray(case.answer.values)
    order = np.random.default_rng(5).permutation(len(straight))
    turned = np.asarray(case.plain.ask(order).values)
    return "" if _close(straight[order], turned) else _difference(straight[order], turned)


def _needs_predict(case: ModelCase) -> None:
    if case.task.name == "clustering" and not hasattr(case.plain.usable, "predict"):
        raise Inapplicable("it says something about the rows that it was fitted on alone")


def same(a: Any, b: Any) -> bool:
    """Return whether two X or y are equal to the last bit, types and names included."""
    import numpy as np

    if hasattr(a, "equals"):
        return bool(a.equals(b)) and list(a.columns) == list(b.columns)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))
    return bool(a == b or (a != a and b != b)) if isinstance(a, str | int | float) else True


def _spread(values: Any) -> float:
    import numpy as np

    return float(max(np.abs(values).max(initial=0.0), 1e-12))


def _close(a: Any, b: Any, spread: float | None = None) -> bool:
    import numpy as np

    if a.shape != b.shape:
        return False
    if a.dtype.kind in "biu":
        return bool(np.array_equal(a, b))
    return bool(np.abs(a - b).max(initial=0.0) <= _CLOSE * (spread or _spread(a)))


def _difference(a: Any, b: Any) -> str:
    """Return where two things differ first, in few words."""
    import numpy as np

    for row, (one, other) in enumerate(zip(np.asarray(a), np.asarray(b), strict=False)):
        if not same(np.asarray(one), np.asarray(other)):
            shown = [" ".join(str(value).split())[:60] for value in (one, other)]
            return f"row {row} is {shown[0]} and {shown[1]}"
    return f"types {type(a).__name__} and {type(b).__name__}"


PROMISES = (
    fits_and_answers,
    does_what_it_claims,
    fit_returns_the_estimator,
    answers_can_be_scored,
    leaves_its_input_alone,
    same_seed_same_result,
    takes_any_seed,
    keeps_the_order,
    answers_one_row,
    answers_on_the_scale_of_y,
    keeps_to_its_threads,
    stops_in_time,
)
