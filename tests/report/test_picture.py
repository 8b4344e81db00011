"""The leaderboard as a picture."""

import io
import re
from xml.etree import ElementTree

import pytest
from rich.console import Console

from analysis.hand_tables import Run, realistic, tables
from bench.report import picture, terminal
from bench.report.contents import read_contents

SVG = "{http://www.w3.org/2000/svg}"


def contents_of(run, by="task"):
    return read_contents(tables(run), by=by)


def text_of(svg):
    """The words of a picture, in the order in which they are drawn."""
    texts = ElementTree.fromstring(svg).iter(f"{SVG}text")
    return " ".join(" ".join("".join(text.itertext()) for text in texts).split())


@pytest.fixture(scope="module")
def quick():
    return realistic()


@pytest.mark.parametrize("by", ["task", "dataset"])
def test_it_says_what_a_terminal_says(quick, by):
    """Every word of the terminal's leaderboard is in the picture, in the same order."""
    console = Console(width=picture.WIDTH, record=True, file=io.StringIO())
    contents = contents_of(quick, by)
    terminal.show_contents(contents, console)
    said = "".join(console.export_text().split())
    assert "".join(text_of(picture.to_svg(contents)).split()) == said


@pytest.mark.parametrize("by", ["task", "dataset"])
def test_it_is_complete_in_itself(quick, by):
    """Nothing is fetched and nothing is run: no address but the name of SVG, no font, no script."""
    svg = picture.to_svg(contents_of(quick, by))
    assert re.findall(r"\w+://[^\"' ]+", svg) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"@font-face|@import|<script|<image|href|url\((?!#)", svg)


def test_everything_lies_within_the_picture(quick):
    """The lines end inside the frame, and each word begins inside it."""
    root = ElementTree.fromstring(picture.to_svg(contents_of(quick)))
    _, _, width, height = map(float, root.get("viewBox").split())
    for text in root.iter(f"{SVG}text"):
        x, y, length = (float(text.get(key)) for key in ("x", "y", "textLength"))
        assert 0 <= x <= x + length < width
        assert 0 < y < height


def test_names_stay_text():
    """A name that is markup, of Rich or of XML, or control characters, is shown literally."""
    run = Run()
    run.add("dummy", "a", 0.5)
    run.add("lda", "a", 0.9, label="[red]x</text><script>&amp;\x1b[31m\x00\ufffe{width}")
    svg = picture.to_svg(contents_of(run))
    assert r"[red]x</text><script>&amp;\x1b[31m\x00\ufffe{width}" in text_of(svg).replace(
        "\xa0", " "
    )
    assert [node for node in ElementTree.fromstring(svg).iter() if "script" in node.tag] == []


def test_the_same_leaderboard_is_the_same_file(quick, monkeypatch):
    """Neither the window nor what the terminal can do changes the picture."""
    first = picture.to_svg(contents_of(quick))
    for name, value in {"COLUMNS": "40", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    assert picture.to_svg(contents_of(quick)) == first


def test_nothing_to_rank_is_a_picture_too():
    """A run without trials is one sentence."""
    assert "No finished trial yet: nothing to rank." in text_of(picture.to_svg(contents_of(Run())))
