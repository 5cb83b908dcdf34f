"""The tables of a dataset artifact out and in, as polars frames.

Preparation gets by without Arrow's own library, which takes as long to load as it would save.
"""

import io
from collections.abc import Sequence
from typing import Literal

import polars as pl

from mobench.artifacts import Artifact, Draft
from mobench.errors import ArtifactError

LEVEL = 1
"""Of zstd: the next ones make a twentieth less of it, at three times the time."""


def write_frame(draft: Draft, name: str, frame: pl.DataFrame) -> None:
    """Write a Parquet table (zstd); it appears whole or not at all.

    It is made in memory, where it is small: what the disk refuses is then told by its number.

    Raises:
        ArtifactError: The disk is full, or does not take it.
    """
    made = io.BytesIO()
    frame.write_parquet(made, compression="zstd", compression_level=LEVEL, statistics=False)
    draft.write_bytes(name, made.getbuffer(), frame.height)


def as_csv(
    frame: pl.DataFrame, *, header: bool, separator: str = ",", quoted: bool = True
) -> memoryview:
    """Return a table as delimited text, to be written by Python.

    Polars does not give the number of what the disk refuses.
    """
    made = io.BytesIO()
    style: Literal["necessary", "never"] = "necessary" if quoted else "never"
    frame.write_csv(made, include_header=header, separator=separator, quote_style=style)
    return made.getbuffer()


def read_frame(artifact: Artifact, name: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Return a table of an artifact.

    Raises:
        ArtifactError: The file is missing, no Parquet file, or lacks a column.
    """
    path = artifact.path / name
    try:
        return pl.read_parquet(path, columns=list(columns) if columns else None, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ArtifactError(f"'{path}' cannot be read: {error}".splitlines()[0]) from error
