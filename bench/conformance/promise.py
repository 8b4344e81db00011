"""A promise: what a plugin is to keep, why it matters, how to mend it, and the function that looks.

A promise is written as one function, whose docstring says what is promised::

    @promise("model", why="...", mend="...")
    def keeps_the_order(case):
        '''Asked about the same rows in another order, it gives the same answers in that order.'''

The function returns where the promise is kept, raises `Broken` with what it saw where it is not,
and `Inapplicable` where there is nothing to look at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["plugin", "model", "dataset", "suite", "task", "metric", "condition", "probe"]
Outcome = Literal["passed", "failed", "skipped"]
Scope = Literal["pair", "task", "modality"]


class Broken(Exception):  # noqa: N818 - what was seen, not an error of ours
    """A promise is not kept; the message says what was seen."""


class Inapplicable(Exception):  # noqa: N818
    """A promise says nothing about this subject; the message says why.

    A model of whose checks most end so has not been checked, and that is a finding of its own.
    """


class Declared(Inapplicable):
    """So says the subject's record, its task or where it runs: nothing is held back by it."""


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What is promised of one kind of subject.

    Parameters
    ----------
    name
        Unique among the promises of its kind, such as ``"keeps-the-order"``.
    kind
        What it is promised of.
    what, why, mend
        What is promised, why it matters, and what to do where it is not kept: a sentence or two
        each.
    tasks, modalities
        Of a model's promise: those that it is looked for in; empty: all.
    once_for
        Of a model's promise: it is looked for once for each pair of what the model does, for each
        task, or for each modality, whichever it can depend on.
    look
        Looks for it in a case, in a process of its own.
    of_findings
        Whether it is looked for in the findings of all other promises of the subject instead.
    """

    name: str
    kind: Kind
    what: str
    why: str
    mend: str
    tasks: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    once_for: Scope = "pair"
    look: Callable[[Any], None]
    of_findings: bool = False

    def applies(self, task: str, modality: str) -> bool:
        """Whether it is looked for where a model does this task on rows of this modality."""
        return task in (self.tasks or (task,)) and modality in (self.modalities or (modality,))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What came of looking for one promise: the outcome, and what was seen or why it was skipped.

    `is_declared` says of what was skipped that the subject's record says why. `details` is a
    traceback, or what the process wrote before it ended; `seconds` is what looking took.
    """

    promise: str
    outcome: Outcome
    seen: str = ""
    details: str = ""
    seconds: float = 0.0
    is_declared: bool = False


def promise(
    kind: Kind,
    *,
    why: str,
    mend: str,
    tasks: tuple[str, ...] = (),
    modalities: tuple[str, ...] = (),
    once_for: Scope = "pair",
    of_findings: bool = False,
) -> Callable[[Callable[[Any], None]], Promise]:
    """Make a promise of the function that looks for it; its name and docstring are the promise's.

    Parameters are those of `Promise`.
    """

    def make(look: Callable[[Any], None]) -> Promise:
        return Promise(
            name=look.__name__.replace("_", "-"),
            kind=kind,
            what=" ".join((look.__doc__ or "").split()),
            why=why,
            mend=mend,
            tasks=tasks,
            modalities=modalities,
            once_for=once_for,
            look=look,
            of_findings=of_findings,
        )

    return make


def first_line(error: BaseException) -> str:
    """Return an error's message without what follows about plugins that may be meant."""
    return str(error).partition("\n")[0]
