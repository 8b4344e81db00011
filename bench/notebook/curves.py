"""Learning curves as charts: interactive where a notebook can draw them, a picture elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from bench.analysis.sides import UNRANKED
from bench.report.text import listed, plural
from bench.spec.errors import ResultsError

if TYPE_CHECKING:
    from bench.report.html.curve_data import CurveData

Measure = Literal["skill", "metric"]
MEASURES: tuple[Measure, ...] = ("skill", "metric")

MAX_CHARTS = 4
"""Side by side where no dataset is named."""

VEGA_LITE = "application/vnd.vegalite.v5+json"
"""What JupyterLab, VS Code and others draw by themselves; the charts use nothing newer."""
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"

# Between light and dark, each at least 3:1 against white and against #333, the dark theme of Vega.
_CLASSICAL = ("#2b86cf", "#0f9570", "#7079dd", "#3f95b8", "#7d8f22", "#598c9a")
_DEEP = ("#d9701f", "#c4579f", "#ad8412", "#e0527a", "#b07252", "#9a6bd0")
_NEUTRAL = "#808080"
_PAINTS = {"var(--faint)": _NEUTRAL, "var(--ink)": _NEUTRAL}

_WIDTH, _HEIGHT = 560, 320
_SMALL_WIDTH, _SMALL_HEIGHT = 300, 220
_PER_FAMILY = 2
"""Lines of each family that are drawn unless models are named: more bands lie on one another."""

Spec = dict[str, Any]


@dataclass(frozen=True, repr=False)
class LearningCurves:
    """Learning curves of one dataset or several.

    Displayed it is a chart; printed, the notes that belong to it.

    Parameters
    ----------
    spec
        The chart as Vega-Lite, with its data.
    notes
        What it shows, what is left out, and where one family overtakes the other.
    """

    spec: Spec
    notes: tuple[str, ...]

    @cached_property
    def svg(self) -> str:
        """The chart as a picture, on no background, in colours for light and dark.

        Raises
        ------
        ResultsError
            vl-convert-python is not installed.
        """
        check_installed("vl_convert", "vl-convert-python")
        import vl_convert

        picture: str = vl_convert.vegalite_to_svg(_for_any_background(self.spec))
        return picture

    def to_altair(self) -> Any:
        """Return the chart as an `altair.Chart`, to change or to save it."""
        import altair

        return altair.Chart.from_dict(self.spec)

    def __repr__(self) -> str:
        return "\n".join(["<Learning curves>", *(f"  - {note}" for note in self.notes)])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(self), VEGA_LITE: self.spec}
        if find_spec("vl_convert") is not None:
            bundle["image/svg+xml"] = self.svg
        return bundle


def check_installed(module: str, distribution: str) -> None:
    """Refuse, with the way to get it, where what draws charts is not installed.

    Raises
    ------
    ResultsError
        It is not.
    """
    if find_spec(module) is None:
        raise ResultsError(
            f"Learning curves are drawn with {distribution}, which the base installation leaves "
            "out: pip install 'crossover-bench[report]'. The figures need nothing more: "
            "leaderboard().table, scores, trials."
        )


def draw(data: CurveData, *, measure: Measure, models: Sequence[str] = ()) -> LearningCurves:
    """Return the chart of some curves.

    Parameters
    ----------
    data
        The curves.
    measure
        Skill, where a dataset has it; or its primary metric.
    models
        Patterns by which the curves were selected: all are drawn, a baseline where it is named.
        Empty: the two best of each family.
    """
    check_installed("altair", "altair")
    from bench.report.html.charts import learning_curves

    styles = _styles(data.object["contenders"])
    drawn = data.object["datasets"][:MAX_CHARTS]
    several = len(data.object["datasets"]) > 1
    whiches = ["s" if measure == "skill" and _has_skill(one) else "v" for one in drawn]
    shown = [_shown(one, which, styles, models) for one, which in zip(drawn, whiches, strict=True)]
    used = {line["c"] for lines in shown for line in lines}
    colour = _colour([style for at, style in enumerate(styles) if at in used])
    views, tables, notes = [], {}, []
    for at, (one, which, lines) in enumerate(zip(drawn, whiches, shown, strict=True)):
        rows = _rows(one, lines, which, styles)
        views.append(_view(learning_curves(), one, which, rows, colour, at))
        tables.update({f"{name}-{at}": values for name, values in rows.items() if values})
        notes += _notes(one, rows, len(one["lines"]) - len(lines), several)
    left = [one["name"] for one in data.object["datasets"][MAX_CHARTS:]]
    if left:
        notes.append(
            f"not drawn: {listed(left, most=4)}; name a dataset, as in learning_curves({left[0]!r})"
        )
    notes += data.notes
    spec: Spec = {"$schema": _SCHEMA, "datasets": tables}
    if several:
        small = [view | {"width": _SMALL_WIDTH, "height": _SMALL_HEIGHT} for view in views]
        spec |= {"concat": small, "columns": 2, "resolve": {"scale": {"color": "shared"}}}
    else:
        spec |= views[0] | {"width": _WIDTH, "height": _HEIGHT}
    return LearningCurves(spec, tuple(notes))


@dataclass(frozen=True)
class _Style:
    name: str
    family: str
    colour: str


def _has_skill(one: Mapping[str, Any]) -> bool:
    return any("s" in line for line in one["lines"])


def _styles(contenders: Sequence[tuple[str, str]]) -> list[_Style]:
    """Return names with colours: classical ones cool, deep ones warm."""
    seen: dict[str, int] = {}
    styles = []
    for name, family in contenders:
        at = seen[family] = seen.get(family, -1) + 1
        palette = {"classical": _CLASSICAL, "deep": _DEEP}.get(family, (_NEUTRAL,))
        styles.append(_Style(name, family, palette[at % len(palette)]))
    return styles


def _shown(
    one: Mapping[str, Any], which: str, styles: Sequence[_Style], models: Sequence[str]
) -> list[Any]:
    """Return the lines of a dataset that are drawn.

    A baseline, far below, would press all others together: it is drawn when it is named.
    """
    lines = [line for line in one["lines"] if which in line]
    seen: dict[str, int] = {}
    shown = []
    for line in lines:
        style = styles[line["c"]]
        at = seen[style.family] = seen.get(style.family, 0) + 1
        if style.family in UNRANKED:
            is_shown = any(fnmatchcase(style.name, pattern) for pattern in models)
        else:
            is_shown = bool(models) or at <= _PER_FAMILY
        if is_shown:
            shown.append(line)
    return shown or lines


def _colour(styles: Sequence[_Style]) -> Spec:
    """Return the colours of all lines of all charts, with their legend."""
    return {
        "field": "name",
        "type": "nominal",
        "scale": {"domain": [s.name for s in styles], "range": [s.colour for s in styles]},
        "legend": {
            "title": None,
            "orient": "bottom",
            "columns": 2,
            "labelLimit": 260,
            "symbolOpacity": 1,
        },
    }


def _rows(
    one: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], which: str, styles: Sequence[_Style]
) -> dict[str, list[dict[str, Any]]]:
    """Return the data sets of `bench.report.html.charts.learning_curves`."""
    points, ahead = [], []
    for line in lines:
        style, bands = styles[line["c"]], line[which]
        for at, n in enumerate(one["sizes"]):
            value = bands[0][at]
            if value is None:
                continue
            low, high = (band[at] for band in bands[1:]) if len(bands) == 3 else (None, None)
            is_known = low is not None and high is not None
            points.append(
                {
                    "name": style.name,
                    "family": style.family,
                    "n": n,
                    "size": n,
                    "figure": value,
                    "low": low if is_known else value,
                    "high": high if is_known else value,
                    "interval": f"{low:.4g} to {high:.4g}" if is_known else "not enough measured",
                    "seeds": line["k"][at],
                    "failed": line["f"][at] if "f" in line else 0,
                }
            )
        if which == "s" and "a" in line:
            ahead += [
                {"name": style.name, "n": n, "figure": value, "low": low, "high": high}
                for n, value, low, high in zip(*line["a"], strict=True)
            ]
    is_single = len(one["sizes"]) == 1
    for at, point in enumerate(points if is_single else ()):
        # At a single size contenders would stand on one another: they are drawn side by side.
        point["n"] = point["size"] * 1.01 ** (at - (len(points) - 1) / 2)
    middle = (one["sizes"][0] * one["sizes"][-1]) ** 0.5
    marks = [
        {
            "n": n,
            "low": low,
            "high": high,
            "text": text,
            "left": _label(text) if n > middle else "",
            "right": "" if n > middle else _label(text),
        }
        for n, low, high, text in one["marks"]
    ]
    return {
        "points": points,
        "bars": [dict(point) for point in points] if is_single else [],
        "ahead": ahead,
        "marks": marks,
    }


def _label(text: str) -> str:
    return text.split(" at ")[0].split(" beyond ")[0]


def _view(
    spec: Spec,
    one: Mapping[str, Any],
    which: str,
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    colour: Spec,
    at: int,
) -> Spec:
    """Return the report's chart, standing by itself: sizes, ticks, colours and names of its own."""
    # A layer without data would have scales without ends.
    layers = [layer for layer in spec["layer"] if rows[layer["data"]["name"]]]
    title = "skill" if which == "s" else one["metric"]
    end = max((row["n"] for row in rows["ahead"]), default=0)
    ticks = [*one["sizes"], *(n for n in (2 * one["sizes"][-1], 4 * one["sizes"][-1]) if n <= end)]
    for layer in layers:
        encoding = layer["encoding"]
        layer["data"] = {"name": f"{layer['data']['name']}-{at}"}
        if (encoding["x"].get("axis") or {}).get("title"):
            encoding["x"]["axis"] |= {"values": ticks, "title": f"training {one['unit']}"}
        if (encoding.get("y", {}).get("axis") or {}).get("title"):
            encoding["y"]["axis"]["title"] = title
        if encoding.get("color", {}).get("field") == "colour":
            encoding["color"] = colour
        if "color" not in encoding:
            layer["mark"] = layer["mark"] | {"color": _NEUTRAL}
    for param in spec.get("params", ()):
        # At the top of a chart a parameter names its layer; within several it stands in the layer.
        own = {key: item for key, item in param.items() if key != "views"}
        for layer in layers:
            if layer.get("name") in param["views"]:
                layer["params"] = [*layer.get("params", ()), own]
    for number, layer in enumerate(layers):
        layer["name"] = f"layer_{at}_{number}"
    names = {"hover": f"hover_{at}"}  # of each chart its own
    parts: Spec = {"layer": _replaced(layers, _PAINTS | names)}
    return parts | {"title": {"text": one["name"], "subtitle": one["task"], "anchor": "start"}}


