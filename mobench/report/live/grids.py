"""Live grids: what each preference changed, and how the sampler's group weights moved."""

from collections.abc import Mapping, Sequence
from math import isfinite, log2
from typing import Any

from mobench.metrics import METRICS
from mobench.report.figure import Figure
from mobench.report.live.base import INK, SHADE, SOFT, Spec, at, told
from mobench.report.notation import percent
from mobench.report.palette import CYCLE, Style

MORE, LESS = "#7a6bc4", "#d98324"
"""Weights above and below their start: seen on white and in the dark, by all common eyes."""

FAINT = 0.02
"""A column whose changes are all below this stays pale."""


def heat(figure: Figure, style: Mapping[str, Style]) -> Spec:  # noqa: ARG001 - one signature
    """Return a row per preference: its shares as text, then a coloured cell per metric."""
    cells = _cells(figure)
    place: dict[str, Spec] = {
        "x": _names(cells, "column", {"orient": "top", "labelAngle": 0}),
        "y": _names(cells, "row", {"labelColor": INK, "labelLimit": 160}),
    }
    tip = [told("row", "Preference"), told("column", "Metric"), told("text", "Change")]
    is_share = "datum.strength == null"
    text = {
        "mark": {"type": "text", "aria": False},
        "encoding": {
            **place,
            "text": {"field": "text"},
            "color": {"condition": {"test": is_share, "value": SOFT}, "value": INK},
            "tooltip": tip,
        },
    }
    return {
        "data": {"values": cells},
        "height": 34 * len(figure.data["label"]),
        "layer": [_boxes(place, tip), text],
    }


def _names(cells: Sequence[dict[str, Any]], field: str, axis: Spec) -> Spec:
    """Return a channel that keeps the names of a field in their order."""
    names = list(dict.fromkeys(cell[field] for cell in cells))
    axis = {"domain": False} | axis
    return {"field": field, "type": "nominal", "sort": names, "title": None, "axis": axis}


def _boxes(place: dict[str, Spec], tip: list[Spec]) -> Spec:
    opacity = {"domain": [0, 1], "range": [0, 0.55]}
    return {
        "transform": [{"filter": "datum.strength != null"}],
        "mark": {"type": "rect", "stroke": "var(--paper)", "strokeWidth": 3},
        "encoding": {
            **place,
            "fill": {"condition": {"test": "datum.rises", "value": SHADE}, "value": CYCLE[0]},
            "fillOpacity": {
                "field": "strength",
                "type": "quantitative",
                "scale": opacity,
                "legend": None,
            },
            "tooltip": tip,
        },
    }


def _cells(figure: Figure) -> list[dict[str, Any]]:
    """Return a cell per row and column, shares first."""
    data, facts = figure.data, figure.facts
    rows = [label.removeprefix(facts["shared"]).strip() or label for label in data["label"]]
    cells = [
        {"row": row, "column": name, "text": f"{data[f'share_{name}'][n]:.2f}", "strength": None}
        for n, row in enumerate(rows)
        for name in facts["objectives"]
    ]
    for name in facts["metrics"]:
        changes = data[f"change_{name}"]
        scale = max([FAINT, *(abs(change) for change in changes if isfinite(change))])
        cells += [
            {
                "row": row,
                "column": METRICS[name].label,
                "text": percent(change, signed=True),
                "rises": change > 0,
                "strength": abs(change) / scale if isfinite(change) else None,
            }
            for row, change in zip(rows, changes, strict=True)
        ]
    return cells


def weights(figure: Figure, style: Mapping[str, Style]) -> Spec:  # noqa: ARG001 - one signature
    """Return the sampling weight of every group over the epochs, relative to its start."""
    data = figure.data
    limit = max(0.1, *(abs(_doublings(ratio)) for ratio in data["of_start"]))
    strength = f"min(1, abs(log(datum.of_start) / LN2) / {limit:.6g})"
    return {
        "height": 22 * len(set(data["label"])),
        "transform": [
            {"calculate": "datum.epoch - 0.5", "as": "from"},
            {"calculate": "datum.epoch + 0.5", "as": "to"},
            {"calculate": strength, "as": "strength"},
        ],
        "layer": [
            _weight_boxes(list(dict.fromkeys(data["label"]))),
            *at(figure.facts["best_epoch"], color=INK),
        ],
    }


def _weight_boxes(labels: Sequence[str]) -> Spec:
    names: Spec = {"field": "label", "type": "nominal", "sort": labels, "title": None}
    return {
        "mark": {"type": "rect", "aria": False},
        "encoding": {
            "x": {
                "field": "from",
                "type": "quantitative",
                "title": "epoch",
                "scale": {"nice": False, "zero": False},
                "axis": {"grid": False, "tickMinStep": 1},
            },
            "x2": {"field": "to"},
            "y": names | {"axis": {"labelLimit": 130}},
            "fill": {"condition": {"test": "datum.of_start > 1", "value": MORE}, "value": LESS},
            "fillOpacity": {
                "field": "strength",
                "type": "quantitative",
                "scale": {"domain": [0, 1], "range": [0.04, 1]},
                "legend": None,
            },
            "tooltip": [
                told("label", "Group"),
                told("epoch", "Epoch"),
                told("weight", "Weight", ".4~g"),
                told("of_start", "× its start", ".3~g"),
                told("signal", "Signal"),
            ],
        },
    }


def _doublings(ratio: float) -> float:
    return log2(max(ratio, 2.0**-10))
