"""What pages are made with: nothing that is text becomes markup or script."""

import base64
import hashlib
import json
import re

import pytest

from bench.report.html import assets
from bench.spec.errors import ResultsError


def test_json_in_a_script_cannot_end_it():
    """No character that could close the element is left, and the value is the same."""
    value = {"</script><!--": ["<img>", "a&b", "\u2028\u2029", "ä", 1.5, None]}
    text = str(assets.script_json(value))
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == value


def test_what_json_has_no_number_for_is_refused():
    """NaN would not be JSON, so that it raises and no page is broken by it."""
    with pytest.raises(ValueError, match="Out of range"):
        assets.script_json(float("nan"))


def test_the_policy_names_the_scripts_by_their_hash():
    """Only these texts run; nothing is fetched; a site's own files only where they are shared."""
    digest = base64.b64encode(hashlib.sha256(b"run()").digest()).decode()
    alone = assets.content_policy(["run()"])
    assert f"script-src 'sha256-{digest}';" in alone
    assert alone.startswith("default-src 'none';")
    assert "'self'" in assets.content_policy(["run()"], shared=True)
    assert "unsafe-eval" not in alone


def test_the_chart_library_cannot_end_its_element():
    """It is one script without an end tag or a comment's beginning, under a megabyte."""
    library = assets.chart_library()
    assert "vegaEmbed" in library
    assert not re.search("</script|<!--", library, re.IGNORECASE)
    assert len(library.encode()) < 1_000_000


def test_text_of_strangers_is_escaped_and_written_out():
    """Markup is escaped, marks that turn the direction of text are written out."""
    template = assets.templates().from_string('<p title="{{ a }}">{{ b }}</p>')
    shown = template.render(a='"><script>', b="x\u202ey\x1b")
    assert shown == '<p title="&#34;&gt;&lt;script&gt;">x\\u202ey\\x1b</p>'


def test_without_the_extra_the_way_to_it_is_told(monkeypatch):
    """What is missing is named, with the command that installs it."""
    monkeypatch.setattr(assets, "find_spec", lambda name: None if name == "jinja2" else object())
    with pytest.raises(
        ResultsError, match=r"needs jinja2.*pip install 'crossover-bench\[report\]'"
    ):
        assets.check_extra()
