"""The report artifact."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mobench.artifacts import Artifact
from mobench.config import ReportConfig
from mobench.errors import ArtifactError
from mobench.report.build import Built, build
from tests.unit.report.conftest import CONFIG
from tests.unit.report.making import Shelf, usual

MAIN = {"report.html", "report.md", "table.tex", "results.parquet", "results.csv"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return usual(tmp_path_factory.mktemp("build"), seeds=(1,))


@pytest.fixture(scope="module")
def built(made: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(CONFIG, made.metrics, tmp_path_factory.mktemp("reports") / "shop")


def files(path: Path) -> dict[str, bytes]:
    return {
        p.relative_to(path).as_posix(): p.read_bytes()
        for p in path.rglob("*")
        if p.is_file() and p.name != "manifest.json"
    }


def test_all_files_are_there(built: Built) -> None:
    found = files(built.artifact.path)
    assert built.fresh
    assert {name for name in found if "/" not in name} == MAIN
    drawn = {name.removesuffix(".svg") for name in found if name.endswith(".svg")}
    tables = {name.removesuffix(".csv") for name in found if name.startswith("figures/")}
    assert drawn == tables - {name for name in tables if name.endswith(".svg")}
    assert len(drawn) == 10 + 4
    built.artifact.verify()
    manifest = Artifact.open(built.artifact.path, "report").manifest
    assert [entry.role for entry in manifest.inputs] == ["metrics"] * 4 + ["run"] * 4
    assert manifest.results["verdict"] == built.comparison.verdict
    assert manifest.results["rows"] == ["popularity", "base", "continue", "morec"]
    row, numbers = built.comparison.row("morec"), manifest.results["metrics"]["morec"]
    assert numbers["min_hit@10"] == row.values["min_hit"].value
    assert (numbers["hv"], numbers["valid_point"]) == (row.hv, True)
    assert numbers["validity"] == row.validity
    assert manifest.results["metrics"]["base"]["imp"] is None


def test_same_inputs_give_the_same_bytes(made: Shelf, built: Built, tmp_path: Path) -> None:
    again = build(CONFIG, list(reversed(made.metrics)), tmp_path / "shop")
    one, two = files(built.artifact.path), files(again.artifact.path)
    assert one == two
    assert len(one) == 5 + 2 * (10 + 4)
    assert built.artifact.digest == again.artifact.digest


def test_columns_and_csv_agree(built: Built) -> None:
    path = built.artifact.path
    table = pq.read_table(path / "results.parquet").to_pydict()
    lines = (path / "results.csv").read_text().splitlines()
    assert lines[0].split(",") == list(table)
    assert table["label"] == ["popularity", "base", "continue", "morec"]
    place = list(table).index("hit@10")
    assert [float(line.split(",")[place]) for line in lines[1:]] == table["hit@10"]


def test_a_failure_leaves_no_report(made: Shelf, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="does not exist"):
        build(CONFIG, [*made.metrics, tmp_path / "metrics" / "none"], tmp_path / "shop")
    assert not (tmp_path / "shop").exists()


def test_up_to_date_taken_and_replaced(made: Shelf, built: Built) -> None:
    path = built.artifact.path
    again = build(CONFIG, made.metrics, path)
    assert not again.fresh
    assert again.comparison.verdict == built.comparison.verdict
    other = ReportConfig(resamples=49)
    with pytest.raises(ArtifactError, match=r"was made with other settings .resamples."):
        build(other, made.metrics, path)
    with pytest.raises(ArtifactError, match="was made with other inputs"):
        build(CONFIG, made.metrics[:3], path)
    assert build(other, made.metrics, path, replace=True).fresh
    assert not build(other, made.metrics, path).fresh
