"""The charts of the page as Vega-Lite, made with Altair; the page's script gives them data.

Colours are variables of the page's style sheet, so that light, dark and print need no redrawing.
"""

from __future__ import annotations

from typing import Any

import altair as alt

from bench.analysis.sides import FAMILIES, SIDES

_SHAPES = {"classical": "circle", "deep": "diamond", "control": "square", "baseline": "cross"}
_COLOURS = [f"var(--{side if side in FAMILIES else 'baseline'})" for side in SIDES]
_HEIGHT = 380

Spec = dict[str, Any]


def config() -> Spec:
    """Return what all charts share: fonts, and colours by name of a variable."""
    ink, faint, rule = "var(--ink)", "var(--faint)", "var(--rule)"
    return {
        "background": "transparent",
        "font": "system-ui, sans-serif",
        "view": {"stroke": None},
        "axis": {
            "labelColor": faint,
            "titleColor": faint,
            "gridColor": rule,
            "domainColor": rule,
            "tickColor": rule,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 8,
        },
        "text": {"color": ink, "fontSize": 12},
        "rule": {"color": faint},
    }


def _family_shape() -> alt.Shape:
    return alt.Shape(
        "family:N",
        scale=alt.Scale(domain=list(SIDES), range=[_SHAPES[side] for side in SIDES]),
        legend=None,
    )


def _literal_colour() -> alt.Color:
    return alt.Color("colour:N", scale=None, legend=None)


def learning_curves() -> Spec:
    """Return the chart of one dataset's curves.

    Data sets: ``points`` (``name, family, colour, n, size, figure, low, high, interval, seeds,
    failed``; drawn at ``n``), ``bars`` (the same, where a single size leaves no room for bands)
    ``ahead`` (where curves go on: ``name, colour, n, figure, low, high``) and ``marks`` (crossings:
    ``n, low, high, left, right``).
    """
    # The script sets the title and the ticks to what the sizes of the dataset shown are.
    x = alt.X(
        "n:Q",
        scale=alt.Scale(type="log", nice=False, padding=12),
        axis=alt.Axis(title="training size", format=",d", labelOverlap="greedy", grid=False),
    )
    y = alt.Y("figure:Q", scale=alt.Scale(zero=False), axis=alt.Axis(title="skill", tickCount=6))
    hover = alt.selection_point(
        name="hover", on="pointerover", clear="pointerout", fields=["name"], empty=True
    )
    is_dashed = "datum.family != 'classical'"
    points = alt.Chart(alt.NamedData("points"))
    bands = points.mark_area(opacity=0.13, interpolate="linear").encode(
        x=x, y=alt.Y("low:Q"), y2="high:Q", detail="name:N", color=_literal_colour()
    )
    lines = points.mark_line(strokeWidth=2).encode(
        x=x,
        y=y,
        detail="name:N",
        color=_literal_colour(),
        strokeDash=alt.condition(is_dashed, alt.value([6, 3]), alt.value([1, 0])),
        opacity=alt.condition(hover, alt.value(1.0), alt.value(0.25)),
    )
    dots = (
        points.mark_point(size=52, filled=True)
        .encode(
            x=x,
            y=y,
            color=_literal_colour(),
            shape=_family_shape(),
            opacity=alt.condition(hover, alt.value(1.0), alt.value(0.25)),
            tooltip=[
                alt.Tooltip("name:N", title="model"),
                alt.Tooltip("family:N"),
                alt.Tooltip("size:Q", title="training size", format=",d"),
                alt.Tooltip("figure:Q", title="mean", format=".4~g"),
                alt.Tooltip("interval:N", title="90 %"),
                alt.Tooltip("seeds:Q"),
                alt.Tooltip("failed:N", title="failed trials"),
            ],
        )
        .add_params(hover)
    )
    bars = (
        alt.Chart(alt.NamedData("bars"))
        .mark_rule(strokeWidth=1.5, opacity=0.6)
        .encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=_literal_colour())
    )
    ahead = alt.Chart(alt.NamedData("ahead"))
    fans = ahead.mark_area(opacity=0.07).encode(
        x=x, y=alt.Y("low:Q"), y2="high:Q", detail="name:N", color=_literal_colour()
    )
    ends = ahead.mark_line(strokeWidth=1.5, strokeDash=[1, 4]).encode(
        x=x, y=y, detail="name:N", color=_literal_colour()
    )
    marks = alt.Chart(alt.NamedData("marks"))
    spans = marks.mark_rect(opacity=0.10, color="var(--faint)").encode(
        x=alt.X("low:Q"), x2="high:Q"
    )
    crossings = marks.mark_rule(strokeDash=[2, 3], strokeWidth=1.5).encode(x=x)
    right = marks.mark_text(align="left", baseline="top", dx=5, dy=2).encode(
        x=x, y=alt.value(0), text="right:N"
    )
    left = marks.mark_text(align="right", baseline="top", dx=-5, dy=2).encode(
        x=x, y=alt.value(0), text="left:N"
    )
    chart = alt.layer(spans, fans, bands, bars, ends, lines, crossings, dots, right, left)
    return _finished(chart, "Learning curves: mean and 90 % interval by training size")


