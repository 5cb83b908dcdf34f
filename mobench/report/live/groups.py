"""Live group detail: Hit per fairness group, and what each group gets of the lists."""

from collections.abc import Mapping

from mobench.report.figure import Figure
from mobench.report.live.base import INK, LINE, Spec, coloured, shaped, told
from mobench.report.palette import Style


def groups(figure: Figure, style: Mapping[str, Style]) -> Spec:
    """Return a mark per row and group, the lowest of each row ringed."""
    place = _places(figure, "hit", f"Hit@{figure.facts['k']} × 100  →")
    tip = [
        told("label", "Group"),
        told("row", "Row"),
        told("hit", "Hit × 100", ".2f"),
        told("n", "Users", ","),
        told("is_minimum", "Lowest of its row"),
    ]
    ring = {
        "transform": [{"filter": "datum.is_minimum"}],
        "mark": {"type": "point", "size": 190, "strokeWidth": 1.5, "aria": False},
        "encoding": {**place, "color": _marks(figure, style)["color"]},
    }
    return {"height": _height(figure), "layer": [_stem(place), ring, _dots(figure, style, tip)]}


def exposure(figure: Figure, style: Mapping[str, Style]) -> Spec:
    """Return a bar per row and group from the wanted share to the given one."""
    place = _places(figure, "share", "% of all recommended places")
    tip = [
        told("label", "Group"),
        told("row", "Row"),
        told("share", "Share, %", ".2f"),
        told("target", "Wanted, %", ".2f"),
    ]
    bar = {
        "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.5, "aria": False},
        "encoding": {
            **place,
            "x2": {"field": "target"},
            "color": _marks(figure, style)["color"],
        },
    }
    wanted = {
        "mark": {"type": "tick", "color": INK, "thickness": 2, "aria": False},
        "encoding": {
            "x": {"field": "target", "type": "quantitative"},
            "y": place["y"],
            "tooltip": tip[:1] + tip[-1:],
        },
    }
    return {"height": _height(figure), "layer": [bar, wanted, _dots(figure, style, tip, "share")]}


def _places(figure: Figure, field: str, title: str) -> dict[str, Spec]:
    labels = list(dict.fromkeys(figure.data["label"]))
    return {
        "x": {"field": field, "type": "quantitative", "title": title, "scale": {"zero": True}},
        "y": {
            "field": "label",
            "type": "nominal",
            "sort": labels,
            "title": None,
            "axis": {"labelLimit": 130, "labelColor": INK, "grid": False},
        },
        "yOffset": {"field": "row", "sort": list(dict.fromkeys(figure.data["row"]))},
    }


def _height(figure: Figure) -> int:
    n_rows = len(set(figure.data["row"]))
    return len(set(figure.data["label"])) * (12 + 11 * n_rows)


def _marks(figure: Figure, style: Mapping[str, Style]) -> dict[str, Spec]:
    rows = list(dict.fromkeys(figure.data["row"]))
    return {
        "color": {"field": "row", "scale": coloured(rows, style), "legend": None},
        "shape": {"field": "row", "scale": shaped(rows, style), "legend": None},
    }


def _dots(figure: Figure, style: Mapping[str, Style], tip: list[Spec], field: str = "hit") -> Spec:
    return {
        "mark": {"type": "point", "filled": True, "size": 55, "opacity": 1},
        "encoding": {**_places(figure, field, ""), **_marks(figure, style), "tooltip": tip}
        | {"x": {"field": field, "type": "quantitative"}},
    }


def _stem(place: dict[str, Spec]) -> Spec:
    """Return a thin line from zero, so that a mark can be followed to its name."""
    return {
        "mark": {"type": "rule", "color": LINE, "aria": False},
        "encoding": {**place, "x2": {"datum": 0}},
    }
