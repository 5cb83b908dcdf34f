"""The published subset: exact counts, and both layouts of the same rows."""

from pathlib import Path

import polars as pl
import pytest

from mobench.config import PrepConfig
from mobench.data.prep import prepare

pytestmark = pytest.mark.data


@pytest.fixture
def folder(research_data: Path) -> Path:
    folder = research_data / "amazon-2023-electronics"
    if not folder.is_dir():
        pytest.skip(f"no '{folder}'")
    return folder


def test_electronics(folder: Path, workdir: Path) -> None:
    config = PrepConfig(
        source=(str(folder / "Electronics.csv.gz"),),
        meta=(str(folder / "meta_Electronics.jsonl.gz"),),
    )
    made = prepare(config, Path("out"))
    funnel = pl.read_parquet("out/funnel.parquet").rows()
    assert funnel[0] == ("read", 131_154, 15_266, 9_671)
    assert funnel[-1][1:] == (91_757, 10_937, 7_135)
    results = made.artifact.manifest.results
    assert (results["n_val"], results["n_test"]) == (10_937, 10_937)
    assert results["price_coverage"] == pytest.approx(0.81, abs=0.01)
    assert results["fair_level"] == "1"
    assert results["fair_labels"][0] == "Amazon Devices"
    assert results["rejected"] == {}
    assert not prepare(config, Path("out")).fresh


def test_json_lines_and_csv_hold_the_same_rows(folder: Path, workdir: Path) -> None:
    frame = pl.read_csv(folder / "Electronics.csv.gz", n_rows=20_000)
    frame.write_csv("first.csv")
    tables = []
    for source in ("first.csv", str(folder / "Electronics.first20000.jsonl.gz")):
        config = PrepConfig(
            source=(source,), meta=(str(folder / "meta_Electronics.jsonl.gz"),), k_core=3
        )
        made = prepare(config, Path("out"), replace=True)
        tables.append({entry.path: entry.sha256 for entry in made.artifact.manifest.files})
        results = made.artifact.manifest.results
        assert (results["n_rows"], results["n_users"], results["n_items"]) == (5820, 1294, 1021)
    assert tables[0] == tables[1]
