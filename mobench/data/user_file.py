"""Which users are meant: raw ids from a file, as codes of a dataset."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mobench.artifacts import Artifact
from mobench.data.frames import read_frame
from mobench.errors import DataError

NAMES = ("user_id", "user", "id")
"""What the column of ids may be called, the first that is there counts."""
LAYOUT = f"write one id a line, or a CSV or Parquet column {', '.join(NAMES)}."
SEPARATORS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True)
class Users:
    """Who is meant.

    Attributes:
        code: Codes in the order given, each once, ``[U]`` int64.
        unknown: Raw ids that the dataset does not have.
    """

    code: NDArray[np.int64]
    unknown: list[str]


def find_users(ids: Iterable[str], dataset: Artifact) -> Users:
    """Return the codes of raw ids; repeated ids count once.

    Raises:
        ArtifactError: The dataset's table of users cannot be read.
    """
    asked = pl.DataFrame({"user_id": list(ids)}, schema={"user_id": pl.String})
    known = read_frame(dataset, "users.parquet", ["user", "user_id"])
    found = asked.unique(maintain_order=True).join(
        known, on="user_id", how="left", maintain_order="left"
    )
    codes = found["user"].drop_nulls().cast(pl.Int64).to_numpy()
    return Users(codes, found.filter(pl.col("user").is_null())["user_id"].to_list())


def read_ids(path: Path) -> list[str]:
    """Return the raw ids in a file: one a line, or a column of a CSV, TSV or Parquet file.

    Raises:
        DataError: The file is missing, cannot be read, has no such column, or holds no id.
    """
    try:
        ids = _lines(path) if path.suffix not in (*SEPARATORS, ".parquet") else _column(path)
    except FileNotFoundError as error:
        raise DataError(f"'{path}' does not exist", LAYOUT) from error
    except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
        why = str(error).splitlines()[0].rstrip(".")
        raise DataError(f"'{path}' cannot be read: {why}", LAYOUT) from error
    found = [one for one in ids if one]
    if not found:
        raise DataError(f"'{path}' holds no user", LAYOUT)
    return found


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]


def _column(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path, glob=False)
    else:
        text = path.read_bytes()  # a path would be taken for a pattern
        frame = pl.read_csv(text, separator=SEPARATORS[path.suffix], infer_schema=False)
    name = next((name for name in NAMES if name in frame.columns), None)
    if name is None:
        listed = ", ".join(frame.columns) or "none"
        raise DataError(f"'{path}' has no column '{NAMES[0]}', only {listed}", LAYOUT)
    column = frame[name]
    if not (column.dtype.is_integer() or column.dtype == pl.String):
        raise DataError(f"column '{name}' of '{path}' holds {column.dtype}", LAYOUT)
    ids: list[str] = column.cast(pl.String).fill_null("").to_list()
    return ids
