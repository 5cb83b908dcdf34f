"""Lists under the names that people know, written block by block."""

import errno
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mobench.config import PrepConfig
from mobench.data.lists import SUFFIXES, WRITERS, Catalogue, write_lists
from mobench.data.prep import prepare
from mobench.errors import ArtifactError, ConfigError

USERS = np.array([4, 0, 2])
ITEMS = np.array([[3, 1, -1], [0, 9, 5], [-1, -1, -1]])
SCORES = np.array([[2.0, 1.0, -np.inf], [3.0, 2.5, 2.5], [-np.inf] * 3], np.float32)


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    config = PrepConfig(source=("synthetic:rows=400,users=20,items=12,seed=1",), k_core=1)
    return Catalogue(prepare(config, tmp_path / "toy").artifact)


def read(path: Path) -> list[dict]:
    if path.suffix == ".json":
        return json.loads(path.read_text())
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    return (pl.read_csv if path.suffix == ".csv" else pl.read_parquet)(path).to_dicts()


def test_a_row_per_item_with_its_names(catalogue: Catalogue) -> None:
    found = catalogue.named(USERS, ITEMS, SCORES)
    users, items = catalogue.users["user_id"], catalogue.items
    expected = [(4, 1, 3, 2.0), (4, 2, 1, 1.0), (0, 1, 0, 3.0), (0, 2, 9, 2.5), (0, 3, 5, 2.5)]
    assert found.rows() == [
        (users[user], rank, items["item_id"][item], score, *items.row(item)[2:])
        for user, rank, item, score in expected
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_blocks_are_written_below_each_other(
    tmp_path: Path, catalogue: Catalogue, suffix: str
) -> None:
    whole = catalogue.named(USERS, ITEMS, SCORES)
    empty = catalogue.named(USERS[2:], ITEMS[2:], SCORES[2:])
    path = tmp_path / "new" / f"lists{suffix}"
    assert write_lists(path, [empty, whole[:2], empty, whole[2:], empty]) == 5
    one = tmp_path / f"one{suffix}"
    assert write_lists(one, [whole]) == 5
    assert read(path) == read(one)
    assert [row["item"] for row in read(path)] == whole["item"].to_list()
    assert write_lists(path, [empty], replace=True) == 0
    assert read(path) == []
    assert set(WRITERS) == set(SUFFIXES)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_is_whole_or_absent(tmp_path: Path, catalogue: Catalogue, suffix: str) -> None:
    def broken() -> Iterator[pl.DataFrame]:
        yield catalogue.named(USERS, ITEMS, SCORES)
        raise KeyboardInterrupt

    path = tmp_path / "out" / f"lists{suffix}"
    with pytest.raises(KeyboardInterrupt):
        write_lists(path, broken())
    assert list(path.parent.iterdir()) == []
    path.write_text("mine")
    with pytest.raises(KeyboardInterrupt):
        write_lists(path, broken(), replace=True)
    with pytest.raises(ArtifactError, match="exists"):
        write_lists(path, [])
    assert path.read_text() == "mine"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_the_disk_refuses_has_its_number(catalogue: Catalogue, suffix: str) -> None:
    """By which the command tells a full disk from a bug."""
    frame = pl.concat([catalogue.named(USERS, ITEMS, SCORES)] * 500)
    with pytest.raises(OSError, match="No space left") as caught:
        WRITERS[suffix](Path("/dev/full"), [frame, frame])
    assert caught.value.errno == errno.ENOSPC


def test_one_block_is_held_at_a_time(tmp_path: Path, catalogue: Catalogue) -> None:
    alive: list[int] = []

    def frames() -> Iterator[pl.DataFrame]:
        for _ in range(3):
            sizes = [len(path.read_bytes()) for path in tmp_path.glob("*.tmp")]
            alive.append(sum(sizes))
            yield pl.concat([catalogue.named(USERS, ITEMS, SCORES)] * 500)

    write_lists(tmp_path / "lists.jsonl", frames())
    assert alive[0] == 0 < alive[1] < alive[2]


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file to write"):
        write_lists(tmp_path / "lists", [])
