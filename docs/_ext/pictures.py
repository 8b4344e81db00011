"""The pictures of these pages, made of the published runs while they are built.

They lie in ``docs/_pictures``, which git ignores: leaderboards and learning curves as bench writes
them, and the page and the site of a run as a browser shows them. Where there is no Chromium, a
picture says so; with ``BENCH_REQUIRE_PICTURES=1``, as in CI, the build ends instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "results" / "published"
REQUIRED = "BENCH_REQUIRE_PICTURES"
LEADERBOARD = "leaderboard.svg"
SEEN = {"page": None, "curves": "#curves"}
"""What is seen of the page, by the name of the picture: the first screenful, or one part."""
THEMES = ("light", "dark")
_MARGIN = 16
_log = logging.getLogger(__name__)


def make(app: Sphinx) -> None:
    """Make the pictures that are missing or older than what they are made of."""
    folder = Path(app.srcdir) / "_pictures"
    folder.mkdir(exist_ok=True)
    newest = max(path.stat().st_mtime for path in _made_of())
    photographs = {
        folder / f"{name}-{theme}.png": (part, theme)
        for name, part in SEEN.items()
        for theme in THEMES
    }
    if all(_is_newer(path, newest) for path in (folder / LEADERBOARD, *photographs)):
        return
    (folder / LEADERBOARD).write_bytes(_bench("leaderboard", "quick", "--format", "svg"))
    _photograph(photographs)


def _made_of() -> Iterator[Path]:
    yield from (ROOT / "bench" / "report").rglob("*.*")
    yield from (PUBLISHED / "quick").iterdir()
    yield Path(__file__)


def _is_newer(path: Path, time: float) -> bool:
    return path.exists() and path.stat().st_mtime > time


def _bench(*arguments: str) -> bytes:
    """Return what a command writes, where the published runs are its results."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "results").symlink_to(PUBLISHED)
        return subprocess.run(
            [sys.executable, "-m", "bench", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONSAFEPATH": "1"},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout


def _photograph(pictures: Mapping[Path, tuple[str | None, str]]) -> None:
    """Make pictures of a report's page: of a part or of its beginning, each in a theme."""
    with tempfile.TemporaryDirectory() as made, _browser() as browser:
        if browser is None:
            for path in pictures:
                _draw_note(path)
            return
        page = Path(made) / "page.html"
        _bench("report", "quick", "-o", str(page))
        for path, (part, theme) in pictures.items():
            tab = browser.new_page(
                viewport={"width": 1100, "height": 900}, color_scheme=theme, device_scale_factor=1.5
            )
            tab.goto(page.as_uri())
            tab.wait_for_selector("#curve-chart svg")
            box = None if part is None else tab.locator(part).bounding_box()
            if box is None:
                tab.screenshot(path=path)
            else:
                around = {"x": box["x"] - _MARGIN, "y": box["y"] - _MARGIN}
                size = {"width": box["width"] + 2 * _MARGIN, "height": box["height"] + 2 * _MARGIN}
                tab.screenshot(path=path, full_page=True, clip={**around, **size})
            tab.close()


@contextmanager
def _browser() -> Iterator[Browser | None]:
    """Give a browser; None, and a note, where there is none."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        said = "no Chromium (or no playwright) is here to photograph the report with"
        if os.environ.get(REQUIRED):
            raise ExtensionError(f"{said}, and {REQUIRED} is set")
        _log.info("%s: the pictures say so", said)
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def _draw_note(path: Path) -> None:
    """Draw a picture that says why it is none."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (900, 60), "#eeeeee")
    said = "No browser was here to photograph the page with when this was built."
    ImageDraw.Draw(picture).text((20, 20), said, fill="#333333", font_size=18)
    picture.save(path)
    os.utime(path, (0, 0))  # it is made again as soon as there is a browser


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the pictures before the pages that show them are read."""
    app.connect("builder-inited", make)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
