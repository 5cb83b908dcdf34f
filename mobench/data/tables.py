"""The tables of a dataset artifact as frames, and the numbers of its summary."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mobench.config import PrepConfig
from mobench.data.dataset import SPLITS
from mobench.data.funnel import Funnel
from mobench.data.plan import cut_instants
from mobench.data.split import TRAIN, Labels, leave_one_out, sort_order, temporal
from mobench.data.store import Rows
from mobench.errors import DataError
from mobench.seeds import Seeds


@dataclass(frozen=True)
class SplitRows:
    """Rows sorted by user, time and tie rule, with their split."""

    rows: Rows
    labels: Labels

    def n_train(self, codes: NDArray[np.int32], n: int) -> NDArray[np.int32]:
        """Return the train rows of each code 0 … n−1 of a column of ``rows``."""
        train = codes[self.labels.split == TRAIN]
        return np.bincount(train, minlength=n).astype(np.int32)


def split_rows(rows: Rows, config: PrepConfig) -> SplitRows:
    """Sort and split.

    Raises:
        DataError: A split would be empty.
    """
    draw = Seeds(config.seed).numpy("tie-break") if config.tie_break == "random" else None
    rows = rows.take(sort_order(rows.user, rows.timestamp, draw))
    if config.split == "temporal":
        labels = temporal(rows.timestamp, *cut_instants(config))
        hint = "move --val-from and --test-from."
    else:
        labels = leave_one_out(rows.user, rows.timestamp, config.tie_break)
        hint = "leave-one-out needs users with three rows (or three baskets)."
    for name, count in zip(SPLITS, _sizes(labels), strict=True):
        if not count:
            raise DataError(f"the {name} split is empty", hint)
    return SplitRows(rows, labels)


def interactions_table(split: SplitRows) -> pl.DataFrame:
    """Return ``interactions.parquet``; the rating is null in sources without ratings."""
    rows = split.rows
    return pl.DataFrame(
        {
            "user": rows.user,
            "item": rows.item,
            "timestamp": rows.timestamp,
            "rating": pl.Series(rows.rating.astype(np.float32), nan_to_null=True),
            "split": pl.Series(SPLITS, dtype=pl.Categorical).gather(split.labels.split),
        }
    )


def users_table(user_ids: pl.Series, n_train: NDArray[np.int32]) -> pl.DataFrame:
    """Return ``users.parquet``."""
    codes = np.arange(len(user_ids), dtype=np.int32)
    return pl.DataFrame({"user": codes, "user_id": user_ids, "n_train": n_train})


def funnel_table(funnel: Funnel) -> pl.DataFrame:
    """Return ``funnel.parquet``."""
    columns = {"rows": funnel.rows, "users": funnel.users, "items": funnel.items}
    types = {"stage": pl.String, **dict.fromkeys(columns, pl.Int64)}
    return pl.DataFrame({"stage": funnel.stage, **columns}, schema=types)


def split_results(split: SplitRows, config: PrepConfig) -> dict[str, Any]:
    """Return what the summary says about rows, splits and ties."""
    rows, labels = split.rows, split.labels
    sizes = dict(zip((f"n_{name}" for name in SPLITS), _sizes(labels), strict=True))
    return {
        "n_rows": len(rows),
        **sizes,
        "split": config.split,
        "tie_break": config.tie_break,
        "tie_users": labels.tie_users,
        "short_users": labels.short_users,
        "time_from": _date(rows.timestamp.min()),
        "time_to": _date(rows.timestamp.max()),
    }


def _sizes(labels: Labels) -> list[int]:
    return [int(n) for n in np.bincount(labels.split, minlength=len(SPLITS))]


def _date(milliseconds: np.int64) -> str:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC).isoformat(timespec="seconds")
