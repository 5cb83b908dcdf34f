"""Which rows stay: minimum rating, one row per (user, item), k-core."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mobench.data.codes import Codes
from mobench.data.store import Arrays, Parts, Rows

GONE = -1
"""Stands for the codes of a dropped row."""


def rated_at_least(rows: Rows, minimum: float) -> Rows:
    """Return the rows rated at least ``minimum``, and those of sources without ratings (NaN)."""
    too_low = rows.rating < minimum
    return rows.take(~too_low) if too_low.any() else rows


def drop_repeats(rows: Rows, keep: Literal["latest", "first", "keep"]) -> Rows:
    """Return one row per (user, item): the latest (of equals the later row) or the first."""
    if keep == "keep" or not len(rows):
        return rows
    ordered = _pairs(rows)
    ordered.sort()
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if not repeated.size:
        return rows
    pair = _pairs(rows)
    among = np.flatnonzero(_may_be_in(repeated, pair))
    place = np.searchsorted(repeated, pair[among])
    among = among[repeated[np.minimum(place, len(repeated) - 1)] == pair[among]]
    among = among[np.lexsort((rows.timestamp[among], pair[among]))]
    changes = pair[among][1:] != pair[among][:-1]
    chosen = among[np.append(changes, True) if keep == "latest" else np.insert(changes, 0, True)]
    stays = np.ones(len(rows), np.bool_)
    stays[among] = False
    stays[chosen] = True
    return rows.take(stays)


def _pairs(rows: Rows) -> NDArray[np.int64]:
    """Return a number for each row, equal for equal pairs."""
    pair = rows.user.astype(np.int64)
    pair *= int(rows.item.max()) + 1
    pair += rows.item
    return pair


def _may_be_in(few: NDArray[np.int64], many: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which values are in ``few``, with some false alarms: far cheaper than a search."""
    bits = max(len(few) * 8, 1).bit_length() + 1

    def slot(values: NDArray[np.int64]) -> NDArray[np.uint64]:
        return (values.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits)

    marked = np.zeros(1 << bits, np.bool_)
    marked[slot(few)] = True
    return marked[slot(many)]


@dataclass(frozen=True)
class Edges(Arrays):
    """Rows as pairs, arrays ``[N]``; a row that is dropped stays in its place as ``GONE``."""

    TYPES: ClassVar[tuple[Any, ...]] = (np.int32, np.int32)

    user: Codes
    item: Codes

    @classmethod
    def of(cls, rows: Rows) -> "Edges":
        """Return all rows of a part."""
        return cls(rows.user.copy(), rows.item.copy())

    def left(self) -> NDArray[np.int64]:
        """Return the positions of the rows that are not dropped."""
        return np.flatnonzero(self.user != GONE)


Left = tuple[int, int, int]
"""Rows, users and items that are left."""


@dataclass(frozen=True)
class Core:
    """How a k-core was found.

    Attributes:
        left: What each of the rounds left that dropped something.
        converged: Whether another round would drop nothing.
    """

    left: tuple[Left, ...]
    converged: bool

    @property
    def rounds(self) -> int:
        """Rounds that dropped something."""
        return len(self.left)


def k_core(edges: Parts[Edges], k_user: int, k_item: int, max_rounds: int = 0) -> Core:
    """Drop users with fewer than ``k_user`` rows, then items likewise, again and again.

    Without ``max_rounds`` the result is the maximal set of rows in which everybody has enough; it
    is unique, so the order of dropping does not matter (Seidman 1983, generalised to two sides).

    Args:
        edges: The rows; those that are dropped are marked in it.
        k_user: Rows that a user needs.
        k_item: Rows that an item needs.
        max_rounds: Stop after so many rounds; 0 goes on until nothing changes.
    """
    left: list[Left] = []
    users, items = _count(edges, "user"), _count(edges, "item")
    while True:
        if _all_have(users, k_user) and _all_have(items, k_item):
            return Core(tuple(left), converged=True)
        if max_rounds and len(left) == max_rounds:
            return Core(tuple(left), converged=False)
        _drop(edges, "user", users < k_user, users, items)
        _drop(edges, "item", items < k_item, users, items)
        left.append((int(users.sum()), int((users > 0).sum()), int((items > 0).sum())))


def _count(edges: Parts[Edges], side: str) -> NDArray[np.int64]:
    """Return the rows of each code; at the end is a 0, where ``GONE`` as an index points."""
    total = np.zeros(1, np.int64)
    for part in edges:
        counts = np.bincount(getattr(part, side), minlength=len(total) - 1)
        counts[: len(total) - 1] += total[:-1]
        total = np.append(counts, 0)
    return total


def _all_have(counts: NDArray[np.int64], k: int) -> bool:
    return not ((counts > 0) & (counts < k)).any()


def _drop(
    edges: Parts[Edges],
    side: str,
    is_poor: NDArray[np.bool_],
    users: NDArray[np.int64],
    items: NDArray[np.int64],
) -> None:
    """Mark the rows of the poor, and take them off the counts: few rows after the first round."""
    is_poor[GONE] = False

    def mark(part: Edges) -> Edges:
        dropped = np.flatnonzero(is_poor.take(getattr(part, side)))
        for codes, counts in ((part.user, users), (part.item, items)):
            counts -= np.bincount(codes[dropped], minlength=len(counts))
            codes[dropped] = GONE
        return part

    edges.update(mark)