def _replaced(value: Any, words: Mapping[str, str]) -> Any:
    """Return JSON with some strings replaced by others, wherever they are values."""
    if isinstance(value, dict):
        return {key: _replaced(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, words) for item in value]
    return words.get(value, value) if isinstance(value, str) else value


def _for_any_background(spec: Spec) -> Spec:
    """Return a chart whose text can be read on light and on dark."""
    axis = {
        **dict.fromkeys(("labelColor", "titleColor", "domainColor", "tickColor"), _NEUTRAL),
        "gridColor": f"{_NEUTRAL}40",
    }
    legend = {"labelColor": _NEUTRAL}
    title = {"color": _NEUTRAL, "subtitleColor": _NEUTRAL}
    view = {"stroke": None}
    config = {"background": "transparent", "axis": axis, "legend": legend, "title": title}
    return spec | {"config": config | {"view": view}}


def _notes(
    one: Mapping[str, Any], rows: Mapping[str, Sequence[Any]], n_hidden: int, several: bool
) -> list[str]:
    """Return what is to be said of one chart."""
    said = [*(mark["text"] for mark in rows["marks"]), *(() if several else one["said"])]
    if rows["ahead"]:
        said.append("dotted: extrapolated, with 90 % intervals")
    if not one["baseline"]:
        said.append("no skill: this dataset has no baseline")
    elif not _has_skill(one):
        said.append(f"no skill: {one['metric']} has no ideal value")
    n_others = n_hidden + one["others"]
    if n_others:
        said.append(f"not drawn: {plural(n_others, 'contender')}; name them with models=[...]")
    head = f"{one['name']}: " if several else ""
    return [f"{head}{text}" for text in said]
