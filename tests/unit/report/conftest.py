"""One set of artifacts for all tests that only read it."""

from pathlib import Path

import pytest

from mobench.config import ReportConfig
from mobench.report.compare import compare, load
from mobench.report.figures import figures
from mobench.report.palette import styles
from mobench.report.plots import draw
from mobench.report.records import Comparison
from tests.unit.report.making import Shelf, usual

CONFIG = ReportConfig(resamples=99)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Popularity, base, continue, morec, two seeds; and an invalid morec that likes dear items."""
    made = usual(tmp_path_factory.mktemp("report"))
    for seed in (1, 2):
        made.add(
            "morec",
            made.world.ranking(0.6, seed=seed, price=0.9, align=0.1),
            seed=seed,
            name=f"shop-mf-dear-s{seed}",
            train={"preference": [0.8, 0.1, 0.1]},
            valid=seed == 1,
        )
    return made


@pytest.fixture(scope="session")
def comparison(shelf: Shelf) -> Comparison:
    return compare(load(shelf.metrics), CONFIG)


@pytest.fixture(scope="session")
def drawn(comparison: Comparison) -> dict[str, str]:
    """The SVG of every figure by name."""
    style = styles([row.label for row in comparison.rows])
    return {figure.name: draw(figure, style) for figure in figures(comparison)}


@pytest.fixture(scope="session")
def one_seed(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    made = usual(tmp_path_factory.mktemp("one"), seeds=(1,))
    return compare(load(made.metrics), CONFIG)


@pytest.fixture
def empty(tmp_path: Path) -> Shelf:
    """A dataset and nothing else."""
    return Shelf(tmp_path)
