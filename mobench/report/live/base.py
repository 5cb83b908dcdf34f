"""What all live plots share: Vega-Lite as plain dictionaries, coloured by the page's variables."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from mobench.report.palette import Style, on_page

Spec = dict[str, Any]
"""A Vega-Lite specification, or a part of one."""

SHAPES = {
    "o": "circle",
    "s": "square",
    "D": "diamond",
    "^": "triangle-up",
    "v": "triangle-down",
    "P": "cross",
    "X": "M-.5,-.3L-.3,-.5L0,-.2L.3,-.5L.5,-.3L.2,0L.5,.3L.3,.5L0,.2L-.3,.5L-.5,.3L-.2,0Z",
    "<": "triangle-left",
    ">": "triangle-right",
}
"""The marks of ``palette`` as Vega draws them."""

INK, SOFT, LINE, SHADE = "var(--ink)", "var(--soft)", "var(--line)", "var(--shade)"
DASHED: Spec = {"type": "rule", "color": INK, "strokeDash": [4, 3], "aria": False}
"""How a target or a limit is drawn."""

SHOWN = "picked == null || indexof(picked, datum.id) >= 0"
"""Whether a run is to be seen: the page sets ``picked`` in all plots at once."""

PICKED: Spec = {"name": "picked", "value": None}
DIGITS = 6
"""Significant digits of a drawn number: more than a screen shows; the CSV has all."""


def columns(data: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Return columns as JSON takes them: numbers rounded, ``None`` for what is not finite."""
    return {name: [_plain(value) for value in values] for name, values in data.items()}


def _plain(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return float(f"{value:.{DIGITS}g}") if isfinite(value) else None


def once(mark: str | Spec, **encoding: Spec) -> Spec:
    """Return a layer that is drawn once, whatever the rows of the plot are."""
    return {"data": {"values": [{}]}, "mark": mark, "encoding": encoding}


def at(place: float | None, channel: str = "x", **looks: Any) -> list[Spec]:
    """Return a line through the whole plot, none where there is no place for it."""
    if place is None:
        return []
    mark = {"type": "rule", "color": SOFT, "aria": False} | looks
    return [once(mark, **{channel: {"datum": place}})]


def coloured(labels: Sequence[str], style: Mapping[str, Style]) -> Spec:
    """Return the scale that gives every row its colour."""
    return {"domain": list(labels), "range": [on_page(style[label][0]) for label in labels]}


def shaped(labels: Sequence[str], style: Mapping[str, Style]) -> Spec:
    """Return the scale that gives every row its mark."""
    return {"domain": list(labels), "range": [SHAPES[style[label][1]] for label in labels]}


def told(field: str, title: str, form: str = "") -> Spec:
    """Return a line of a tooltip."""
    return {"field": field, "title": title} | ({"format": form} if form else {})


def span(values: Sequence[float], margin: float = 0.1) -> list[float]:
    """Return the limits of an axis that leaves some room around finite values."""
    finite = [value for value in values if isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    room = margin * ((high - low) or abs(high) or 1.0)
    return [low - room, high + room]
