"""Live parallel coordinates: every run as a line over all objective metrics, up is better."""

from collections.abc import Mapping

from mobench.report.figure import Figure
from mobench.report.live.base import (
    LINE,
    PICKED,
    SHADE,
    SHOWN,
    SOFT,
    Spec,
    coloured,
    shaped,
    told,
)
from mobench.report.live.pareto import BRUSH
from mobench.report.palette import Style

HEIGHT = 260


def parallel(figure: Figure, style: Mapping[str, Style]) -> Spec:
    """Return the plot; brushing on an axis selects runs in all panels."""
    axes, labels = figure.facts["axes"], list(dict.fromkeys(figure.data["label"]))
    place: dict[str, Spec] = {
        "x": {
            "field": "metric",
            "type": "nominal",
            "sort": [axis["metric"] for axis in axes],
            "title": None,
            "axis": {"orient": "top", "labelAngle": 0, "domain": False, "labelPadding": 20},
        },
        "y": {
            "field": "at",
            "type": "quantitative",
            "axis": None,
            "title": None,
            "scale": {"domain": [0, 1]},
        },
    }
    is_mean = "datum.kind == 'mean'"
    paint = {"field": "label", "scale": coloured(labels, style), "legend": None}
    seen = {"condition": {"test": SHOWN, "value": 0.85}, "value": 0.08}
    line = {
        "mark": {"type": "line", "aria": False},
        "encoding": {
            **place,
            "detail": {"field": "id"},
            "color": paint,
            "opacity": seen,
            "strokeWidth": {"condition": {"test": is_mean, "value": 2.5}, "value": 1},
            "strokeDash": {
                "condition": {"test": "datum.valid", "value": [1, 0]},
                "value": [5, 3],
            },
        },
    }
    point = {
        "params": [BRUSH],
        "mark": {"type": "point", "filled": True},
        "encoding": {
            **place,
            "color": paint,
            "shape": {"field": "label", "scale": shaped(labels, style), "legend": None},
            "size": {"condition": {"test": is_mean, "value": 90}, "value": 30},
            "opacity": seen,
            "tooltip": [
                told("id", "Run"),
                told("metric", "Metric"),
                told("value", "Value", ".4~g"),
                told("preference", "Preference"),
                told("command", "Command"),
            ],
        },
    }
    return {
        "height": HEIGHT,
        "params": [PICKED],
        "layer": [*_axes(axes, place["x"], figure.facts["kept_at"]), line, point],
    }


def _axes(axes: list[Spec], x: Spec, kept_at: float) -> list[Spec]:
    """Return the upright lines with their limits, and the valid part of the first."""
    data = {"values": axes}
    words = {"type": "text", "color": SOFT, "fontSize": 11, "aria": False}
    shade = {"type": "bar", "width": 14, "color": SHADE, "opacity": 0.18, "aria": False}
    return [
        {
            "data": {"values": [axes[0] | {"from": kept_at, "to": 1}]},
            "mark": shade,
            "encoding": {
                "x": x,
                "y": {"field": "from", "type": "quantitative", "axis": None, "title": None},
                "y2": {"field": "to"},
            },
        },
        {
            "data": data,
            "mark": {"type": "rule", "color": LINE, "aria": False},
            "encoding": {"x": x},
        },
        *(
            {
                "data": data,
                "mark": words | {"dy": dy},
                "encoding": {"x": x, "y": {"value": end}, "text": {"field": field}},
            }
            for field, end, dy in (("best", 0, -10), ("worst", HEIGHT, 12))
        ),
    ]
