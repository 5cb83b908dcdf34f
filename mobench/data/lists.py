"""Lists for people: codes become ids, titles and prices, and go to a file block by block."""

import io
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mobench.artifacts import Artifact
from mobench.artifacts.disk import explained
from mobench.data.frames import as_csv, read_frame
from mobench.errors import ArtifactError, ConfigError

ITEM = ["item_id", "title", "price", "category"]
SUFFIXES = (".parquet", ".csv", ".json", ".jsonl")


class Catalogue:
    """What people know users and items by.

    Args:
        dataset: The dataset.

    Raises:
        ArtifactError: A table cannot be read.
    """

    def __init__(self, dataset: Artifact) -> None:
        self.users = read_frame(dataset, "users.parquet", ["user", "user_id"]).sort("user")
        self.items = read_frame(dataset, "items.parquet", ["item", *ITEM]).sort("item")

    def named(
        self, user: NDArray[np.int64], items: NDArray[np.int64], scores: NDArray[np.float32]
    ) -> pl.DataFrame:
        """Return a row per recommended item.

        Args:
            user: Codes, ``[B]``.
            items: Codes, best first, ``[B, K]``; −1 is left out.
            scores: ``[B, K]``.

        Returns:
            Columns ``user`` and ``item`` (raw ids), ``rank`` from 1, ``score``, ``title``,
            ``price``, ``category``.
        """
        shown = items >= 0
        rank = np.broadcast_to(np.arange(1, items.shape[1] + 1, dtype=np.int32), items.shape)
        ids = self.users["user_id"].gather(np.repeat(user, shown.sum(1)))
        names = self.items[items[shown]]
        return pl.DataFrame(
            {
                "user": ids,
                "rank": rank[shown],
                "item": names["item_id"],
                "score": scores[shown],
                **{name: names[name] for name in ITEM[1:]},
            }
        )

    def all_named(
        self, blocks: Iterable[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]
    ) -> pl.DataFrame:
        """Return the rows of all blocks, none where there is no block."""
        none = (np.zeros(0, np.int64), np.zeros((0, 1), np.int64), np.zeros((0, 1), np.float32))
        return pl.concat([self.named(*none), *(self.named(*block) for block in blocks)])


def write_lists(path: Path, frames: Iterable[pl.DataFrame], *, replace: bool = False) -> int:
    """Write frames below each other to a file; it appears whole or not at all.

    Args:
        path: Its suffix says what it will be: Parquet, CSV, JSON (one array) or JSON lines.
        frames: Frames of the same columns; one is held at a time.
        replace: Whether a file that is there may be replaced.

    Returns:
        How many rows.

    Raises:
        ArtifactError: The file is there, or the disk does not take it.
        ConfigError: The suffix is none of these.
    """
    check_target(path, replace=replace)
    work = path.with_name(f"{path.name}.tmp")
    try:
        with explained(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            n_rows = WRITERS[path.suffix](work, frames)
            work.replace(path)
    finally:
        with suppress(FileNotFoundError):
            work.unlink()
    return n_rows


def check_target(path: Path, *, replace: bool) -> None:
    """Raise as ``write_lists`` would, before any work."""
    if path.suffix not in SUFFIXES:
        raise ConfigError(f"--out '{path}' is no file to write", f"end in {', '.join(SUFFIXES)}.")
    if path.is_dir() or (path.exists() and not replace):
        raise ArtifactError(f"'{path}' exists", "choose another --out, or replace it with --force.")


def _parquet(path: Path, frames: Iterable[pl.DataFrame]) -> int:
    import pyarrow.parquet as pq

    writer, n_rows = None, 0
    try:
        for frame in frames:
            table = frame.to_arrow()
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
            n_rows += frame.height
    finally:
        if writer:
            writer.close()
    return n_rows


def _csv(path: Path, frames: Iterable[pl.DataFrame]) -> int:
    n_rows = 0
    with path.open("wb") as file:
        for block, frame in enumerate(frames):
            file.write(as_csv(frame, header=block == 0))
            n_rows += frame.height
    return n_rows


def _json_lines(path: Path, frames: Iterable[pl.DataFrame]) -> int:
    n_rows = 0
    with path.open("wb") as file:
        for frame in frames:
            made = io.BytesIO()  # polars does not give the number of what the disk refuses
            frame.write_ndjson(made)
            file.write(made.getbuffer())
            n_rows += frame.height
    return n_rows


def _json(path: Path, frames: Iterable[pl.DataFrame]) -> int:
    n_rows = 0
    with path.open("wb") as file:
        file.write(b"[")
        for frame in (frame for frame in frames if frame.height):
            made = io.BytesIO()
            frame.write_ndjson(made)
            rows = b",\n".join(made.getvalue().splitlines())
            file.write((b",\n" if n_rows else b"\n") + rows)
            n_rows += frame.height
        file.write(b"\n]\n")
    return n_rows


WRITERS: dict[str, Callable[[Path, Iterable[pl.DataFrame]], int]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".json": _json,
    ".jsonl": _json_lines,
}
