"""The documented questions to a directory of results, in polars and in DuckDB, beside ours."""

import os
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mobench.artifacts import Artifact
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "benchmarks/queries.md").read_text(encoding="utf-8")
SECTIONS = TEXT.split("\n## ")[1:]
NAMES = ("best", "most", "served")
RUNS = [f"toy-mf-{method}-s1" for method in ("popularity", "base", "continue", "morec")]


def block(section: str, language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", section, re.S)
    return found.replace("DATASET", "toy")


def by_polars(section: str, name: str) -> pl.DataFrame:
    names: dict[str, Any] = {}
    exec(compile(block(section, "python"), "queries.md", "exec"), names)
    frame: pl.DataFrame = names[name]
    return frame


def by_duckdb(text: str) -> pl.DataFrame:
    duckdb = pytest.importorskip("duckdb") if not os.environ.get("CI") else __import__("duckdb")
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        cursor = connection.execute(text)
        columns = [column[0] for column in cursor.description]
        return pl.DataFrame(cursor.fetchall(), schema=columns, orient="row")


@pytest.fixture
def several(run, pipeline: Path) -> Path:
    """Another seed of the base, so that there is something to average."""
    train = "train data/datasets/toy --method base --epochs 2 --set batch_size=64 --seed 2"
    assert run(train)[0] == 0
    assert run("eval data/runs/toy-mf-base-s2 --k 5,10")[0] == 0
    return pipeline


@pytest.mark.parametrize(("section", "name"), list(zip(SECTIONS, NAMES, strict=True)), ids=NAMES)
def test_both_languages_give_the_same_rows(several: Path, section: str, name: str) -> None:
    one, two = by_polars(section, name), by_duckdb(block(section, "sql"))
    assert one.columns == two.columns
    assert one.height == two.height > 3
    for mine, theirs in zip(one.rows(), two.rows(), strict=True):
        assert mine == pytest.approx(theirs)


def test_the_best_method_is_that_of_the_manifests(several: Path) -> None:
    found = by_polars(SECTIONS[0], "best")
    rows = {(method, k): (runs, hit) for method, k, runs, hit, _ in found.rows()}
    values = [
        Artifact.open(Path(f"data/metrics/toy-mf-base-s{seed}-test")).manifest.results["metrics"]
        for seed in (1, 2)
    ]
    mean = sum(value["hit@5"] for value in values) / 2
    assert rows["toy-mf-base", 5] == (2, pytest.approx(mean))
    assert rows["toy-mf-base", 10] == (1, pytest.approx(values[1]["hit@10"]))
    assert found["width"].min() > 0


def test_popularity_recommends_the_most_popular_most(several: Path) -> None:
    found = by_polars(SECTIONS[1], "most")
    assert set(found["run"]) == {f"{name}-test" for name in [*RUNS, "toy-mf-base-s2"]}
    items = pl.read_parquet("data/datasets/toy/items.parquet")
    row = found.filter(pl.col("run") == "toy-mf-popularity-s1-test").row(0, named=True)
    assert row["n_train"] >= sorted(items["n_train"])[-5]
    assert 0 < row["share"] <= 1


def test_the_quarters_hold_all_users_and_their_hits(several: Path) -> None:
    found = by_polars(SECTIONS[2], "served")
    mine = found.filter(pl.col("run") == "toy-mf-base-s2-test")
    assert mine["quarter"].to_list() == [1, 2, 3, 4]
    assert mine["users"].to_list() == [15] * 4
    hit = Artifact.open(Path("data/metrics/toy-mf-base-s2-test")).manifest.results["metrics"]
    assert mine["hit"].mean() == pytest.approx(hit["hit@10"])
    assert mine["bought"].is_sorted()


def test_the_last_line_is_a_query_too(several: Path) -> None:
    text = re.findall(r"`(SELECT[^`]+)`", TEXT)[-1]
    assert by_duckdb(text)["seed"].n_unique() == 2
