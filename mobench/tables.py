"""Parquet tables in and out, as NumPy columns."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from mobench.errors import ArtifactError

if TYPE_CHECKING:
    import pyarrow as pa

Columns: TypeAlias = "Mapping[str, np.ndarray | Sequence[Any] | pa.Array | pa.ChunkedArray]"


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file, read in bounded memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def short(digest: str) -> str:
    """Return a digest as people read it: its first four and last two digits."""
    return f"{digest[:4]}…{digest[-2:]}"


def as_table(columns: "Columns | pa.Table") -> "pa.Table":
    """Return an Arrow table; NumPy strings become dictionary-free UTF-8 columns."""
    import pyarrow as pa

    return columns if isinstance(columns, pa.Table) else pa.table(dict(columns))


def read_columns(path: Path, columns: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Return a Parquet table as NumPy columns (nulls: NaN in floats, ``None`` in strings).

    Raises:
        ArtifactError: The file is missing, no Parquet file, or lacks a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            table = file.read(columns=None if columns is None else list(columns))
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(f"'{path}' cannot be read: {error}".splitlines()[0]) from error
    missing = set(columns or ()) - set(table.column_names)
    if missing:
        raise ArtifactError(f"'{path}' has no column '{sorted(missing)[0]}'")
    return {name: _numpy(table.column(name)) for name in table.column_names}


def _numpy(column: "pa.ChunkedArray") -> np.ndarray:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    values: np.ndarray = column.to_numpy()
    return values
