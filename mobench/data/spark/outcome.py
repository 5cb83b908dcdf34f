"""What the summary says about rows and splits (``data.tables`` with DataFrames)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mobench.config import PrepConfig
from mobench.data.dataset import SPLITS
from mobench.data.spark.steps import count_rows
from mobench.errors import DataError


@dataclass(frozen=True)
class SplitCounts:
    """Numbers of a split table.

    Attributes:
        sizes: Rows of train, val and test.
        tie_users: Users for whom the tie rule decided which row is test or val.
        short_users: Users with too few rows to hold any out.
        first: The earliest time, in milliseconds.
        last: The latest.
    """

    sizes: tuple[int, ...]
    tie_users: int
    short_users: int
    first: int
    last: int


def split_counts(rows: DataFrame) -> SplitCounts:
    """Return the numbers in one pass."""
    sizes = [count_rows(F.col("split") == code) for code in range(len(SPLITS))]
    marks = [count_rows(F.col(mark)) for mark in ("tied", "short")]
    row = rows.agg(*sizes, *marks, F.min("timestamp"), F.max("timestamp")).collect()[0]
    return SplitCounts(tuple(row[: len(SPLITS)]), *row[len(SPLITS) :])


def check_sizes(counts: SplitCounts, config: PrepConfig) -> None:
    """Refuse an empty split.

    Raises:
        DataError: One is empty.
    """
    hint = "leave-one-out needs users with three rows (or three baskets)."
    if config.split == "temporal":
        hint = "move --val-from and --test-from."
    for name, count in zip(SPLITS, counts.sizes, strict=True):
        if not count:
            raise DataError(f"the {name} split is empty", hint)


def split_results(counts: SplitCounts, config: PrepConfig) -> dict[str, Any]:
    """Return what the summary says about rows, splits and ties."""
    sizes = dict(zip((f"n_{name}" for name in SPLITS), counts.sizes, strict=True))
    return {
        "n_rows": sum(counts.sizes),
        **sizes,
        "split": config.split,
        "tie_break": config.tie_break,
        "tie_users": counts.tie_users,
        "short_users": counts.short_users,
        "time_from": _date(counts.first),
        "time_to": _date(counts.last),
    }


def _date(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
