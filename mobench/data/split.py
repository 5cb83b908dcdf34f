"""Train, val and test; and the rule for rows of one user with one timestamp."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mobench.data.codes import Codes, stable_order

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
    user: Codes, timestamp: NDArray[np.int64], draw: "np.random.Generator | None" = None
) -> NDArray[np.int64]:
    """Return the order ``[N]`` by user, then time; equal times in source order or as drawn."""
    since = timestamp - (timestamp.min() if len(timestamp) else 0)  # small numbers sort faster
    if draw is None:
        by_time = stable_order(since)
    else:
        drawn = stable_order(draw.permutation(len(user)))
        by_time = drawn[stable_order(since[drawn])]
    return by_time.take(stable_order(user.take(by_time)))


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
    if tie_break != "basket":
        return _hold_out(user, timestamp)
    starts = np.flatnonzero(_differs(user) | _differs(timestamp))
    baskets = _hold_out(user[starts], timestamp[starts])
    split = np.repeat(baskets.split, np.diff(starts, append=len(user)))
    return Labels(split, 0, baskets.short_users)


def _hold_out(owner: Codes, timestamp: NDArray[np.int64]) -> Labels:
    """Hold out the last and the last but one of each owner's rows or baskets."""
    starts = np.flatnonzero(_differs(owner))
    sizes = np.diff(starts, append=len(owner))
    test = (starts + sizes - 1)[sizes >= 3]
    split = np.full(len(owner), TRAIN, np.int8)
    split[test - 1], split[test] = VAL, TEST
    last, val, train = timestamp[test], timestamp[test - 1], timestamp[test - 2]
    ties = int(np.count_nonzero((last == val) | (val == train)))
    return Labels(split, ties, int(np.count_nonzero(sizes < 3)))


def temporal(timestamp: NDArray[np.int64], val_from: int, test_from: int) -> Labels:
    """Cut in time: val begins at ``val_from`` and test at ``test_from`` (milliseconds)."""
    split = np.where(timestamp < val_from, TRAIN, np.where(timestamp < test_from, VAL, TEST))
    return Labels(split.astype(np.int8), 0, 0)


def _differs(values: NDArray[np.int64] | Codes) -> NDArray[np.bool_]:
    """Return whether each value differs from the one before; the first always does."""
    return np.append(np.ones(min(len(values), 1), np.bool_), values[1:] != values[:-1])
