"""Preference control: rows that differ in their wish only, as a heat map and as plain tables."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from mobench.report.build import build, labels
from mobench.report.compare import compare, load
from mobench.report.figure import Figure
from mobench.report.figures import figures
from mobench.report.heat import twin
from mobench.report.live import live
from mobench.report.notation import percent
from mobench.report.palette import SHADE, styles
from mobench.report.plots import draw
from mobench.report.records import Comparison
from tests.unit.report.conftest import CONFIG
from tests.unit.report.making import Shelf
from tests.unit.report.oracle import Ranking, change

SVG = "{http://www.w3.org/2000/svg}"
WISHES = {
    "equal": (None, {"price": 0.05, "align": 0.05}),
    "mixed": ([0.4, 0.4, 0.2], {"price": 0.06}),
    "align": ([1, 1, 8], {"align": 0.2}),
    "rev": ([0.8, 0.1, 0.1], {"price": 0.2}),
}


def study(root: Path, **train: Any) -> Shelf:
    """A base and, for two seeds, a morec run per wish; ``train`` goes to all but ``equal``."""
    shelf = Shelf(root)
    rank = shelf.world.ranking
    for seed in (1, 2):
        shelf.add("base", rank(1.0, seed=seed, popularity=0.3), seed=seed)
        for name, (wish, likes) in WISHES.items():
            settings = {"preference": wish} | (train if wish else {})
            outcome = rank(1.0, seed=seed, popularity=0.3, **likes)
            shelf.add("morec", outcome, seed=seed, name=f"{name}-{seed}", train=settings)
    return shelf


def heat_maps(comparison: Comparison) -> list[Figure]:
    return [figure for figure in figures(comparison) if figure.kind == "heat"]


def of(shelf: Shelf, names: Mapping[str, str] | None = None) -> Comparison:
    return compare(load(shelf.metrics), CONFIG, names)


@pytest.fixture(scope="module")
def wished(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return study(tmp_path_factory.mktemp("wishes"))


@pytest.fixture(scope="module")
def compared(wished: Shelf) -> Comparison:
    return of(wished)


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_cells_are_the_changes_of_the_table(wished: Shelf, compared: Comparison) -> None:
    (figure,) = heat_maps(compared)
    assert figure.name == "preferences-morec"
    for n, label in enumerate(figure.data["label"]):
        row = compared.row(label)
        for name in ("hit", "rhit", "min_hit", "pop_kl"):
            assert figure.data[f"change_{name}"][n] == row.change[name].value
            each = [
                change(
                    Ranking(Path(point.path)).metrics(),
                    Ranking(wished.root / "metrics" / f"shop-mf-base-s{point.seed}-test").metrics(),
                    name,
                )
                for point in row.points
            ]
            assert row.change[name].value == pytest.approx(sum(each) / 2)


def test_shares_sum_to_one_and_ties_come_last(compared: Comparison) -> None:
    (figure,) = heat_maps(compared)
    shares = list(zip(*(figure.data[f"share_{o}"] for o in ("rev", "fair", "align")), strict=True))
    assert figure.data["label"][:2] == ["morec rev-heavy", "morec align-heavy"]
    assert shares[0] == pytest.approx((0.8, 0.1, 0.1))
    assert shares[1] == pytest.approx((0.1, 0.1, 0.8))
    assert set(figure.data["label"][2:]) == {"morec 0.4/0.4/0.2", "morec equal"}
    assert [sum(row) for row in shares] == pytest.approx([1.0] * 4)


def test_every_number_is_in_the_picture_and_in_the_tables(
    wished: Shelf, compared: Comparison, tmp_path: Path
) -> None:
    (figure,) = heat_maps(compared)
    svg = draw(figure, styles([row.label for row in compared.rows]))
    wanted = [
        percent(compared.row(label).change[name].value, signed=True)
        for label in figure.data["label"]
        for name in ("hit", "rhit", "min_hit", "pop_kl")
    ]
    assert sorted(t for t in texts(svg) if t.endswith("%")) == sorted(wanted)
    # The title says what all of them are, so each needs its own words only.
    assert {"rev-heavy", "align-heavy", "0.4/0.4/0.2", "equal"} <= set(texts(svg))
    head, rows = twin(figure)
    assert head == ["Preference", "rev", "fair", "align", "Hit", "rHit", "min-Hit", "Pop-KL"]
    assert [cell for row in rows for cell in row[4:]] == wanted
    built = build(CONFIG, wished.metrics, tmp_path / "shop").artifact.path
    text = (built / "report.md").read_text()
    section = text[text.index("## Morec: what each preference changes") :].split("## ")[1]
    lines = [line for line in section.splitlines() if line.startswith("| morec")]
    assert [line.strip("| ").split(" | ")[4:] for line in lines] == [row[4:] for row in rows]
    tex = (built / "preferences.tex").read_text().replace("$-$", "−").replace(r"\%", "%")
    assert [line[:-3].split(" & ") for line in tex.splitlines() if line[:5] == "morec"] == rows
    assert ">Preference control</h2>" in (built / "report.html").read_text()


def test_a_stronger_change_has_a_stronger_colour_and_a_loss_another(compared: Comparison) -> None:
    from mobench.report.plots_heat import heat

    (figure,) = heat_maps(compared)
    figure.data["change_hit"][:] = [0.04, -0.08, 0.0, 0.002]
    (axes,) = heat(figure, {}).axes
    cells = axes.patches[: len(figure.data["label"])]
    alphas = [cell.get_alpha() for cell in cells]
    assert alphas == pytest.approx([0.3, 0.6, 0.0, 0.015])
    green = cells[0].get_facecolor()[:3]  # type: ignore[attr-defined]
    assert green == cells[3].get_facecolor()[:3]  # type: ignore[attr-defined]
    assert green == pytest.approx([int(SHADE[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    assert green != cells[1].get_facecolor()[:3]  # type: ignore[attr-defined]


def test_two_wishes_are_no_study(comparison: Comparison) -> None:
    assert sum(row.wish is not None for row in comparison.rows) == 2
    assert heat_maps(comparison) == []


def test_rows_that_differ_in_more_than_the_wish_are_no_study(tmp_path: Path) -> None:
    made = of(study(tmp_path / "three", aux_weight=0.5))
    (figure,) = heat_maps(made)  # three rows share the other weight, equal does not
    assert len(figure.data["label"]) == 3
    made = of(study(tmp_path / "none", keep_accuracy=0.9), None)
    assert all("keep_accuracy" in row.label for row in made.of_role("method"))
    assert len(heat_maps(made)[0].data["label"]) == 3


def test_a_run_that_is_gone_has_no_wish(tmp_path: Path) -> None:
    import shutil

    made = Shelf(tmp_path)
    made.add("base", made.world.ranking(1.0))
    made.add("morec", made.world.ranking(1.0, price=0.1))
    assert of(made).row("morec").wish is not None
    shutil.rmtree(made.root / "runs" / "shop-mf-morec-s1")
    assert of(made).row("morec").wish is None


def test_names_from_outside_are_the_rows(wished: Shelf, tmp_path: Path) -> None:
    kinds = {str(path): path.name.rsplit("-", 2)[0] for path in wished.metrics}
    names = {
        path: "base" if "base" in kind else f"morec {'x ' * (kind == 'rev')}wish {kind}"
        for path, kind in kinds.items()
    }
    made = of(wished, names)
    assert {row.label for row in made.rows} == set(names.values())
    for row in made.rows:
        assert {names[point.path] for point in row.points} == {row.label}
        assert row.seeds == (1, 2)
    (figure,) = heat_maps(made)
    assert figure.data["label"][0] == "morec x wish rev"
    assert figure.title.startswith("morec: ")

    path = tmp_path / "shop"
    assert build(CONFIG, wished.metrics, path, rows=names).fresh
    assert not build(CONFIG, wished.metrics, path, rows=names).fresh
    with pytest.raises(Exception, match=r"was made with other settings .rows."):
        build(CONFIG, wished.metrics, path)


def test_fronts_are_drawn_live_with_what_their_seeds_attain(compared: Comparison) -> None:
    figure = next(each for each in figures(compared) if each.kind == "pareto")
    found = json.loads(live(figure, styles(labels(compared))))
    told = found["columns"]
    assert {len(column) for column in told.values()} == {len(told["hit"])}
    assert set(told["shown"]) == {"base", "morec"}
    bands = [each for each in found["spec"]["layer"] if each["mark"].get("interpolate")]
    assert [each["mark"]["interpolate"] for each in bands] == ["step-before"]
    kinds = {kind for kind in told["kind"] if kind.startswith("attained")}
    assert kinds == {"attained by one", "attained by half", "attained by all"}
    runs = [name for name, kind in zip(told["id"], told["kind"], strict=True) if kind == "run"]
    assert len(runs) == len(set(runs)) == 2 * 5
