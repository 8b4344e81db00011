"""What pages are made with: templates, the chart library, and rules that keep text text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.registry.configuration import cache_folder
from bench.report.html.files import write_text
from bench.report.text import clean, listed
from bench.spec.errors import ResultsError

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_TEMPLATES = Path(__file__).parent / "templates"
_NEEDED = {"altair": "altair", "jinja2": "jinja2", "vl_convert": "vl-convert-python"}
# What could end a script or start markup within it, and two line ends that old scripts break at.
_UNSAFE = {char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def check_extra() -> None:
    """Refuse, with the way to get it, where the extra ``report`` is not installed.

    Raises
    ------
    ResultsError
        A distribution is missing.
    """
    missing = [name for module, name in _NEEDED.items() if find_spec(module) is None]
    if missing:
        raise ResultsError(
            f"A page needs {listed(missing)}, which the base installation leaves out: "
            "pip install 'crossover-bench[report]'. "
            "'--format markdown' and '--format svg' need nothing more."
        )


@cache
def chart_library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one minified script (0.9 MB).

    Bundling takes seconds, so it is kept beside what else can be made again.
    """
    import vl_convert

    kept = cache_folder() / "report" / f"vega-{version('vl-convert-python')}.js"
    with suppress(OSError, UnicodeDecodeError):
        return kept.read_text(encoding="utf-8")
    script: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    # It has neither today; either would end the element that it stands in, or change how it ends.
    script = re.sub("<(?=/script|!--)", r"\\x3C", script, flags=re.IGNORECASE)
    with suppress(ResultsError):
        write_text(kept, script)
    return script


@cache
def templates() -> Environment:
    """Return the environment of the page's templates: all text is escaped, and clean."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )


def _finalized(value: Any) -> Any:
    """Write out control characters and marks that turn the direction of what follows."""
    from markupsafe import Markup

    if isinstance(value, str) and not isinstance(value, Markup):
        return clean(value, lines=True)
    return value


def own_text(name: str) -> Markup:
    """Return a style sheet or a script of ours, as it goes into a page."""
    return literal((_TEMPLATES / name).read_text(encoding="utf-8"))


def literal(text: str) -> Markup:
    """Mark text that is ours, and safe in the element it goes into."""
    from markupsafe import Markup

    return Markup(text)


def script_json(value: Any) -> Markup:
    """Return JSON that is safe in a ``<script>`` element, whatever text it holds."""
    from markupsafe import Markup

    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return Markup("".join(_UNSAFE.get(char, char) for char in text))


def content_policy(inline: Iterable[str], *, shared: bool = False) -> str:
    """Return a policy under which nothing runs but these scripts, and nothing is fetched.

    Parameters
    ----------
    inline
        The texts of the page's own scripts.
    shared
        Whether a script may come from the site that the page lies on.
    """
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in inline
    ]
    # A page opened from a disk has no origin: its neighbours are of the scheme file.
    allowed = " ".join([*(("'self'", "file:") if shared else ()), *hashes]) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
