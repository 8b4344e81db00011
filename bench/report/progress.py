"""What a run shows while it lives: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import Counter, deque

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from bench.report.grid import Column, drawn
from bench.report.text import clean
from bench.report.text import seconds as short
from bench.spec.outcome import FAILED, Outcome, Trial

_LINES_PER_SECOND = 1.0
_SHOWN_FAILURES = 4


def duration(seconds: float) -> str:
    """Return a duration as a person would say it: "0.4 s", "2 min 5 s", "3 h 10 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def describe(trial: Trial) -> str:
    """Return which trial it is, in one line."""
    names = f"{clean(trial.label)} on {clean(trial.dataset_label)}"
    return f"{names}, n={trial.n_train}, seed {trial.outer_seed}"


def _first_line(reason: str | None) -> str:
    return clean("".join((reason or "").splitlines()[:1]))


class _Tally:
    """What has been seen of a run."""

    def __init__(self, total: int, n_slots: int) -> None:
        self.total = total
        self.n_slots = n_slots
        self.statuses: Counter[str] = Counter()
        self.began = time.monotonic()

    @property
    def done(self) -> int:
        return self.statuses.total()

    @property
    def failed(self) -> int:
        return sum(self.statuses[status] for status in FAILED)

    def left(self) -> str:
        """Return how much longer it may take, once that can be said."""
        if self.done < min(5, self.total):
            return ""
        spent = time.monotonic() - self.began
        return duration(spent / self.done * (self.total - self.done))


class PlainProgress:
    """One line a second at most, and one for every failure: for logs and pipes."""

    def __init__(self, console: Console, total: int, n_slots: int) -> None:
        self._console = console
        self._tally = _Tally(total, n_slots)
        self._last = 0.0

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def started(self, slot: int, trial: Trial) -> None:
        """Say nothing: the end is what counts in a log."""

    def ended(self, slot: int, trial: Trial, outcome: Outcome) -> None:
        """Print how a trial ended."""
        tally = self._tally
        tally.statuses[outcome.status] += 1
        now = time.monotonic()
        failed = outcome.status in FAILED
        due = now - self._last >= 1 / _LINES_PER_SECOND or tally.done == tally.total
        if not (failed or due):
            return
        self._last = now
        count = f"{tally.done:>{len(str(tally.total))}}/{tally.total}"
        line = f"{count}  {outcome.status:<8} {describe(trial)}"
        if outcome.reason:
            line += f": {_first_line(outcome.reason)[:200]}"
        elif outcome.facts.fit_seconds is not None:
            line += f"  fit {short(outcome.facts.fit_seconds)}"
        if tally.failed:
            line += f"  [{tally.failed} failed]"
        if left := tally.left():
            line += f"  ({left} left)"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class LiveProgress:
    """A table that is drawn anew twice a second: what runs, done and total, failures, time left."""

    def __init__(self, console: Console, total: int, n_slots: int) -> None:
        self._console = console
        self._tally = _Tally(total, n_slots)
        self._running: dict[int, tuple[Trial, float]] = {}
        self._failures: deque[tuple[Trial, Outcome]] = deque(maxlen=_SHOWN_FAILURES)
        self._live = Live(
            console=console,
            refresh_per_second=2,
            get_renderable=self._draw,
            transient=True,
        )

    def __enter__(self) -> LiveProgress:
        self._live.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._live.__exit__(None, None, None)

    def started(self, slot: int, trial: Trial) -> None:
        """Show what a slot runs."""
        self._running[slot] = (trial, time.monotonic())

    def ended(self, slot: int, trial: Trial, outcome: Outcome) -> None:
        """Count how a trial ended."""
        self._running.pop(slot, None)
        self._tally.statuses[outcome.status] += 1
        if outcome.status in FAILED:
            self._failures.append((trial, outcome))

    def _draw(self) -> RenderableType:
        tally = self._tally
        rows: list[RenderableType] = [self._bar()]
        now = time.monotonic()
        running = dict(self._running)
        names, spent = [], []
        for slot in range(tally.n_slots):
            trial, began = running.get(slot, (None, now))
            names.append(Text(f"  {describe(trial)}") if trial else Text("  ...", "dim"))
            spent.append(Text(duration(now - began) if trial else "", "dim"))
        # In a narrow window the names are cut, not the times; there is no header.
        columns = [Column("", names, 99, is_right=False, shrinks_to=5), Column("", spent, 100)]
        rows += drawn(columns, self._console.width)[2:]
        for trial, outcome in self._failures:
            text = f"  {outcome.status}: {describe(trial)}: {_first_line(outcome.reason)}"
            rows.append(Text(text, "red", no_wrap=True, overflow="ellipsis"))
        return Group(*rows)

    def _bar(self) -> Text:
        tally = self._tally
        width = max(6, min(30, self._console.width - 46))
        full = round(width * tally.done / max(1, tally.total))
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append("━" * full, "green").append("━" * (width - full), "bright_black")
        text.append(f" {tally.done}/{tally.total}", "bold")
        if tally.failed:
            text.append(f"  {tally.failed} failed", "red")
        if left := tally.left():
            text.append(f"  {left} left", "dim")
        return text


def watch(console: Console, total: int, n_slots: int) -> LiveProgress | PlainProgress:
    """Return what shows the progress of a run on this console."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveProgress(console, total, n_slots)
    return PlainProgress(console, total, n_slots)
