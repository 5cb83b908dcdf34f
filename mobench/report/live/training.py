"""Live traces: the controller and the accuracy guard over the epochs."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from mobench.report.figure import Figure
from mobench.report.live.base import DASHED, INK, Spec, at, once, told
from mobench.report.palette import CYCLE, PARTS, Style, on_page

EPOCH: Spec = {"field": "epoch", "type": "quantitative", "scale": {"nice": False}}
Y_AXIS: Spec = {"minExtent": 44, "maxExtent": 44, "tickCount": 4}


def controller(figure: Figure, style: Mapping[str, Style]) -> Spec:
    """Return loss, beta and its terms if it has any, and all loss weights, one above the other."""
    facts, seeds = figure.facts, list(dict.fromkeys(figure.data["seed"]))
    colour = on_page(style[facts["row"]][0])
    weights = [name for name in figure.data if name.startswith("weight_")]
    weights.sort(key=lambda name: name != "weight_acc")
    hover = _hover(weights, seeds[0], steered=facts["steered"])
    best = at(facts["best_epoch"])
    target = _only(_line("target_loss", seeds, INK, dashed=True), seeds)
    signed = any(value is not None and value < 0 for name in weights for value in figure.data[name])
    has_beta = any(value is not None and isfinite(value) for value in figure.data["beta"])
    limits = [
        once(DASHED, y={"datum": limit})
        for limit in (facts["beta_min"], facts["beta_max"])
        if limit is not None
    ]
    loss = [_line("loss_acc", seeds, colour), *([target] if facts["steered"] else [])]
    panels = [
        _panel("accuracy loss", 120, [*loss, *best]),
        *([_panel("β", 90, [_line("beta", seeds, colour), *limits, *best])] if has_beta else []),
        _panel("loss weights", 100, [_parts(weights, seeds[0], signed=signed), *best], last=True),
    ]
    if facts["steered"]:
        panels.insert(len(panels) - 1, _panel("terms of β", 80, [*_terms(seeds, colour), *best]))
    for panel in panels:
        panel["layer"].append(hover)
    return {"vconcat": panels, "spacing": 12}


def _panel(title: str, height: int, layers: list[Spec], *, last: bool = False) -> Spec:
    for layer in layers:
        for channel in ("x", "y"):
            if "field" in layer["encoding"].get(channel, {}):
                layer["encoding"][channel] = dict(layer["encoding"][channel])
        if "field" in layer["encoding"].get("y", {}):
            layer["encoding"]["y"] |= {"title": title, "axis": Y_AXIS}
        if "field" in layer["encoding"].get("x", {}):
            x = layer["encoding"]["x"]
            x |= {"title": "epoch"} if last else {"title": None, "axis": {"labels": False}}
    return {"width": "container", "height": height, "layer": layers}


def _line(field: str, seeds: Sequence[int], colour: str, *, dashed: bool = False) -> Spec:
    """Return a line per seed, those of all but the first pale."""
    mark: Spec = {"type": "line", "color": colour, "strokeWidth": 1.4, "aria": False}
    return {
        "mark": mark | ({"strokeDash": [4, 3]} if dashed else {}),
        "encoding": {
            "x": EPOCH,
            "y": {"field": field, "type": "quantitative", "scale": {"zero": False}},
            "detail": {"field": "seed"},
            "opacity": {
                "condition": {"test": f"datum.seed == {seeds[0]}", "value": 1},
                "value": 0.4,
            },
        },
    }


def _only(layer: Spec, seeds: Sequence[int]) -> Spec:
    return {"transform": [{"filter": f"datum.seed == {seeds[0]}"}], **layer}


def _terms(seeds: Sequence[int], colour: str) -> list[Spec]:
    """Return the integral term, and the proportional one dashed."""
    return [_line("i_term", seeds, colour), _line("p_term", seeds, INK, dashed=True)]


def _parts(weights: Sequence[str], seed: int, *, signed: bool) -> Spec:
    """Return the weights of the objectives: stacked, or as lines where one is below 0."""
    names = [name.removeprefix("weight_") for name in weights]
    colours = [PARTS.get(name, CYCLE[n % len(CYCLE)]) for n, name in enumerate(names)]
    order = {name: n for n, name in enumerate(names)}
    return {
        "transform": [
            {"filter": f"datum.seed == {seed}"},
            {"fold": list(weights), "as": ["part", "share"]},
            {"calculate": "substring(datum.part, 7)", "as": "objective"},
            {
                "lookup": "objective",
                "from": {
                    "data": {"values": [{"name": n, "order": k} for n, k in order.items()]},
                    "key": "name",
                    "fields": ["order"],
                },
            },
        ],
        "mark": {"aria": False}
        | ({"type": "line"} if signed else {"type": "area", "opacity": 0.85}),
        "encoding": {
            "x": EPOCH,
            "y": {"field": "share", "type": "quantitative", "stack": None if signed else "zero"},
            **({} if signed else {"order": {"field": "order"}}),
            "color": {
                "field": "objective",
                "scale": {"domain": names, "range": colours},
                "legend": {"orient": "bottom", "title": None, "symbolType": "square"},
            },
        },
    }


def _hover(weights: Sequence[str], seed: int, *, steered: bool) -> Spec:
    """Return a strip per epoch that tells the means of the first seed in it."""
    fields = {"loss_acc": "accuracy loss", "beta": "β"}
    if steered:
        fields |= {"target_loss": "target", "p_term": "P", "i_term": "I"}
    fields |= {name: f"weight of {name.removeprefix('weight_')}" for name in weights[1:]}
    means: list[dict[str, Any]] = [{"op": "mean", "field": f, "as": f"mean_{f}"} for f in fields]
    return {
        "transform": [
            {"filter": f"datum.seed == {seed}"},
            {"calculate": "floor(datum.epoch)", "as": "from"},
            {"aggregate": means, "groupby": ["from"]},
            {"calculate": "datum.from + 1", "as": "to"},
        ],
        "mark": {"type": "rect", "opacity": 0, "aria": False},
        "encoding": {
            "x": {"field": "from", "type": "quantitative"},
            "x2": {"field": "to"},
            "tooltip": [
                told("to", "Epoch"),
                *(told(f"mean_{field}", words, ".4~g") for field, words in fields.items()),
            ],
        },
    }


def guard(figure: Figure, style: Mapping[str, Style]) -> Spec:
    """Return the share of the base's accuracy after each epoch, the guard and the retreats."""
    facts, seeds = figure.facts, list(dict.fromkeys(figure.data["seed"]))
    colour = on_page(style[facts["row"]][0])
    line = _line("percent", seeds, colour)
    line["encoding"]["y"] |= {"title": f"{facts['label']} kept, %"}
    points: Spec = {
        "mark": {"type": "point", "filled": True, "color": colour},
        "encoding": {
            **{channel: line["encoding"][channel] for channel in ("x", "y", "opacity")},
            "size": {"condition": {"test": "datum.retreat", "value": 110}, "value": 22},
            "shape": {
                "condition": {"test": "datum.retreat", "value": "triangle-down"},
                "value": "circle",
            },
            "tooltip": [
                told("epoch", "Epoch"),
                told("seed", "Seed"),
                told("percent", "Kept, %", ".1f"),
                told("learning_rate", "Learning rate", ".2~g"),
                told("retreat", "Retreat"),
            ],
        },
    }
    return {
        "height": 190,
        "transform": [{"calculate": "100 * datum.kept", "as": "percent"}],
        "layer": [
            line,
            points,
            once(DASHED, y={"datum": 100 * facts["guard"]}),
            *at(facts["best_epoch"]),
        ],
    }
