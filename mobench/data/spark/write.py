"""Partitioned Parquet into the single tables of an artifact, a few row groups at a time."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mobench.artifacts import Draft
from mobench.data.dataset import SPLITS
from mobench.data.spark.regroup import ROWS, regroup

Convert = Callable[[pa.Table], pa.Table]


def write_parts(draft: Draft, name: str, parts: Iterable[Path], convert: Convert) -> None:
    """Write one Parquet table (zstd) from many; it appears whole or not at all.

    Args:
        draft: The artifact.
        name: The file in it.
        parts: Parquet files in the order of their rows, not all empty.
        convert: Makes rows of the parts into rows of the table.
    """
    temporary = draft.work / f"{name}.tmp"
    pieces = map(convert, regroup(_tables(parts)))
    first = next(pieces)
    with pq.ParquetWriter(temporary, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        n_rows = first.num_rows
        for piece in pieces:
            writer.write_table(piece)
            n_rows += piece.num_rows
    temporary.replace(draft.work / name)
    draft.rows[name] = n_rows


def interactions(rows: pa.Table) -> pa.Table:
    """Return rows of ``interactions.parquet``."""
    split = rows["split"].combine_chunks().cast(pa.uint32())  # the types that polars writes
    names = pa.DictionaryArray.from_arrays(split, pa.array(SPLITS, pa.string()))
    columns = {name: rows[name] for name in ("user", "item", "timestamp")}
    return pa.table({**columns, "rating": rows["rating"].cast(pa.float32()), "split": names})


def users(rows: pa.Table) -> pa.Table:
    """Return rows of ``users.parquet``."""
    text = rows["user_id"].cast(pa.large_string())
    return pa.table({"user": rows["user"], "user_id": text, "n_train": rows["n_train"]})


def _tables(parts: Iterable[Path]) -> Iterator[pa.Table]:
    for part in parts:
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches(ROWS):
                yield pa.Table.from_batches([batch])
