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
IS_MEAN = "datum.kind == 'mean'"


def parallel(figure: Figure, style: Mapping[str, Style]) -> Spec:
    """Return the plot; brushing on an axis selects runs in all panels."""
    axes, labels = figure.facts["axes"], list(dict.fromkeys(figure.data["label"]))
    x: Spec = {
        "field": "metric",
        "type": "nominal",
        "sort": [axis["metric"] for axis in axes],
        "title": None,
        "axis": {"orient": "top", "labelAngle": 0, "domain": False, "labelPadding": 20},
    }
    scale = {"domain": [0, 1]}
    looks: dict[str, Spec] = {
        "x": x,
        "y": {"field": "at", "type": "quantitative", "axis": None, "title": None, "scale": scale},
        "color": {"field": "label", "scale": coloured(labels, style), "legend": None},
        "opacity": {"condition": {"test": SHOWN, "value": 0.85}, "value": 0.08},
    }
    shape = {"field": "label", "scale": shaped(labels, style), "legend": None}
    return {
        "height": HEIGHT,
        "params": [PICKED],
        "layer": [
            *_axes(axes, x, figure.facts["kept_at"]),
            _lines(looks),
            _points(looks | {"shape": shape}),
        ],
    }


def _lines(looks: dict[str, Spec]) -> Spec:
    """Return a line per run, strong for a mean, dashed where it is not valid."""
    return {
        "mark": {"type": "line", "aria": False},
        "encoding": {
            **looks,
            "detail": {"field": "id"},
            "strokeWidth": {"condition": {"test": IS_MEAN, "value": 2.5}, "value": 1},
            "strokeDash": {
                "condition": {"test": "datum.valid", "value": [1, 0]},
                "value": [5, 3],
            },
        },
    }


def _points(looks: dict[str, Spec]) -> Spec:
    return {
        "params": [BRUSH],
        "mark": {"type": "point", "filled": True},
        "encoding": {
            **looks,
            "size": {"condition": {"test": IS_MEAN, "value": 90}, "value": 30},
            "tooltip": [
                told("id", "Run"),
                told("metric", "Metric"),
                told("value", "Value", ".4~g"),
                told("preference", "Preference"),
                told("command", "Command"),
            ],
        },
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
