"""How a run trained: the terms of the controller, and the guard with its retreats."""

import json
from dataclasses import replace
from math import nan
from pathlib import Path

import pytest

from mobench.report.build import build
from mobench.report.compare import compare, load
from mobench.report.figure import Figure
from mobench.report.figures import figures
from mobench.report.live.training import controller as live_controller
from mobench.report.palette import CYCLE, styles
from mobench.report.plots_traces import controller, guard
from mobench.report.records import Comparison, Row
from mobench.report.traces import traces_of
from tests.unit.report.conftest import CONFIG
from tests.unit.report.making import Shelf


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    made = Shelf(tmp_path_factory.mktemp("guarded"))
    rank = made.world.ranking
    for seed in (1, 2):
        made.add("base", rank(1.0, seed=seed), seed=seed)
        train = {"keep_accuracy": 0.98, "keep_metric": "ndcg"}
        made.add("morec", rank(1.05, seed=seed, price=0.1), seed=seed, train=train)
    return made


@pytest.fixture(scope="module")
def compared(guarded: Shelf) -> Comparison:
    return compare(load(guarded.metrics), CONFIG)


def of_kind(comparison: Comparison, kind: str) -> list[Figure]:
    return [figure for figure in figures(comparison) if figure.kind == kind]


def test_the_guard_shows_what_was_kept_and_each_retreat(compared: Comparison) -> None:
    (figure,) = of_kind(compared, "guard")
    data, trace = figure.data, compared.row("morec").traces[0]
    own = [n for n, seed in enumerate(data["seed"]) if seed == 1]
    assert [data["kept"][n] for n in own] == trace.history["kept"]
    assert [data["epoch"][n] for n in own] == list(range(13))
    # The learning rate is halved after epochs 5 and 10, which is what a retreat does.
    assert [data["epoch"][n] for n in own if data["retreat"][n]] == [5, 10]
    assert "NDCG" in figure.caption
    assert "4 retreats" in figure.alt

    (axes,) = guard(figure, styles(["base", "morec"])).axes
    strong = axes.lines[1]  # the other seed is drawn first, below it
    assert list(strong.get_ydata()) == pytest.approx([100 * k for k in trace.history["kept"]])
    assert list(axes.lines[2].get_ydata()) == [98.0, 98.0]
    assert axes.get_ylabel() == "NDCG kept, %"


def test_no_guard_no_figure(comparison: Comparison) -> None:
    assert of_kind(comparison, "guard") == []
    row = comparison.row("morec equal")
    assert [figure.kind for figure in traces_of(replace(row, traces=()))] == []


def test_the_terms_add_up_to_beta(compared: Comparison) -> None:
    (figure,) = of_kind(compared, "controller")
    data = figure.data
    least = figure.facts["beta_min"]
    for p, i, beta in zip(data["p_term"], data["i_term"], data["beta"], strict=True):
        assert least + p + i == pytest.approx(beta)
    terms = controller(figure, styles(["base", "morec"])).axes[2]
    own = [n for n, seed in enumerate(data["seed"]) if seed == 1]
    drawn = [list(line.get_ydata()) for line in terms.lines]
    assert [data["i_term"][n] for n in own] in drawn
    assert [data["p_term"][n] for n in own] in drawn
    for row in CYCLE:  # whatever the row's colour is, the terms can be told apart
        lines = controller(figure, {"morec": (row, "o")}).axes[2].lines
        assert len({line.get_color() for line in lines}) == 3  # and the selected epoch


def test_the_page_shows_the_guard_beside_the_controller(guarded: Shelf, tmp_path: Path) -> None:
    built = build(CONFIG, guarded.metrics, tmp_path / "shop").artifact.path
    page = (built / "report.html").read_text()
    assert page.index("morec: the controller") < page.index("morec: the accuracy guard")
    assert (built / "figures" / "guard-morec.csv").read_text().startswith("seed,epoch,kept,")


def solved(compared: Comparison, sign: float) -> Row:
    """Return the row of a run whose weights come from a solver, accuracy's with that sign."""
    row = compared.row("morec")
    traces = []
    for trace in row.traces:
        steps = {name: list(values) for name, values in trace.steps.items()}
        nothing = [nan] * len(steps["beta"])
        steps |= {"p_term": nothing, "i_term": nothing, "target_loss": nothing}
        steps["weight_acc"] = [sign * weight for weight in steps["weight_acc"]]
        traces.append(replace(trace, steps=steps, guard=None, group_weights={}))
    return replace(row, traces=tuple(traces))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_solver_has_weights_and_no_terms(compared: Comparison, sign: float) -> None:
    (figure,) = traces_of(solved(compared, sign))
    assert figure.title == "morec: the loss weights"
    assert figure.facts["beta_min"] is figure.facts["beta_max"] is None
    drawn = controller(figure, styles(["base", "morec"])).axes
    assert [axes.get_ylabel() for axes in drawn] == ["accuracy loss", "β", "loss weights"]
    own = [n for n, seed in enumerate(figure.data["seed"]) if seed == 1]
    weights = [figure.data["weight_acc"][n] for n in own]
    lines = [list(line.get_ydata()) for line in drawn[2].lines]
    assert (weights in lines) == (sign < 0)  # stacked, or lines where one is below 0
    assert bool(drawn[2].collections) == (sign > 0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_page_shows_no_terms_of_a_solver(compared: Comparison, sign: float) -> None:
    style = styles(["base", "morec"])
    (figure,) = traces_of(solved(compared, sign))
    panels = live_controller(figure, style)["vconcat"]
    titles = [panel["layer"][0]["encoding"]["y"].get("title") for panel in panels]
    assert titles == ["accuracy loss", "β", "loss weights"]
    assert panels[2]["layer"][0]["mark"]["type"] == ("area" if sign > 0 else "line")
    assert not any(name in json.dumps(panels) for name in ("p_term", "i_term", "target_loss"))
    (steered,) = of_kind(compared, "controller")
    assert len(live_controller(steered, style)["vconcat"]) == 4


@pytest.mark.parametrize("missing", [nan, None])
def test_weights_that_nothing_controls_have_no_empty_panel_of_beta(
    compared: Comparison, missing: float | None
) -> None:
    """A scale over nothing is one that the plotting library complains of."""
    (figure,) = traces_of(solved(compared, 1.0))
    none = [missing] * len(figure.data["beta"])
    bare = replace(figure, data={**figure.data, "beta": none})
    panels = live_controller(bare, styles(["base", "morec"]))["vconcat"]
    titles = [panel["layer"][0]["encoding"]["y"].get("title") for panel in panels]
    assert titles == ["accuracy loss", "loss weights"]
