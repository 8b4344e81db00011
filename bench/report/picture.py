"""The leaderboard as an SVG picture: complete in one file, for a README or a page."""

from __future__ import annotations

import io
from html import escape
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from bench.report import terminal

if TYPE_CHECKING:
    from bench.report.contents import Contents

WIDTH = 110
"""Characters in a line: what can still be read where a README's column is narrow."""

# Normal, then bright: black, red, green, yellow, blue, magenta, cyan, white. On white each is at
# least 4.5:1 in contrast (WCAG 2.2, 1.4.3).
_THEME = TerminalTheme(
    (255, 255, 255),
    (31, 35, 40),
    [
        *((31, 35, 40), (190, 30, 45), (26, 115, 50), (140, 90, 0)),
        *((9, 90, 200), (160, 35, 140), (0, 110, 130), (89, 99, 110)),
    ],
    [
        *((95, 104, 115), (190, 30, 45), (26, 115, 50), (140, 90, 0)),
        *((9, 90, 200), (160, 35, 140), (0, 110, 130), (89, 99, 110)),
    ],
)
# In Rich's units: a character is as high as this, and 0.61 of it wide.
_FONT_SIZE = 20
_CELL = 0.61 * _FONT_SIZE
_LINE = 1.22 * _FONT_SIZE
_MARGIN = 24
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def to_svg(contents: Contents, title: str = "bench leaderboard") -> str:
    """Return the leaderboard as SVG: no script, nothing that is fetched, names as text.

    It has a light ground of its own, so that it reads on a dark page too.

    Parameters
    ----------
    contents
        From `bench.report.contents.read_contents`.
    title
        What a screen reader says of the picture.
    """
    console = Console(
        file=io.StringIO(),
        width=WIDTH,
        height=25,  # with both given, Rich does not ask the terminal
        record=True,
        force_terminal=True,
        color_system="truecolor",
        no_color=False,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    terminal.show_contents(contents, console)
    lines = console.export_text(clear=False).splitlines()
    width = _CELL * max(map(cell_len, lines), default=0)
    # A board begins with an empty line, for which the margin stands here.
    above = _LINE if lines and not lines[0] else 0.0
    height = _LINE * len(lines) - above
    frame = _frame(round(width) + 2 * _MARGIN, round(height) + 2 * _MARGIN, _MARGIN - above, title)
    return console.export_svg(theme=_THEME, code_format=frame, unique_id="bench", title="")


def _frame(width: int, height: int, top: float, title: str) -> str:
    """Return the picture with Rich's places for what it draws."""
    frame = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>{escape(title)}</title>
<style>
.bench-matrix {{ font: {_FONT_SIZE}px {_FONTS}; white-space: pre; }}
STYLES
</style>
<defs>LINES</defs>
<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"
 fill="#ffffff" stroke="#d1d9e0"/>
<g transform="translate({_MARGIN}, {top:g})">BACKGROUNDS
<g class="bench-matrix">MATRIX</g>
</g>
</svg>
"""
    frame = frame.replace("{", "{{").replace("}", "}}")
    for place in ("styles", "lines", "backgrounds", "matrix"):
        frame = frame.replace(place.upper(), f"{{{place}}}")
    return frame
