"""Train, val and test; and the rule for rows of one user with one timestamp."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mobench.data.codes import Codes

TieBreak = Literal["source", "random", "basket"]
TRAIN, VAL, TEST = 0, 1, 2


@dataclass(frozen=True)
class Labels:
    """The split of sorted rows.

    Attributes:
        split: 0 train, 1 val, 2 test, ``[N]`` int8.
        tie_users: Users for whom the tie rule decided which row is test or val.
        short_users: Users with too few rows to hold any out; they stay in train.
    """

    split: NDArray[np.int8]
    tie_users: int
    short_users: int


def sort_order(
    user: Codes, timestamp: NDArray[np.int64], tie_break: TieBreak, draw: np.random.Generator
) -> NDArray[np.int64]:
    """Return the order ``[N]`` by user, then time; equal times in source order or at random."""
    if tie_break == "random":
        return np.lexsort((draw.permutation(len(user)), timestamp, user))
    return np.lexsort((timestamp, user))


def leave_one_out(user: Codes, timestamp: NDArray[np.int64], tie_break: TieBreak) -> Labels:
    """Hold out each user's last row for test and the one before for val.

    Users with fewer than three rows keep all of them in train. With ``basket`` a basket (the rows
    of one user with one timestamp) takes the place of a row: the whole last basket is test, the
    whole one before is val, each of its rows is a target of its own, and users with fewer than
    three baskets stay in train. So no basket is torn, and nothing is decided by a tie.

    Args:
        user: Codes ``[N]``, sorted.
        timestamp: Milliseconds ``[N]``, ascending per user, ties already ordered.
        tie_break: How ties were ordered.
    """
    unit = np.arange(len(user))
    if tie_break == "basket":
        unit = np.cumsum(_differs(user) | _differs(timestamp)) - 1
    owner = user[np.flatnonzero(_differs(unit))]
    from_end, n_units = _from_end(owner)
    split = np.zeros(len(owner), np.int8)
    split[(n_units >= 3) & (from_end == 1)] = VAL
    split[(n_units >= 3) & (from_end == 0)] = TEST
    ties = 0 if tie_break == "basket" else _tie_users(timestamp, from_end, n_units)
    short = int(np.count_nonzero((n_units < 3) & (from_end == 0)))
    return Labels(split[unit], ties, short)


def temporal(timestamp: NDArray[np.int64], val_from: int, test_from: int) -> Labels:
    """Cut in time: val begins at ``val_from`` and test at ``test_from`` (milliseconds)."""
    split = np.where(timestamp < val_from, TRAIN, np.where(timestamp < test_from, VAL, TEST))
    return Labels(split.astype(np.int8), 0, 0)


def _differs(values: NDArray[np.int64] | Codes) -> NDArray[np.bool_]:
    """Return whether each value differs from the one before; the first always does."""
    return np.append(np.ones(min(len(values), 1), np.bool_), values[1:] != values[:-1])


def _from_end(owner: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each position's distance from its owner's last one, and the owner's count."""
    starts = np.flatnonzero(_differs(owner))
    sizes = np.diff(np.append(starts, len(owner)))
    n_units = np.repeat(sizes, sizes)
    return np.repeat(starts + sizes, sizes) - 1 - np.arange(len(owner)), n_units


def _tie_users(
    timestamp: NDArray[np.int64], from_end: NDArray[np.int64], n_units: NDArray[np.int64]
) -> int:
    """Count users whose test row ties with the val row, or the val row with the last train row."""
    test = np.flatnonzero((from_end == 0) & (n_units >= 3))
    last, val, train = timestamp[test], timestamp[test - 1], timestamp[test - 2]
    return int(np.count_nonzero((last == val) | (val == train)))
