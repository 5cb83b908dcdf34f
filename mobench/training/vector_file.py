"""The Parquet file behind ``--init-from``: its layout checked, its vectors in blocks."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mobench.errors import DataError

KINDS = ("user", "item")
COLUMNS = ("kind", "id", "vector")
LAYOUT = "write the columns kind ('user' or 'item'), id and vector (a list of numbers)."
BATCH = 8192
"""Rows of the file that are held at once besides the finished tables."""


def open_file(path: Path) -> pq.ParquetFile:
    """Open the file and check its columns.

    Raises:
        DataError: It is missing, no Parquet file, empty, or has other columns.
    """
    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError as error:
        raise DataError(f"--init-from '{path}' does not exist", LAYOUT) from error
    except (OSError, pa.ArrowInvalid) as error:
        why = str(error).splitlines()[0].rstrip(".")
        raise DataError(f"--init-from '{path}' is no Parquet file: {why}", LAYOUT) from error
    names = file.schema_arrow.names
    for column in COLUMNS:
        if column not in names:
            raise DataError(
                f"'{path}' has no column '{column}', only {', '.join(names) or 'none'}", LAYOUT
            )
    if not file.metadata.num_rows:
        raise DataError(f"'{path}' has no rows", LAYOUT)
    _check_vector_type(path, file.schema_arrow.field("vector").type)
    return file


def _check_vector_type(path: Path, kind: pa.DataType) -> None:
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    numbers = (pa.types.is_floating, pa.types.is_integer)
    if not any(is_list(kind) for is_list in lists) or not any(n(kind.value_type) for n in numbers):
        raise DataError(f"column 'vector' of '{path}' holds {kind}, not lists of numbers", LAYOUT)


def read_kinds(path: Path, found: pa.Table) -> pa.Array:
    """Return column ``kind`` as text.

    Raises:
        DataError: It holds anything but ``user`` and ``item``.
    """
    column = found.column("kind").combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise DataError(f"column 'kind' of '{path}' holds {column.type}, not text", LAYOUT)
    column = column.cast(pa.string())
    for value in pc.unique(column).to_pylist():
        if value not in KINDS:
            raise DataError(f"column 'kind' of '{path}' holds '{value}'", LAYOUT)
    return column


def read_ids(path: Path, found: pa.Table, name: str = "id") -> pa.Array:
    """Return column ``name`` of raw ids as text.

    Raises:
        DataError: It holds neither text nor integers, or nothing in some row.
    """
    column = found.column(name).combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    plain = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer)
    if not any(is_plain(column.type) for is_plain in plain):
        raise DataError(
            f"column '{name}' of '{path}' holds {column.type}", "write ids as text or integers."
        )
    if column.null_count:
        what = "an id" if name == "id" else f"a {name}" if name != "item" else "an item"
        raise DataError(f"'{path}' has {column.null_count} rows without {what}", "leave them out.")
    return column.cast(pa.string())


def blocks(
    path: Path, file: pq.ParquetFile, ids: pa.Array
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield the first row and the vectors ``[rows, D]`` of each block of the file.

    Raises:
        DataError: Vectors differ in length, are empty, or not finite.
    """
    start, width = 0, 0
    for batch in file.iter_batches(BATCH, columns=["vector"]):
        block = _matrix(path, batch.column(0), ids.slice(start, len(batch)), width)
        width = block.shape[1]
        yield start, block
        start += len(batch)


def _matrix(path: Path, vectors: pa.Array, ids: pa.Array, width: int) -> NDArray[np.float32]:
    """Return a block of vectors as ``[rows, D]``; ``width`` 0 takes that of the first."""
    lengths = pc.list_value_length(vectors).fill_null(0).to_numpy()
    width = width or int(lengths[0])
    if (bad := (lengths != width) | (lengths == 0)).any():
        at = int(np.argmax(bad))
        raise DataError(
            f"'{path}' has a vector of {lengths[at]} numbers ('{ids[at]}')"
            + (f", the first has {width}" if width else ""),
            "give every user and every item a vector of the same length.",
        )
    numbers = vectors.flatten().cast(pa.float64()).fill_null(np.nan).to_numpy()
    with np.errstate(over="ignore"):  # beyond float32 is infinite, and refused below
        block = numbers.astype(np.float32).reshape(-1, width)
    if not (fine := np.isfinite(block).all(1)).all():
        raise DataError(
            f"'{path}' has vectors that are not finite, for example that of"
            f" '{ids[int(np.argmin(fine))]}'",
            "remove NaN, infinite and missing numbers.",
        )
    found: NDArray[np.float32] = block
    return found