def tradeoff() -> Spec:
    """Return the chart of skill against time.

    Data sets: ``points`` (``name, family, seconds, shown, skill, low, high, interval, above,
    below``) and ``front`` (``seconds, skill``, ascending).
    """
    x = alt.X(
        "seconds:Q",
        scale=alt.Scale(type="log", nice=False, padding=24),
        axis=alt.Axis(
            title="seconds of training", format=".2~r", labelOverlap="greedy", grid=False
        ),
    )
    y = alt.Y(
        "skill:Q",
        scale=alt.Scale(zero=False, padding=12),
        axis=alt.Axis(title="skill", tickCount=6),
    )
    colour = alt.Color(
        "family:N",
        scale=alt.Scale(domain=list(SIDES), range=_COLOURS),
        legend=None,
    )
    front = (
        alt.Chart(alt.NamedData("front"))
        .mark_line(interpolate="step-after", strokeWidth=1.5, strokeDash=[3, 3])
        .encode(x=x, y=y, color=alt.value("var(--faint)"))
    )
    points = alt.Chart(alt.NamedData("points"))
    spans = points.mark_rule(strokeWidth=1.5, opacity=0.6).encode(
        x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour
    )
    dots = points.mark_point(size=90, filled=True, opacity=1).encode(
        x=x,
        y=y,
        color=colour,
        shape=_family_shape(),
        tooltip=[
            alt.Tooltip("name:N", title="model"),
            alt.Tooltip("family:N"),
            alt.Tooltip("skill:Q", format=".3f"),
            alt.Tooltip("interval:N", title="90 %"),
            alt.Tooltip("shown:N", title="time"),
        ],
    )
    # Names only on the front, above and below in turn: more would lie on one another.
    above = points.mark_text(align="left", baseline="bottom", dx=7, dy=-4, limit=170).encode(
        x=x, y=y, text="above:N"
    )
    below = points.mark_text(align="left", baseline="top", dx=7, dy=5, limit=170).encode(
        x=x, y=y, text="below:N"
    )
    chart = alt.layer(front, spans, dots, above, below)
    return _finished(chart, "Skill against seconds of training, with the Pareto front")


def critical_differences(n_contenders: int) -> Spec:
    """Return the chart of mean ranks with bars over what cannot be told apart.

    Data sets: ``points`` (``name, family, rank, row, left, right``) and ``groups`` (``low, high,
    row``): rows count from the top.
    """
    x = alt.X(
        "rank:Q",
        scale=alt.Scale(zero=False, nice=True, padding=16),
        axis=alt.Axis(title="mean rank (1 is best)", orient="top", tickMinStep=0.5, format=".1f"),
    )
    y = alt.Y("row:Q", scale=alt.Scale(reverse=True, zero=False, nice=False, padding=14), axis=None)
    colour = alt.Color(
        "family:N",
        scale=alt.Scale(domain=list(SIDES), range=_COLOURS),
        legend=None,
    )
    points = alt.Chart(alt.NamedData("points"))
    dots = points.mark_point(size=80, filled=True, opacity=1).encode(
        x=x,
        y=y,
        color=colour,
        shape=_family_shape(),
        tooltip=[
            alt.Tooltip("name:N", title="model"),
            alt.Tooltip("family:N"),
            alt.Tooltip("rank:Q", title="mean rank", format=".2f"),
        ],
    )
    # A name stands on the side where there is room.
    right = points.mark_text(dx=9, align="left", baseline="middle").encode(x=x, y=y, text="right:N")
    left = points.mark_text(dx=-9, align="right", baseline="middle").encode(x=x, y=y, text="left:N")
    bars = (
        alt.Chart(alt.NamedData("groups"))
        .mark_rule(strokeWidth=5, strokeCap="round", opacity=0.55)
        .encode(x=alt.X("low:Q"), x2="high:Q", y=y)
    )
    chart = alt.layer(bars, dots, right, left)
    spec = _finished(chart, "Mean ranks; a bar joins contenders that cannot be told apart")
    return spec | {"height": max(140, 24 * n_contenders + 60)}


def _finished(chart: alt.LayerChart | alt.FacetChart, description: str) -> Spec:
    spec: Spec = chart.properties(
        width="container",
        height=_HEIGHT,
        description=description,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    ).to_dict()
    # The script adds the configuration once for all.
    spec.pop("config", None)
    return spec
