"""Live Pareto panels: a point per run and per mean, the valid region, the base as a cross-hair."""

from collections.abc import Mapping

from mobench.report.figure import Figure
from mobench.report.live.base import (
    INK,
    PICKED,
    SHADE,
    SHOWN,
    Spec,
    at,
    coloured,
    columns,
    once,
    shaped,
    span,
    told,
)
from mobench.report.notation import percent
from mobench.report.palette import Style

BRUSH: Spec = {
    "name": "brush",
    "select": {
        "type": "interval",
        "mark": {"fill": "var(--accent)", "fillOpacity": 0.12, "stroke": "var(--accent)"},
    },
}
NUMBER = ".4~g"


def pareto(figure: Figure, style: Mapping[str, Style]) -> Spec:
    """Return a panel; brushing in it selects runs in all panels."""
    facts = figure.facts
    data = columns({**figure.data, **facts["about"]})
    name, labels = facts["y"], list(dict.fromkeys(data["shown"]))
    base = next(
        n
        for n, label in enumerate(data["label"])
        if label == facts["base"] and data["kind"][n] == "mean"
    )
    hit, other = data["hit"][base], data[name][base]
    unit = "" if name == "pop_kl" else " × 100"
    titles = f"Hit@{facts['k']} × 100", f"{facts['label']}@{facts['k']}{unit}"
    layers = [
        *_region(facts["keep"] * hit, f"Hit ≥ {percent(facts['keep'], places=0)} of base"),
        *at(hit, color=INK),
        *at(other, "y", color=INK),
        *([_bands(name, labels, style)] if any(data["front"]) else []),
        _points(name, titles, labels, style),
    ]
    points = layers[-1]["encoding"]
    points["x"]["scale"] |= {"domain": span([*data["hit"], facts["keep"] * hit])}
    points["y"]["scale"] |= {"domain": span(data[name]), "reverse": not facts["higher"]}
    return {"height": 300, "params": [PICKED], "layer": layers}


def _region(start: float, words: str) -> list[Spec]:
    """Return the shaded region right of ``start`` with its name."""
    shade = {"type": "rect", "color": SHADE, "opacity": 0.1, "aria": False}
    name = {"type": "text", "align": "right", "baseline": "bottom", "color": SHADE, "fontSize": 11}
    return [
        once(shade, x={"datum": start}, x2={"value": "width"}),
        once(name, x={"value": "width"}, y={"value": -4}, text={"value": words}),
    ]


def _bands(name: str, labels: list[str], style: Mapping[str, Style]) -> Spec:
    """Return what the seeds of each front attain: half of them, dashed one and all."""
    return {
        "transform": [{"filter": "indexof(datum.kind, 'attained') == 0"}],
        "mark": {"type": "line", "interpolate": "step-before", "strokeWidth": 1.3, "aria": False},
        "encoding": {
            "x": {"field": "hit", "type": "quantitative"},
            "y": {"field": name, "type": "quantitative"},
            "order": {"field": "hit"},
            "detail": {"field": "id"},
            "color": {"field": "shown", "scale": coloured(labels, style), "legend": None},
            "strokeDash": {
                "condition": {"test": "datum.kind == 'attained by half'", "value": [1, 0]},
                "value": [3, 3],
            },
        },
    }


def _points(
    name: str, titles: tuple[str, str], labels: list[str], style: Mapping[str, Style]
) -> Spec:
    colour = {"field": "shown", "scale": coloured(labels, style), "legend": None}
    axes = {
        channel: {
            "field": field,
            "type": "quantitative",
            "title": f"{title}  →",
            "scale": {"zero": False, "nice": False},
            "axis": {"grid": True},
        }
        for channel, field, title in (("x", "hit", titles[0]), ("y", name, titles[1]))
    }
    return {
        "params": [BRUSH],
        "transform": [{"filter": "datum.kind == 'run' || datum.kind == 'mean'"}],
        "mark": {"type": "point", "strokeWidth": 1.5},
        "encoding": {
            **axes,
            "stroke": colour,
            "fill": {"condition": {"test": "datum.valid", **colour}, "value": "transparent"},
            "shape": {"field": "shown", "scale": shaped(labels, style), "legend": None},
            "size": {"condition": {"test": "datum.kind == 'mean'", "value": 150}, "value": 45},
            "opacity": {"condition": {"test": SHOWN, "value": 0.9}, "value": 0.12},
            "tooltip": [
                told("id", "Run"),
                told("hit", titles[0], NUMBER),
                told(name, titles[1], NUMBER),
                told("status", "Valid"),
                told("preference", "Preference"),
                told("command", "Command"),
            ],
        },
    }
