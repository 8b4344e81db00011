"""What a condition of the data is: a change made on purpose, by an amount that a suite names."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from bench.spec.datasets import Column, Target
from bench.spec.errors import RecordError
from bench.spec.fields import CHANGED, NAME, Changed, check_one_of, check_reference
from bench.spec.records import record

Amount = bool | int | float | str

VERSIONS = "versions"
"""Where the JSON of conditions says which of them are not of version 1: no key can be called so."""

_KEY = re.compile(rf"{NAME}(\.{NAME})?")


@record()
@dataclass(frozen=True, kw_only=True)
class Change:
    """A condition: what is done to the data of a trial on purpose, by an amount.

    A suite's ``[[conditions]]`` names amounts by key; each is measured beside the clean data.

    Parameters
    ----------
    key
        Unique over all plugins; lower case, digits, hyphens. With a dot it stands in a table:
        ``"noise.labels"`` is written ``noise = { labels = 0.1 }``.
    label
        How it is shown, before its amount, as in "label noise 0.1".
    default
        The amount that does nothing. All amounts are of its type: a number, a text, or true or
        false.
    apply
        ``"package.module:function"``, called as ``apply(parts, chance, scale, amount)`` with the
        `Parts` of a trial, a `Chance`, a `Scale`, and an amount that is not the default; returns
        `Parts` of the same form, and leaves those that it was given as they are.
    changes
        ``"rows"``, ``"X"`` or ``"y"``, and so when it is applied: rows are left out of the
        training part first, by their true labels; then come changes of X, then those of y. Those
        of one kind are applied in the order in which they are offered, bench's own first.
    objection
        ``"package.module:function"``, called as ``objection(facts)`` with `ChangeFacts`; returns
        why it means nothing for such data, or None. Empty: it means something for all.
    ge, gt, le, lt
        Bounds of a number: at least, above, at most, below.
    choices
        All amounts that there are, the default among them; empty: what the bounds allow.
    makes_missing
        Whether it takes values away: models are told then that values are missing.
    version
        Changed by the author when results would change.
    summary
        What an amount means: shown by ``bench list conditions`` and to editors of suites.

    Raises
    ------
    RecordError
        A field is not of the form above.
    """

    key: str
    label: str
    default: Amount
    apply: str
    changes: Changed
    objection: str = ""
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    choices: tuple[Amount, ...] = ()
    makes_missing: bool = False
    version: str = "1"
    summary: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.key, str) or not _KEY.fullmatch(self.key):
            self._refuse(
                f"key is {self.key!r}; lower-case letters, digits and single hyphens are allowed, "
                "with one dot where it stands in a table, as in 'blur' or 'noise.labels'."
            )
        if self.key.partition(".")[0] == VERSIONS:
            self._refuse(f"key is {self.key!r}; {VERSIONS!r} is kept for versions of conditions.")
        if not isinstance(self.label, str) or not self.label:
            self._refuse(f"label is {self.label!r}; a short name is needed, as in 'label noise'.")
        if type(self.default) not in (bool, int, float, str):
            self._refuse(f"default is {self.default!r}; a number, a text, true or false is needed.")
        check_one_of(self, "changes", self.changes, CHANGED)
        check_reference(self, "apply", self.apply)
        if self.objection != "":
            check_reference(self, "objection", self.objection)
        self._check_allowed()

    @property
    def name(self) -> str:
        """What it is looked up by: its key."""
        return self.key

    def allows(self, amount: object) -> bool:
        """Whether a value is an amount of it: of the default's type, and among those allowed."""
        kind = type(self.default)
        if type(amount) is not kind and not (kind is float and type(amount) is int):
            return False
        if self.choices:
            return amount in self.choices
        if not isinstance(amount, int | float) or isinstance(amount, bool):
            return True
        return (
            math.isfinite(amount)
            and (self.ge is None or amount >= self.ge)
            and (self.gt is None or amount > self.gt)
            and (self.le is None or amount <= self.le)
            and (self.lt is None or amount < self.lt)
        )

    @property
    def allowed(self) -> str:
        """Which amounts there are, in words, as in "from 0, below 1"."""
        if self.choices:
            return ", ".join(map(str, self.choices))
        words = (("from", self.ge), ("above", self.gt), ("to", self.le), ("below", self.lt))
        given = [f"{word} {bound:g}" for word, bound in words if bound is not None]
        kinds = {bool: "true, false", int: "whole numbers", float: "numbers", str: "text"}
        return ", ".join(given) or kinds[type(self.default)]

    def _check_allowed(self) -> None:
        bounds = {name: getattr(self, name) for name in ("ge", "gt", "le", "lt")}
        given = [name for name, bound in bounds.items() if bound is not None]
        is_number = type(self.default) in (int, float)
        if given and (not is_number or self.choices):
            what = "choices are given" if is_number else f"{self.default!r} is no number"
            self._refuse(f"{', '.join(given)} cannot be given where {what}.")
        for name in given:
            if type(bounds[name]) not in (int, float) or not math.isfinite(bounds[name]):
                self._refuse(f"{name} is {bounds[name]!r}; a finite number is needed.")
        kinds = {type(choice) for choice in self.choices}
        if not isinstance(self.choices, tuple) or kinds - {type(self.default)}:
            self._refuse(
                f"choices is {self.choices!r}; a tuple of values of the type of default "
                f"({self.default!r}) is needed."
            )
        if not self.allows(self.default):
            self._refuse(f"default is {self.default!r}, which it does not itself allow.")

    def _refuse(self, fault: str) -> None:
        raise RecordError(f"Change {self.key!r}: {fault}")


@record()
@dataclass(frozen=True, kw_only=True)
class ChangeFacts:
    """What the objection of a `Change` is told of the data.

    Parameters
    ----------
    task, modality
        What is asked, and what a row of X is.
    learns_from_target
        Whether `fit` sees y.
    target, columns
        Of the dataset; no columns where they are not known.
    is_streamed
        Whether X is a `Rows`, which is read where it lies: no condition that changes X applies
        then, and its objection is not asked.
    """

    task: str
    modality: str
    learns_from_target: bool = True
    target: Target | None = None
    columns: tuple[Column, ...] = ()
    is_streamed: bool = False
