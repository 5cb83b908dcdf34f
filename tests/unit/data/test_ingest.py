"""Rows through memory, through the disk, and through either engine: the same dataset."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobench.data.codes import HashingCoder
from mobench.data.ingest import ROW_BYTES, Ingest
from mobench.data.schema import REVIEWS
from mobench.data.store import OnDisk, whole
from mobench.errors import ConfigError, DataError
from tests.unit.data.make import hashes, metadata, reviews, run, write_csv, write_jsonl

ENGINES = ["numpy", *(["numba"] if find_spec("numba") else [])]


@pytest.fixture
def files(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Raw files whose rows are coded seven at a time."""
    rows = reviews(n_users=40, share=0.6)
    write_csv(workdir / "reviews.csv", [*rows, *rows[::5]])
    write_jsonl(workdir / "meta.jsonl", metadata())
    monkeypatch.setattr(HashingCoder, "chunk", 7)
    monkeypatch.setattr("mobench.data.blocks.BLOCK", 300)
    if find_spec("numba"):
        monkeypatch.setattr("mobench.data.native.NativeCoder.chunk", 7)
    return workdir


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"duplicates": "first", "tie_break": "random"},
        {"missing_price": "drop", "min_rating": 1},
        {"max_core_rounds": 1, "duplicates": "keep", "k_core": 9},
        {"user_core": 2, "item_core": 8},
    ],
)
def test_engines_and_memory_do_not_change_a_byte(
    files: Path, monkeypatch: pytest.MonkeyPatch, engine: str, values: dict[str, Any]
) -> None:
    to_disk: list[int] = []
    deal = Ingest._partition
    monkeypatch.setattr(
        Ingest, "_partition", lambda self, *a: to_disk.append(self.n_kept) or deal(self, *a)
    )
    whole_run = run("whole", engine="numpy", **values)
    assert not to_disk
    assert hashes(run("other", engine=engine, **values)) == hashes(whole_run)
    n_rows = whole_run.artifact.manifest.results["n_rows"]
    small = 1.2 * n_rows * ROW_BYTES / 1e9
    spilled = run("other", engine=engine, memory=small, **values)
    assert hashes(spilled) == hashes(whole_run)
    assert len(to_disk) == 1
    assert not (spilled.artifact.path / "rows").exists()


def test_what_is_left_must_fit(files: Path) -> None:
    with pytest.raises(DataError, match="rows are left, more than") as e:
        run(memory=1e-5)
    assert e.value.hint == "raise --memory, filter more, or use --engine spark."
    assert not Path("out").exists()
    assert not list(Path().glob("*.partial"))


ROWS = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"),
        st.sampled_from("xyz"),
        st.none() | st.sampled_from([1.0, 2.9, 3.0, 5.0]),
        st.integers(0, 9),
    ),
    max_size=50,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.integers(1, 9), st.sampled_from([1, 40, 1e9]), st.integers(1, 9))
def test_ingest_keeps_rows_and_order(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    table: list[tuple[str, str, float | None, int]],
    size: int,
    rows_in_memory: float,
    chunk: int,
) -> None:
    monkeypatch.setattr(HashingCoder, "chunk", chunk)
    frame = pl.DataFrame(table, schema=REVIEWS, orient="row")
    folder = tmp_path_factory.mktemp("rows")
    ingest = Ingest(HashingCoder(), HashingCoder(), 3.0, folder, rows_in_memory * ROW_BYTES)
    coded = ingest.take(frame.iter_slices(size))
    kept = [row for row in table if row[2] is None or row[2] >= 3]
    assert isinstance(coded.parts, OnDisk) == (len(kept) > rows_in_memory)
    rows = whole(coded.parts)
    users, items = coded.user_ids.to_list(), coded.item_ids.to_list()
    assert users == list(dict.fromkeys(row[0] for row in table))
    assert items == list(dict.fromkeys(row[1] for row in table))
    found = zip(rows.user, rows.item, rows.rating, rows.timestamp, strict=True)
    assert [
        (users[u], items[i], None if np.isnan(r) else float(np.float32(r)), t)
        for u, i, r, t in found
    ] == [(u, i, None if r is None else float(np.float32(r)), t) for u, i, r, t in kept]
    assert (coded.n_rows, coded.is_rated) == (len(table), any(r[2] is not None for r in table))


def test_numba_that_is_not_there(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="--engine numba needs numba") as e:
        run(engine="numba")
    assert e.value.hint == "install it with: pip install 'mobench[numba]'"


PEAK = """
import json, sys
from pathlib import Path
from mobench.config import PrepConfig
from mobench.data.prep import prepare
def peak():  # of this process alone: ru_maxrss begins with that of the parent
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
before = peak()
config = PrepConfig(source=("synthetic:rows=4e6,users=800000,items=100000",), k_core=6,
                    memory=float(sys.argv[1]), engine="numpy")
made = prepare(config, Path("out"), replace=Path("out").exists())
after = peak()
files = {f.path: f.sha256 for f in made.artifact.manifest.files}
print(json.dumps([(after - before) * 1024, files]))
"""


@pytest.mark.slow
def test_rows_beyond_memory_go_through_the_disk(workdir: Path) -> None:
    def peak(memory: str) -> tuple[int, dict[str, str]]:
        done = subprocess.run([sys.executable, "-c", PEAK, memory], capture_output=True, check=True)
        used, files = json.loads(done.stdout)
        return used, files

    much, one = peak("8")
    little, other = peak("0.25")
    assert one == other
    assert little < 0.85 * much
