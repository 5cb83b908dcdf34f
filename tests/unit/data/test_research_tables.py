"""MovieLens-100K in its own layout and in RecBole's: published counts, and the same rows."""

from pathlib import Path

import polars as pl
import pytest

from mobench.config import PrepConfig
from mobench.data.blocks import read_head
from mobench.data.files import SourceFile
from mobench.data.prep import Prepared, prepare
from mobench.data.schema import Rejects
from mobench.data.sources import SOURCES

pytestmark = pytest.mark.data
LAYOUTS = {
    "movielens-100k": ("u.data", "u.item"),
    "recbole": ("ml-100k.inter", "ml-100k.item"),
}


@pytest.fixture
def folder(research_data: Path) -> Path:
    folder = research_data / "movielens-100k"
    if not folder.is_dir():
        pytest.skip(f"no '{folder}'")
    return folder


def prepared(folder: Path, name: str) -> Prepared:
    reviews, meta = LAYOUTS[name]
    config = PrepConfig(source=(str(folder / reviews),), meta=(str(folder / meta),))
    return prepare(config, Path(name))


@pytest.mark.parametrize("name", LAYOUTS)
def test_rows(folder: Path, name: str) -> None:
    """All rows of the file, against a plain reading, with ties in time for every user."""
    path = folder / LAYOUTS[name][0]
    file, rejects = SourceFile("reviews", path, path.name), Rejects()
    unit = SOURCES[name].check_reviews(file, read_head(file))
    frame = pl.concat(SOURCES[name].read_reviews(file, unit, rejects))
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    rows = [(u, i, float(r), 1000 * int(t)) for u, i, r, t in lines[-100_000:]]
    assert (unit, len(rejects), frame.rows()) == ("s", 0, rows)
    tied = frame.group_by("user").agg(pl.col("timestamp").is_duplicated().any())["timestamp"]
    assert (tied.len(), tied.sum()) == (943, 943)


@pytest.mark.parametrize("name", LAYOUTS)
def test_counts(folder: Path, workdir: Path, name: str) -> None:
    results = prepared(folder, name).artifact.manifest.results
    funnel = pl.read_parquet(f"{name}/funnel.parquet").rows()
    assert funnel[0] == ("read", 100_000, 943, 1_682)
    assert funnel[-1][1:] == (81_697, 943, 1_203)
    assert results["format"] == name
    assert results["rejected"] == {}


def test_both_layouts_hold_the_same_interactions(folder: Path, workdir: Path) -> None:
    tables = []
    for name in LAYOUTS:
        prepared(folder, name)
        tables.append(pl.read_parquet(f"{name}/interactions.parquet"))
    assert tables[0].equals(tables[1])
    assert tables[0].height == 81_697


def test_films_have_titles_and_genres_in_both(folder: Path, workdir: Path) -> None:
    categories = []  # u.item says of two films that it knows no genre
    for name in LAYOUTS:
        prepared(folder, name)
        items = pl.read_parquet(f"{name}/items.parquet")
        assert items["title"].null_count() <= 1
        assert items["price"].null_count() == items.height
        categories.append(items["category"].replace("unknown", None))
        star_wars = items.filter(pl.col("item_id") == "50").row(0, named=True)
        assert star_wars["title"].startswith("Star Wars")
        assert star_wars["category"] == "Action"
    assert categories[0].equals(categories[1])
    assert categories[0].null_count() < 2
