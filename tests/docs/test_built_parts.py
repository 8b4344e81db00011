"""What the build of the documentation makes: tables from the code, pictures from a run."""

import click
import facts
import pictures
import pytest
from PIL import Image
from sphinx.errors import ExtensionError

from bench.cli import COMMANDS


def cells(lines):
    """Return the cells of a Markdown table, its header and rule left out."""
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert {len(row) for row in rows} == {len(rows[0])}
    return {row[0]: row[1:] for row in rows[2:]}


def test_the_keys_of_a_suite_are_told_in_words():
    """What is allowed, what is the default and what is needed is read from the JSON schema."""
    limits = cells(facts.suite_table("LimitsTable"))
    assert limits["`seconds`"][:2] == ["number above 0", "`600.0`"]
    assert limits["`memory`"][:2] == ['such as `"4 GiB"`, `"500 MB"`', '`"4 GiB"`']
    assert limits["`cores`"][:2] == ["whole number from 1", "`1`"]
    models = cells(facts.suite_table("ModelTable"))
    assert models["`name`"][:2] == ["text", "needed"]
    assert models["`tune`"][:2] == ["a table, [see below](#tunetable)", ""]
    sizes = cells(facts.suite_table("ProtocolTable"))["`sizes`"]
    assert sizes[0] == (
        'a table, [see below](#sizegrid), or a list of (whole number from 1, or `"all"`), '
        'or whole number from 1, or `"all"`'
    )


def test_columns_have_types_a_reader_knows():
    """Arrow's types are told in words, lists among them."""
    assert cells(facts.columns("predictions"))["`output`"][0] == "list of numbers"
    assert cells(facts.columns("scores"))["`n`"][0] == "whole number"


def test_a_bar_in_a_text_breaks_no_table():
    """A vertical bar within a cell is escaped."""
    assert facts.table(("a",), [("x|y",)])[-1] == r"| x\|y |"


def test_every_command_is_in_the_reference():
    """All sub-commands are there with their own options, not the stubs that suggest names."""
    from commands import whole

    assert list(whole.commands) == list(COMMANDS)
    assert all(
        command.params or isinstance(command, click.Group) for command in whole.commands.values()
    )


def test_without_a_browser_a_picture_says_so(monkeypatch, tmp_path):
    """Where there is no Chromium, a note stands in the picture's place."""
    monkeypatch.setattr(pictures.shutil, "which", lambda name: None)
    monkeypatch.delenv(pictures.REQUIRED, raising=False)
    path = tmp_path / "page.png"
    pictures._photograph({path: (None, "light")})
    with Image.open(path) as picture:
        assert len(picture.getcolors()) > 1, "nothing is written on it"


def test_in_ci_a_missing_browser_ends_the_build(monkeypatch, tmp_path):
    """With the variable that CI sets, no page is built without its pictures."""
    monkeypatch.setattr(pictures.shutil, "which", lambda name: None)
    monkeypatch.setenv(pictures.REQUIRED, "1")
    with pytest.raises(ExtensionError, match=pictures.REQUIRED):
        pictures._photograph({tmp_path / "page.png": (None, "light")})
    assert list(tmp_path.iterdir()) == []
