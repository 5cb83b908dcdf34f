"""Figures: their data, their bytes, and labels that want to break them."""

import csv
import io
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from mobench.report.figure import Figure, slug
from mobench.report.figures import figures
from mobench.report.palette import BLUE, INK, RC, clean, styles
from mobench.report.plots import draw
from mobench.report.plots_canvas import legend, new_canvas
from mobench.report.records import Comparison
from mobench.report.traces import MOST_POINTS
from mobench.report.writers import as_csv

SVG = "{http://www.w3.org/2000/svg}"
EVIL = ("<script>alert(1)</script>", "a & b", "$\\frac{1}{0}$", "\x00\x1b[31m", "日本語", '"q"')


@pytest.fixture(scope="module")
def shown(comparison: Comparison) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(comparison)}


@pytest.fixture(scope="module")
def style(comparison: Comparison) -> dict[str, tuple[str, str]]:
    return styles([row.label for row in comparison.rows])


def test_which_figures(shown: dict[str, Figure]) -> None:
    assert list(shown) == [
        "pareto-rhit",
        "pareto-min-hit",
        "pareto-pop-kl",
        "parallel",
        "controller-morec-equal",
        "weights-morec-equal-fair",
        "weights-morec-equal-align",
        "controller-morec-rev-heavy",
        "weights-morec-rev-heavy-fair",
        "weights-morec-rev-heavy-align",
        "groups",
        "exposure-fair",
        "exposure-pop",
    ]


def test_well_formed_without_date_or_bitmap(drawn: dict[str, str]) -> None:
    for text in drawn.values():
        root = ElementTree.fromstring(text)
        assert root.tag == f"{SVG}svg"
        assert not [e for e in root.iter() if e.tag.endswith(("metadata", "image", "date"))]


@pytest.mark.parametrize(
    "name",
    [
        "pareto-rhit",
        "parallel",
        "controller-morec-equal",
        "weights-morec-equal-fair",
        "groups",
        "exposure-pop",
    ],
)
def test_same_bytes_twice(
    name: str,
    shown: dict[str, Figure],
    style: dict[str, tuple[str, str]],
    drawn: dict[str, str],
) -> None:
    assert draw(shown[name], style) == drawn[name]


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_text_is_text(drawn: dict[str, str]) -> None:
    found = texts(drawn["pareto-pop-kl"])
    assert "Hit ≥ 97 % of base" in found
    assert "Pop-KL@10  →" in found
    assert {"base", "continue", "morec equal", "morec rev-heavy"} <= set(found)
    assert "popularity" not in found


def test_up_is_better_in_every_panel(
    shown: dict[str, Figure], style: dict[str, tuple[str, str]]
) -> None:
    from mobench.report.plots_pareto import pareto

    rising = pareto(shown["pareto-rhit"], style).axes[0].get_ylim()
    falling = pareto(shown["pareto-pop-kl"], style).axes[0].get_ylim()
    assert rising[0] < rising[1]
    assert falling[0] > falling[1]


def test_the_region_starts_at_97_percent_of_base(
    comparison: Comparison, shown: dict[str, Figure], style: dict[str, tuple[str, str]]
) -> None:
    from mobench.report.plots_pareto import pareto

    axes = pareto(shown["pareto-rhit"], style).axes[0]
    border = 97 * comparison.row("base").values["hit"].value
    assert axes.patches[0].get_x() == pytest.approx(border)  # type: ignore[attr-defined]
    assert axes.get_xlim()[0] < border


def test_pareto_data_are_the_runs(comparison: Comparison, shown: dict[str, Figure]) -> None:
    data = shown["pareto-pop-kl"].data
    runs = [n for n, kind in enumerate(data["kind"]) if kind == "run"]
    points = [
        (row.label, p.seed, 100 * p.values["hit"], p.values["pop_kl"])
        for row in comparison.rows
        if row.role != "sanity"
        for p in row.points
    ]
    keys = ("label", "seed", "hit", "pop_kl")
    assert [tuple(data[key][n] for key in keys) for n in runs] == points
    invalid = {data["label"][n] for n in runs if not data["valid"][n]}
    assert invalid == {"morec rev-heavy"}


def test_group_data_mark_the_minimum(comparison: Comparison, shown: dict[str, Figure]) -> None:
    data = shown["groups"].data
    for label in dict.fromkeys(data["row"]):
        own = [n for n, row in enumerate(data["row"]) if row == label]
        hits = [data["hit"][n] for n in own]
        assert [data["is_minimum"][n] for n in own] == [hit == min(hits) for hit in hits]
    base = [h for h, row in zip(data["hit"], data["row"], strict=True) if row == "base"]
    assert base == sorted(base)
    assert base == sorted(100 * hit for hit in comparison.row("base").groups.hit)


