"""Which rows stay: minimum rating, one row per (user, item), k-core."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mobench.data.codes import Codes, n_distinct


@dataclass(frozen=True)
class Rows:
    """Coded rows in source order, arrays ``[N]``.

    Attributes:
        user: Codes from 0, not necessarily dense.
        item: Codes from 0, not necessarily dense.
        timestamp: Milliseconds since 1970 UTC.
        rating: NaN in sources without ratings.
    """

    user: Codes
    item: Codes
    timestamp: NDArray[np.int64]
    rating: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.user)

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Rows":
        """Return some of the rows, chosen by a mask or by positions."""
        return Rows(self.user[which], self.item[which], self.timestamp[which], self.rating[which])

    def counts(self) -> tuple[int, int, int]:
        """Return the numbers of rows, users and items."""
        return len(self), n_distinct(self.user), n_distinct(self.item)


def rated_at_least(rows: Rows, minimum: float) -> Rows:
    """Return the rows with rating ≥ ``minimum``; all of them where nothing is rated."""
    if np.isnan(rows.rating).all():
        return rows
    return rows.take(rows.rating >= minimum)


def drop_repeats(rows: Rows, keep: Literal["latest", "first", "keep"]) -> Rows:
    """Return one row per (user, item): the latest (of equals the later row) or the first."""
    if keep == "keep" or not len(rows):
        return rows
    pair = rows.user.astype(np.int64) * (int(rows.item.max()) + 1) + rows.item
    ordered = np.sort(pair)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not repeated.size:
        return rows
    place = np.minimum(np.searchsorted(repeated, pair), len(repeated) - 1)
    among = np.flatnonzero(repeated[place] == pair)
    among = among[np.lexsort((rows.timestamp[among], pair[among]))]
    changes = pair[among][1:] != pair[among][:-1]
    chosen = among[np.append(changes, True) if keep == "latest" else np.insert(changes, 0, True)]
    stays = np.ones(len(rows), np.bool_)
    stays[among] = False
    stays[chosen] = True
    return rows.take(stays)


@dataclass(frozen=True)
class Core:
    """A k-core.

    Attributes:
        rows: Positions of the rows that stay, ascending, ``[M]``.
        rounds: Rounds that dropped something.
        converged: Whether another round would drop nothing.
    """

    rows: NDArray[np.int64]
    rounds: int
    converged: bool


def k_core(user: Codes, item: Codes, k_user: int, k_item: int, max_rounds: int = 0) -> Core:
    """Drop users with fewer than ``k_user`` rows, then items likewise, again and again.

    Without ``max_rounds`` the result is the maximal set of rows in which everybody has enough; it
    is unique, so the order of dropping does not matter (Seidman 1983, generalised to two sides).

    Args:
        user: Codes ``[N]``.
        item: Codes ``[N]``.
        k_user: Rows that a user needs.
        k_item: Rows that an item needs.
        max_rounds: Stop after so many rounds; 0 goes on until nothing changes.
    """
    rows = np.arange(len(user))
    rounds = 0
    while True:
        kept = _enough(user, rows, k_user)
        kept = _enough(item, kept, k_item)
        if len(kept) == len(rows):
            return Core(rows, rounds, converged=True)
        if max_rounds and rounds == max_rounds:
            return Core(rows, rounds, converged=False)
        rows, rounds = kept, rounds + 1


def _enough(codes: Codes, rows: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    present = codes[rows]
    enough = np.bincount(present) >= k
    return rows[enough[present]]
