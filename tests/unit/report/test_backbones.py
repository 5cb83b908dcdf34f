"""Two backbones in one report: each has its own base."""

from dataclasses import replace

import pytest

from mobench.report.build import build
from mobench.report.compare import compare, load
from mobench.report.figures import figures
from mobench.report.records import Comparison
from tests.unit.report.conftest import CONFIG
from tests.unit.report.making import Shelf
from tests.unit.report.oracle import Ranking, change, imp

SKILL = {"mf": 1.0, "sasrec": 1.4}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    made = Shelf(tmp_path_factory.mktemp("two"))
    rank = made.world.ranking
    made.add("popularity", rank(0.0, popularity=9.0))
    for backbone, skill in SKILL.items():
        for seed in (1, 2):
            shared = {"seed": seed, "train": {"backbone": backbone}}
            made.add("base", rank(skill, seed=seed, popularity=0.35), **shared)
            made.add("continue", rank(skill + 0.01, seed=seed, popularity=0.35), **shared)
            made.add("morec", rank(skill, seed=seed, popularity=0.2, price=0.1), **shared)
    return made


@pytest.fixture(scope="module")
def compared(shelf: Shelf) -> Comparison:
    return compare(load(shelf.metrics), CONFIG)


def test_a_row_per_method_and_backbone(compared: Comparison) -> None:
    assert [(row.label, row.role) for row in compared.rows[:3]] == [
        ("popularity", "sanity"),
        ("base mf", "reference"),
        ("base sasrec", "reference"),
    ]
    assert {row.label for row in compared.rows[3:]} == {
        f"{method} {backbone}" for method in ("continue", "morec") for backbone in SKILL
    }
    assert all(row.seeds == (1, 2) for row in compared.rows[1:])


def test_every_row_is_measured_against_its_own_base(shelf: Shelf, compared: Comparison) -> None:
    for backbone in SKILL:
        for point in compared.row(f"morec {backbone}").points:
            name = f"shop-{backbone}-{{}}-s{point.seed}-test"
            folder = shelf.root / "metrics"
            base = Ranking(folder / name.format("base")).metrics()
            mine = Ranking(folder / name.format("morec")).metrics()
            assert point.change["rhit"] == pytest.approx(change(mine, base, "rhit"))
            assert point.kept == pytest.approx(mine["hit"] / base["hit"])
            assert point.imp == pytest.approx(imp(mine, base, compared.imp_over))
    hits = [compared.row(f"base {backbone}").values["hit"].value for backbone in SKILL]
    assert hits[1] > 1.05 * hits[0]  # else a swapped base would go unnoticed


def test_imp_over_continue_is_that_of_the_backbone(shelf: Shelf, compared: Comparison) -> None:
    for backbone in SKILL:
        each = []
        for seed in (1, 2):
            folder = shelf.root / "metrics"
            control, run = (
                Ranking(folder / f"shop-{backbone}-{method}-s{seed}-test").metrics()
                for method in ("continue", "morec")
            )
            each.append(imp(run, control, compared.imp_over))
        gain = compared.row(f"morec {backbone}").imp_continue
        assert gain is not None
        assert gain.value == pytest.approx(sum(each) / 2)


def test_a_pareto_panel_per_backbone(compared: Comparison) -> None:
    panels = [figure for figure in figures(compared) if figure.kind == "pareto"]
    assert [figure.name for figure in panels] == [
        f"pareto-{metric}-{backbone}"
        for backbone in SKILL
        for metric in ("rhit", "min-hit", "pop-kl")
    ]
    for figure in panels:
        backbone = figure.name.rsplit("-", 1)[1]
        labels = {f"{method} {backbone}" for method in ("base", "continue", "morec")}
        assert set(figure.data["label"]) == labels
        assert figure.facts["base"] == f"base {backbone}"


def test_every_base_is_held_against_popularity(compared: Comparison) -> None:
    from mobench.report.verdict import warnings

    assert not any("popularity" in text for text in compared.warnings)
    better = [
        replace(row, values=row.values | {"hit": replace(row.values["hit"], value=0.99)})
        if row.role == "sanity"
        else row
        for row in compared.rows
    ]
    found = [text for text in warnings(better, {}) if "does not beat popularity" in text]
    assert [text.split(" does")[0] for text in found] == ["base mf", "base sasrec"]


def test_the_page_is_written(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> None:
    built = build(CONFIG, shelf.metrics, tmp_path_factory.mktemp("page") / "shop")
    page = (built.artifact.path / "report.html").read_text()
    assert "rHit against Hit on sasrec" in page
