"""Popularity groups, and the shares of recommendations that they should get."""

import csv
import io
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mobench.data.fairness import Groups
from mobench.data.fields import to_number
from mobench.errors import DataError

SIZE_LIMIT = 1 << 20


def popularity_groups(
    n_train: NDArray[np.int32], n_groups: int, cut: Literal["items", "mass"]
) -> Groups:
    """Cut the items, most popular first (equals by code), into groups.

    ``items``: equal numbers of items, as ``numpy.array_split`` cuts. ``mass``: equal numbers of
    train rows, an item belonging where the middle of its rows falls; groups that one item skips
    over do not exist. Never more groups than items.

    Args:
        n_train: Train rows of each item ``[I]``.
        n_groups: Groups at most.
        cut: What the groups have equal shares of.
    """
    order = np.lexsort((np.arange(len(n_train)), -n_train.astype(np.int64)))
    n_groups = min(n_groups, len(n_train))
    if cut == "items":
        sizes = [len(part) for part in np.array_split(order, n_groups)]
        ordered = np.repeat(np.arange(n_groups), sizes)
    else:
        rows = n_train[order].astype(np.float64)
        middle = (np.cumsum(rows) - rows / 2) / rows.sum()
        ordered = np.minimum((middle * n_groups).astype(np.int64), n_groups - 1)
        ordered = np.unique(ordered, return_inverse=True)[1]
    group = np.empty(len(order), np.int16)
    group[order] = ordered
    labels = tuple(f"{g + 1}" for g in range(int(group.max(initial=-1)) + 1))
    return Groups(group, labels)


def target_shares(rule: str, group_rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the wanted share of each popularity group ``[G]``, sum 1.

    Args:
        rule: ``train`` (shares of the train rows), ``uniform``, or a CSV file ``group,share``.
        group_rows: Train rows of each group ``[G]``.

    Raises:
        DataError: The file is not readable, or gives no share or two to a group, or its shares do
            not sum to 1.
    """
    if rule == "train":
        return np.asarray(group_rows / group_rows.sum(), np.float64)
    if rule == "uniform":
        return np.full(len(group_rows), 1 / len(group_rows))
    return _from_file(Path(rule), len(group_rows))


def _from_file(path: Path, n_groups: int) -> NDArray[np.float64]:
    try:
        with path.open("rb") as file:
            text = file.read(SIZE_LIMIT).decode("utf-8-sig", "replace")
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror}") from error
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if not rows or [name.strip() for name in rows[0]] != ["group", "share"]:
        raise DataError(f"'{path}' has no header 'group,share'", "give one line per group below.")
    shares = np.full(n_groups, np.nan)
    for line, row in enumerate(rows[1:], 2):
        group, share = (to_number(value) for value in (*row, "", "")[:2])
        if group is None or share is None or group not in range(n_groups) or not 0 <= share <= 1:
            raise DataError(
                f"{path}, row {line}: '{','.join(row)}' is no group and share",
                f"groups are 0 to {n_groups - 1}, shares 0 to 1.",
            )
        shares[int(group)] = share
    if not abs(shares.sum() - 1) <= 1e-6:  # NaN where a group is missing
        raise DataError(
            f"'{path}' does not share 1 among the groups 0 to {n_groups - 1}",
            "give every group once, with shares that sum to 1.",
        )
    return np.asarray(shares / shares.sum(), np.float64)
