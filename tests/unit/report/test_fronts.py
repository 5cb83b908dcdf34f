"""Rows that differ in preference only, as fronts: measured by seed, and drawn."""

from pathlib import Path

import numpy as np
import pytest

from mobench.config import ReportConfig
from mobench.report.build import build, labels
from mobench.report.compare import compare, load
from mobench.report.figure import Figure
from mobench.report.figures import figures
from mobench.report.front_records import Front
from mobench.report.fronts import fronts
from mobench.report.palette import styles
from mobench.report.plots_pareto import pareto, stairs
from mobench.report.records import Comparison
from mobench.report.tables_fronts import budgets_table, fronts_table
from tests.unit.report.conftest import CONFIG
from tests.unit.report.making import Shelf
from tests.unit.report.oracle import Ranking as Naive
from tests.unit.report.oracle import change

SEEDS = (1, 2, 3)
WISHES = {
    "rev": ([0.8, 0.1, 0.1], {"price": 0.25}),
    "fair": ([0.1, 0.8, 0.1], {"fair": 0.4}),
    "align": ([0.1, 0.1, 0.8], {"align": 0.2}),
    "equal": (None, {"price": 0.1, "align": 0.1}),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A front of four preferences by three seeds, beside continue; one run of it is not valid."""
    shelf = Shelf(tmp_path_factory.mktemp("fronts"))
    rank = shelf.world.ranking
    for seed in SEEDS:
        shelf.add("base", rank(1.0, seed=seed, popularity=0.3), seed=seed)
        shelf.add("continue", rank(1.02, seed=seed, popularity=0.3), seed=seed)
        for name, (wish, likes) in WISHES.items():
            outcome = rank(1.0, seed=seed, popularity=0.3, **likes)
            settings = {"preference": wish}
            valid = (name, seed) != ("equal", 2)
            shelf.add(
                "morec", outcome, seed=seed, name=f"{name}-s{seed}", train=settings, valid=valid
            )
    return shelf


@pytest.fixture(scope="module")
def compared(made: Shelf) -> Comparison:
    return compare(load(made.metrics), CONFIG)


@pytest.fixture(scope="module")
def front(compared: Comparison) -> Front:
    return next(front for front in compared.fronts if not front.is_single)


def points(made: Shelf, over: tuple[str, ...], seed: int, names: tuple[str, ...]) -> np.ndarray:
    """The runs of a seed in the space of the hypervolume, from the Parquet files alone."""
    base = Naive(made.root / "metrics" / f"shop-mf-base-s{seed}-test").metrics()
    runs = [Naive(made.root / "metrics" / f"{name}-s{seed}-test").metrics() for name in names]
    return np.array([[1 + change(run, base, m) for m in over] for run in runs])


def volume(boxes: np.ndarray) -> float:
    """Inclusion and exclusion: what boxes from 0 cover together."""
    total = 0.0
    for chosen in range(1, 2 ** len(boxes)):
        mine = boxes[[bool(chosen >> n & 1) for n in range(len(boxes))]]
        total -= (-1) ** len(mine) * float(mine.clip(0).min(axis=0).prod())
    return total


def undominated(array: np.ndarray) -> np.ndarray:
    beaten = [any((o >= p).all() and (o > p).any() for o in array) for p in array]
    return array[~np.array(beaten)]


def test_what_is_a_front(compared: Comparison, front: Front) -> None:
    assert front.label == "morec"
    assert front.members == tuple(row.label for row in compared.of_role("method")) or set(
        front.members
    ) == {row.label for row in compared.of_role("method")}
    assert front.seeds == SEEDS
    others = [each.label for each in compared.fronts if each.is_single]
    assert others == ["continue"]
    volumes = [each.hv.value for each in compared.fronts]
    assert volumes == sorted(volumes, reverse=True)


def test_measures_are_taken_by_seed(made: Shelf, compared: Comparison, front: Front) -> None:
    over = compared.imp_over
    sets = [points(made, over, seed, tuple(WISHES)) for seed in SEEDS]
    controls = [points(made, over, seed, ("shop-mf-continue",)) for seed in SEEDS]
    everything = np.vstack([*sets, *controls])
    pooled = undominated(everything)
    assert len(pooled) > 1

    def igd_plus(mine: np.ndarray) -> float:
        return float(np.mean([min(np.hypot.reduce((z - p).clip(0)) for p in mine) for z in pooled]))

    def width(mine: np.ndarray) -> float:
        return float(
            np.sqrt(np.mean((np.ptp(undominated(mine), axis=0) / np.ptp(everything, axis=0)) ** 2))
        )

    for measure, estimate in (
        (volume, front.hv),
        (igd_plus, front.igd_plus),
        (width, front.spread),
        (lambda mine: float(len(undominated(mine))), front.non_dominated),
    ):
        values = [measure(mine) for mine in sets]
        assert estimate.value == pytest.approx(np.mean(values), rel=1e-9)
        assert estimate.sd == pytest.approx(np.std(values, ddof=1), rel=1e-6, abs=1e-12)
    single = next(each for each in compared.fronts if each.is_single)
    assert single.hv.value == pytest.approx(np.mean([volume(mine) for mine in controls]))
    assert single.spread.value == 0
    assert single.bands == {}


def test_volume_of_the_valid_runs(made: Shelf, compared: Comparison, front: Front) -> None:
    good = {
        (row.label, point.seed)
        for row in compared.of_role("method")
        for point in row.points
        if point.valid
    }
    assert 0 < len(good) < 12
    values = []
    for seed in SEEDS:
        valid = [
            [1 + point.change[m] for m in compared.imp_over]
            for row in compared.of_role("method")
            for point in row.points
            if point.seed == seed and (row.label, seed) in good
        ]
        values.append(volume(np.array(valid)) if valid else 0.0)
    assert front.hv_valid.value == pytest.approx(np.mean(values), rel=1e-9)
    assert front.hv_valid.value < front.hv.value


def test_seeds_that_a_row_lacks_are_left_out(made: Shelf) -> None:
    some = [path for path in made.metrics if path.name != "rev-s2-test"]
    found = compare(load(some), CONFIG).fronts
    assert next(each for each in found if not each.is_single).seeds == (1, 3)


def test_two_preferences_are_no_front(comparison: Comparison) -> None:
    assert comparison.fronts == ()
    assert fronts_table(comparison) is None


def test_a_run_infinitely_far_away_has_no_measure(compared: Comparison) -> None:
    from dataclasses import replace

    def far(point):
        return replace(point, change=point.change | {"rhit": np.inf})

    rows = [
        replace(r, points=(far(r.points[0]), *r.points[1:])) if "rev" in r.label else r
        for r in compared.rows
    ]
    found = next(each for each in fronts(rows, compared.imp_over, 0.0) if not each.is_single)
    assert np.isnan(found.hv.value)
    assert found.hv.sd is None


def test_the_reference_moves_every_volume(made: Shelf, compared: Comparison, front: Front) -> None:
    from_base = compare(load(made.metrics), ReportConfig(resamples=99, reference=1.0)).fronts
    other = next(each for each in from_base if not each.is_single)
    sets = [points(made, compared.imp_over, seed, tuple(WISHES)) - 1 for seed in SEEDS]
    assert other.hv.value == pytest.approx(np.mean([volume(mine) for mine in sets]), abs=1e-12)
    assert other.hv.value < front.hv.value
    assert other.igd_plus == front.igd_plus


def test_bands_hold_what_the_seeds_attain(made: Shelf, front: Front) -> None:
    """A run of one seed is attained by one; where every seed has a run as good, by all."""
    for name, sign in (("rhit", 1), ("pop_kl", -1)):
        runs = {
            seed: [Naive(made.root / "metrics" / f"{w}-s{seed}-test").metrics() for w in WISHES]
            for seed in SEEDS
        }
        for level, needed in (("one", 1), ("half", 2), ("all", 3)):
            corners = front.bands[name][level]
            assert [hit for hit, _ in corners] == sorted(hit for hit, _ in corners)
            for hit, value in corners:
                having = [
                    any(
                        r["hit"] >= hit - 1e-12 and sign * r[name] >= sign * value - 1e-12
                        for r in mine
                    )
                    for mine in runs.values()
                ]
                assert sum(having) >= needed
                # Nothing a little better on either axis is attained by so many.
                for more, gain in ((1e-9, 0), (0, 1e-9)):
                    better = [
                        any(
                            r["hit"] >= hit + more and sign * (r[name] - value) >= gain - 1e-15
                            for r in mine
                        )
                        for mine in runs.values()
                    ]
                    assert more == 0 or sum(better) < needed or len(corners) > 1


def test_stairs_by_hand() -> None:
    found = stairs(np.array([1.0, 2.0]), np.array([5.0, 3.0]), left=0.0, bottom=-1.0)
    assert found.tolist() == [[0, 5], [1, 5], [1, 3], [2, 3], [2, -1]]


def panel(compared: Comparison, name: str) -> Figure:
    return next(figure for figure in figures(compared) if figure.name == name)


@pytest.mark.parametrize(("name", "key"), [("pareto-rhit", "rhit"), ("pareto-pop-kl", "pop_kl")])
def test_the_band_is_drawn_and_in_the_data(
    compared: Comparison, front: Front, name: str, key: str
) -> None:
    figure = panel(compared, name)
    scale = 1 if key == "pop_kl" else 100
    for level in ("one", "half", "all"):
        own = [n for n, kind in enumerate(figure.data["kind"]) if kind == f"attained by {level}"]
        drawn = [(figure.data["hit"][n], figure.data[key][n]) for n in own]
        wanted = [(100 * hit, scale * value) for hit, value in front.bands[key][level]]
        assert np.array(drawn) == pytest.approx(np.array(wanted))
    axes = pareto(figure, styles(labels(compared))).axes[0]
    (line,) = [line for line in axes.lines if line.get_zorder() == 2]
    half = front.bands[key]["half"]
    x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    for hit, value in half:
        assert np.isclose(x, 100 * hit).any()
        assert np.isclose(y, scale * value).any()
    assert "band" in figure.caption


def test_a_front_is_one_entry_of_the_legend(compared: Comparison) -> None:
    canvas = pareto(panel(compared, "pareto-rhit"), styles(labels(compared)))
    assert {text.get_text() for text in canvas.legends[0].get_texts()} == {
        "base",
        "continue",
        "morec",
    }


def test_tables_and_files(made: Shelf, compared: Comparison, tmp_path: Path) -> None:
    table = fronts_table(compared)
    assert table
    head = [column.header for column in table.columns]
    assert head == ["Settings", "Front of", "HV ↑", "HV valid ↑", "IGD+ ↓", "Spread ↑"]
    rows = {row.label: [cell.text for cell in row.cells] for row in table.rows}
    assert rows["morec"][0] == "4"
    assert rows["continue"][0] == "1"
    assert "(" in rows["morec"][2]
    cost = budgets_table(compared)
    assert cost
    spent = {row.label: [cell.text for cell in row.cells] for row in cost.rows}
    assert spent["morec"][:4] == ["12", "144", "—", "12"]
    assert spent["continue"][:2] == ["3", "36"]
    path = build(CONFIG, made.metrics, tmp_path / "shop").artifact.path
    text = (path / "report.md").read_text()
    assert "## Fronts" in text
    assert f"| morec | 4 | {' | '.join(rows['morec'][1:])}" in text.replace("**", "")
    assert r"\toprule" in (path / "fronts.tex").read_text()
    lines = (path / "fronts.csv").read_text().splitlines()
    assert lines[0].startswith("label,backbone,members,seeds,non_dominated,non_dominated_sd,hv,")
    assert len(lines) == 1 + len(compared.fronts)


def test_the_terminal_shows_fronts_only_where_there_are_some(
    compared: Comparison, comparison: Comparison, one_seed: Comparison
) -> None:
    from mobench.cli.views.report import more_lines

    lines = [str(line) for line in more_lines(compared)]
    assert any(line.startswith("Fronts, each seed by itself, mean over 3 seeds") for line in lines)
    assert max(len(part) for line in lines for part in line.split("\n")) <= 88
    assert not any("Fronts" in str(line) for line in more_lines(comparison))
    assert any("What it cost" in str(line) for line in more_lines(comparison))
    assert more_lines(one_seed) == []
