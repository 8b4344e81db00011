"""Settings of the documentation: built by `make docs`, offline, without a warning."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import bench

project = "bench"
author = "The bench authors"
release = version = bench.__version__

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_nb",
    "sphinx_click",
    "public_names",
    "generated",
    "pictures",
]
exclude_patterns = ["_build", "_ext"]

# Pages are MyST Markdown. A fence with a name in braces is a directive; any other is code, which
# tests/docs runs.
myst_heading_anchors = 3
# A chart comes as Vega-Lite too, which these pages do not draw, beside the picture that they show.
suppress_warnings = ["mystnb.unknown_mime_type"]

# The one notebook is executed, in a folder of its own, when it has changed.
nb_execution_mode = "cache"
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # these would be fetched from elsewhere

# What stands in backticks in a docstring is a name of Python where it is one.
default_role = "py:obj"
add_module_names = False
smartquotes = False  # commands and options are to be copied as they stand
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 80
numpydoc_show_class_members = False
# Without a network nothing outside bench can be looked up.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!bench\b).*")]

html_theme = "furo"
html_title = "bench"
html_static_path = ["_static"]
html_css_files = ["bench.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
# Opened from a disk, a page cannot read the others to quote them.
html_show_search_summary = False
