"""Words and figures as they are shown: seconds, names of strangers, statuses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

# Escape sequences, line breaks, and marks that turn the direction of what follows.
_UNSAFE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
MARKS = {"classical": "●", "deep": "◆", "control": "□", "baseline": "○"}
"""What tells the sides that a contender may stand on apart where colours don't."""

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|~#&$])")


def clean(text: str, *, lines: bool = False) -> str:
    r"""Return text of a plugin or a file with nothing left in it that could drive a terminal.

    Control characters, and marks that turn the direction of what follows, are written out, as in
    ``\x1b``.

    Parameters
    ----------
    text
        Any text.
    lines
        Whether line breaks and tabs stay; otherwise what is returned is one line.
    """
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(
        char.encode("unicode_escape").decode()
        if unicodedata.category(char) in _UNSAFE and char not in kept
        else char
        for char in text
    )


def markdown(text: str) -> str:
    """Return the text such that Markdown shows it literally, in a table's cell too."""
    return _MARKDOWN.sub(r"\\\1", clean(text))


def seconds(value: float | None) -> str:
    """Return a duration in three digits and a fitting unit, or a dash."""
    if value is None:
        return "—"
    if value < 0.9995e-3:
        return f"{_three_digits(value * 1e6)} µs"
    if value < 0.9995:
        return f"{_three_digits(value * 1e3)} ms"
    if value < 999.5:
        return f"{_three_digits(value)} s"
    if value < 7200:
        return f"{_three_digits(value / 60)} min"
    return f"{_three_digits(value / 3600)} h" if value < 3.6e6 else f"{value / 86400:,.0f} d"


def _three_digits(value: float) -> str:
    return f"{value:#.3g}".rstrip(".") if value else "0"


def decimals(values: Iterable[float]) -> int:
    """Return how many decimals show four digits of the largest of the values."""
    largest = max((abs(value) for value in values), default=0.0)
    return 3 if largest < 10 else 2 if largest < 100 else 1 if largest < 1000 else 0


def figure(value: float | None, places: int = 3) -> str:
    """Return a figure with so many decimals, or a dash."""
    if value is None:
        return "—"
    if abs(value) >= 1e7:
        return f"{value:.3e}"
    # A rounded zero has no sign.
    return f"{value:.{places}f}" if round(value, places) else f"{0:.{places}f}"


def signed(value: float, places: int = 3) -> str:
    """Return a difference with its sign; what rounds to nothing has none."""
    text = figure(abs(value), places)
    return text if not round(value, places) else f"{'+' if value > 0 else '-'}{text}"


def in_unit(metric: str, unit: str) -> str:
    """Return a metric's name with its unit, where it has one."""
    return f"{metric} ({unit})" if unit else metric


def endings(statuses: Mapping[str, int], wanted: Iterable[str]) -> str:
    """Return how many trials ended how, as in "8 timeout, 2 out of memory"."""
    found = [(name, statuses[name]) for name in wanted if statuses.get(name)]
    found.sort(key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{n} {clean(name).replace('_', ' ')}" for name, n in found)


def listed(words: Iterable[str], most: int = 6) -> str:
    """Return "a, b and c"; of many words the first, and how many more there are."""
    words = list(words)
    if len(words) > most:
        words = [*words[: most - 1], f"{len(words) - most + 1} more"]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def plural(n: int, word: str) -> str:
    """Return "1 seed" or "2 seeds"."""
    return f"{n:,} {word}" if n == 1 else f"{n:,} {word}s"


def shown(value: object) -> str:
    """Return a fact of any kind in words: "a 1, b 2" for a mapping, nothing for None."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {shown(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(shown, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


def span(low: int, high: int) -> str:
    """Return "16" or "16 to 1,455"."""
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
