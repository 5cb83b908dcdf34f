"""Live plots: the same data as the CSV, the region where validity begins, up is better."""

import json
from dataclasses import replace
from math import inf, isfinite, nan
from typing import Any

import pytest

from mobench.report.figure import Figure
from mobench.report.figures import figures
from mobench.report.live import LIVE, live
from mobench.report.live.base import columns, span
from mobench.report.palette import MARKERS, styles
from mobench.report.plots import DRAW
from mobench.report.records import Comparison

Style = dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def shown(comparison: Comparison) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(comparison)}


@pytest.fixture(scope="module")
def style(comparison: Comparison) -> Style:
    return styles([row.label for row in comparison.rows])


def content(figure: Figure, style: Style) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(live(figure, style))
    return found


def test_every_kind_is_drawn_live_and_on_paper() -> None:
    assert set(LIVE) == set(DRAW)


def test_the_data_are_those_of_the_csv(shown: dict[str, Figure], style: Style) -> None:
    for figure in shown.values():
        found = content(figure, style)["columns"]
        for name, values in figure.data.items():
            assert len(found[name]) == len(values)
            for here, there in zip(found[name], values, strict=True):
                is_number = isinstance(there, float) and isfinite(there)
                assert here == (pytest.approx(there, rel=1e-5) if is_number else there)


def test_each_point_names_its_run_and_how_to_make_it(
    comparison: Comparison, shown: dict[str, Figure], style: Style
) -> None:
    found = content(shown["pareto-rhit"], style)["columns"]
    place = found["id"].index("morec rev-heavy · seed 2")
    assert found["command"][place] == "mobench train 'data/x y' --seed 2"
    assert found["preference"][place] == "rev 0.80 · fair 0.10 · align 0.10"
    assert found["status"][place] == "no"
    assert found["hit"][place] == pytest.approx(
        100 * comparison.row("morec rev-heavy").points[1].values["hit"], rel=1e-5
    )
    assert len(set(found["id"])) == len(found["id"])
    assert set(shown["parallel"].facts["about"]["id"]) == set(found["id"])


def layers(spec: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spec["layer"]
    return found


def test_the_region_begins_where_the_base_keeps_97_percent(
    comparison: Comparison, shown: dict[str, Figure], style: Style
) -> None:
    spec = content(shown["pareto-rhit"], style)["spec"]
    border = 97 * comparison.row("base").values["hit"].value
    region = next(each for each in layers(spec) if each["mark"]["type"] == "rect")
    assert region["encoding"]["x"]["datum"] == pytest.approx(border)
    low, high = layers(spec)[-1]["encoding"]["x"]["scale"]["domain"]
    hits = shown["pareto-rhit"].data["hit"]
    assert low < min(border, *hits) < max(hits) < high


def test_up_is_better_on_every_axis(shown: dict[str, Figure], style: Style) -> None:
    for name, turned in (("pareto-rhit", False), ("pareto-pop-kl", True)):
        points = layers(content(shown[name], style)["spec"])[-1]
        assert points["encoding"]["y"]["scale"]["reverse"] is turned


def test_colours_and_marks_are_those_of_the_palette(shown: dict[str, Figure], style: Style) -> None:
    encoding = layers(content(shown["pareto-rhit"], style)["spec"])[-1]["encoding"]
    colours = dict(zip(*encoding["stroke"]["scale"].values(), strict=True))
    assert colours["base"] == "var(--ink)"
    assert colours["morec equal"] == "var(--blue)"
    assert len(set(encoding["shape"]["scale"]["range"])) == 4
    assert set(MARKERS) >= {mark for _, mark in style.values()}


def test_hostile_labels_stay_data(shown: dict[str, Figure], style: Style) -> None:
    figure = shown["groups"]
    evil = "</script><script>alert(1)</script>"
    text = live(
        replace(figure, data=figure.data | {"label": [evil] * len(figure.data["n"])}), style
    )
    assert "<" not in text
    assert json.loads(text)["columns"]["label"][0] == evil


def test_what_is_not_finite_is_left_out() -> None:
    assert columns({"a": [1.23456789, nan, inf, None, 3, True, "x"]}) == {
        "a": [1.23457, None, None, None, 3, True, "x"]
    }
    assert span([1.0, nan, 3.0], margin=0.5) == [0.0, 4.0]
    assert span([2.0, 2.0], margin=0.5) == [1.0, 3.0]
    assert span([nan]) == [-0.1, 0.1]
