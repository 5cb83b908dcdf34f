"""The demo recipe reproduces its numbers, and would notice if there were nothing to learn."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mobench.cli import main
from mobench.data.sources import demo

pytestmark = pytest.mark.slow


def test_the_demo_recipe_gives_its_expected_values(workdir: Path, capsys) -> None:
    assert main(["reproduce", "demo"]) == 0
    out = capsys.readouterr().out
    assert "report.html" in out
    assert Path("data/reports/demo-k20/report.html").is_file()


def test_shuffled_labels_are_noticed(workdir: Path, capsys, monkeypatch) -> None:
    """Everybody's purchases dealt out anew: as many rows per user and per item, no preferences."""
    source, shuffled = demo.folder(), workdir / "shuffled"
    shutil.copytree(source, shuffled)
    table = pq.read_table(source / "interactions.parquet")
    order = np.random.default_rng(0).permutation(table.num_rows)
    items = pa.array(np.array(table.column("item_id").to_pylist(), dtype=object)[order])
    place = table.column_names.index("item_id")
    pq.write_table(table.set_column(place, "item_id", items), shuffled / "interactions.parquet")
    monkeypatch.setattr(demo, "folder", lambda: shuffled)
    assert main(["reproduce", "demo"]) == 6
    assert "outside" in capsys.readouterr().err
