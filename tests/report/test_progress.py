"""What a run shows while it lives."""

import io

import pytest
from rich.console import Console

from bench.report.progress import LiveProgress, PlainProgress, duration, watch
from results.result_makers import failed, make_outcome, make_trial

EVIL = "[red]x[/red] \x1b[31m\u202e:smile:"


def console(width=100, **options):
    return Console(file=io.StringIO(), width=width, highlight=False, **options)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.44, "0.4 s"), (59.4, "59 s"), (125, "2 min 5 s"), (3600 * 3 + 60 * 10, "3 h 10 min")],
)
def test_durations_are_as_a_person_says_them(seconds, expected):
    """Tenths below ten seconds, and two units at most."""
    assert duration(seconds) == expected


def test_every_failure_is_a_line_with_its_reason():
    """In a log, lines are a second apart, but no failure and no end goes unsaid."""
    log = console()
    good, bad, last = make_trial("good"), make_trial("bad"), make_trial("last")
    with PlainProgress(log, 3, 1) as progress:
        progress.ended(0, good, make_outcome(good))
        progress.ended(0, bad, failed(bad, "error", "no luck\nsecond line"))
        progress.ended(0, last, make_outcome(last))
    lines = log.file.getvalue().splitlines()
    assert [line.split()[:2] for line in lines] == [["1/3", "ok"], ["2/3", "error"], ["3/3", "ok"]]
    assert "no luck" in lines[1]
    assert "second line" not in lines[1]
    assert "[1 failed]" in lines[2]


def test_text_of_plugins_cannot_drive_the_terminal():
    """A label and a reason are shown literally, in a log and live."""
    bad = make_trial("bad", label=EVIL)
    log = console()
    PlainProgress(log, 1, 1).ended(0, bad, failed(bad, "error", EVIL))
    live = LiveProgress(window := console(400), 1, 1)
    live.started(0, bad)
    window.print(live._draw())
    live.ended(0, bad, failed(bad, "error", EVIL))
    window.print(live._draw())
    for text in (log.file.getvalue(), window.file.getvalue()):
        assert text.count(r"[red]x[/red] \x1b[31m\u202e") >= 2
        assert not set(text) & {"\x1b", "\u202e"}


@pytest.mark.parametrize("width", [30, 50, 80])
def test_the_live_table_fits_the_window(width):
    """In every window each trial that runs is one line, with how long it has been running."""
    live = LiveProgress(window := console(width), 100, 2)
    live.started(1, make_trial("good", label="a-model-with-a-rather-long-name-indeed"))
    bad = make_trial("bad")
    live.ended(0, bad, failed(bad, "timeout", "over its limit of 60 seconds, and of patience"))
    window.print(live._draw())
    lines = window.file.getvalue().splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= width
    assert "1/100" in lines[0]
    assert lines[2].endswith(" s")


def test_a_pipe_and_a_dumb_terminal_get_lines(monkeypatch):
    """Only a terminal that can move its cursor gets the live table."""
    assert isinstance(watch(console(), 1, 1), PlainProgress)
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(watch(console(force_terminal=True), 1, 1), LiveProgress)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(watch(console(force_terminal=True), 1, 1), PlainProgress)