def test_weights_start_at_one(shown: dict[str, Figure]) -> None:
    data = shown["weights-morec-equal-fair"].data
    first = [r for r, e in zip(data["of_start"], data["epoch"], strict=True) if e == 1]
    assert first == [1.0] * 6
    last = {
        g: w
        for g, w, e in zip(data["group"], data["of_start"], data["epoch"], strict=True)
        if e == 12
    }
    weight = {
        (e, g): w for e, g, w in zip(data["epoch"], data["group"], data["weight"], strict=True)
    }
    assert last[0] == pytest.approx(weight[12, 0] / weight[1, 0])
    assert data["label"][:2] == ["Grocery", "Produce"]


def test_long_traces_are_thinned_evenly(comparison: Comparison) -> None:
    row = comparison.row("morec equal")
    trace = row.traces[0]
    steps = {name: list(np.repeat(values, 20)) for name, values in trace.steps.items()}
    rows = tuple(
        replace(r, traces=(replace(trace, steps=steps),)) if r.label == row.label else r
        for r in comparison.rows
    )
    found = next(f for f in figures(replace(comparison, rows=rows)) if f.kind == "controller")
    epochs = found.data["epoch"]
    assert len(steps["epoch"]) == 2400
    assert MOST_POINTS / 2 <= len(epochs) <= MOST_POINTS
    assert epochs == sorted(epochs)
    assert 0 < epochs[0] < 0.1
    assert 11.9 < epochs[-1] < 12


def test_csv_holds_what_is_drawn(shown: dict[str, Figure]) -> None:
    for figure in shown.values():
        rows = list(csv.reader(io.StringIO(as_csv(figure.data))))
        assert rows[0] == list(figure.data)
        assert len(rows) == 1 + len(next(iter(figure.data.values())))


def test_labels_cannot_break_a_figure(
    shown: dict[str, Figure], style: dict[str, tuple[str, str]]
) -> None:
    figure = shown["groups"]
    names = {name: n for n, name in enumerate(dict.fromkeys(figure.data["label"]))}
    labels = [EVIL[names[name]] for name in figure.data["label"]]
    svg = draw(replace(figure, data=figure.data | {"label": labels}), style)
    found = " ".join(texts(svg))
    for part in ("<script>alert(1)</script>", "a & b", "$\\frac{1}{0}$", "日本語"):
        assert part in found
    assert "<script" not in svg


def test_clean_labels() -> None:
    assert clean("a\x00b") == "a�b"
    assert clean("x" * 40) == "x" * 25 + "…"
    assert clean("Drug & Beauty") == "Drug & Beauty"


def test_colours_are_fixed_per_method() -> None:
    few = styles(["base", "morec"])
    many = styles(["popularity", "base", "continue", "morec", "mgda", "epo"])
    assert few["base"][0] == many["base"][0] == INK
    assert few["morec"][0] == many["morec"][0] == BLUE
    assert len({colour for colour, _ in many.values()}) == 6


def test_colours_do_not_follow_the_results() -> None:
    labels = ["base", "morec draw", "morec reweight", "mgda"]
    assert styles(labels) == styles(labels[::-1])
    assert len(set(styles(labels).values())) == 4


def test_names_of_figures_differ_even_where_labels_hardly_do(comparison: Comparison) -> None:
    renamed = {"morec equal": "morec a+b", "morec rev-heavy": "morec a b"}
    rows = tuple(replace(r, label=renamed.get(r.label, r.label)) for r in comparison.rows)
    names = [figure.name for figure in figures(replace(comparison, rows=rows))]
    assert len(set(names)) == len(names) == 13
    assert "controller-morec-a-b-2" in names


def test_slugs() -> None:
    assert slug("morec 0.6/0.2/0.2") == "morec-0.6-0.2-0.2"
    assert slug("../../etc") == "etc"
    assert slug("日本") == "row"


@pytest.mark.parametrize(("size", "many"), [((3.7, 3.6), 24), ((7.4, 3.4), 24), ((3.7, 3.6), 4)])
def test_a_long_legend_takes_no_room_from_the_panel(size: tuple[float, float], many: int) -> None:
    def panel(labels: list[str]) -> tuple[float, float]:
        canvas = new_canvas(*size)
        axes = canvas.add_subplot()
        legend(canvas, labels, styles(labels))
        canvas.draw_without_rendering()
        width, height = canvas.get_size_inches()
        place = axes.get_position()
        box = canvas.legends[0].get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= canvas.bbox.x1
        return place.width * width, place.height * height

    with mpl.rc_context(RC):
        wide, tall = panel([f"method-{n:02d}" for n in range(many)])
        usual_wide, usual_tall = panel(["base", "morec"])
    assert wide > 0.95 * usual_wide
    assert tall > 0.8 * usual_tall
