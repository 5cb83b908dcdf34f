"""Interactions as sequences: the rows of each user, side by side and in time order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobench.data.dataset import Dataset, Interactions

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Sequences:
    """The items of all users, one user after another, oldest first.

    Attributes:
        items: ``[N]`` int64.
        first: Row at which the user of each row begins, ``[N]`` int64.
        starts: Row at which each user begins, ``[U + 1]`` int64.
    """

    items: Ints
    first: Ints
    starts: Ints

    @classmethod
    def of(cls, parts: Sequence[Interactions], n_users: int) -> "Sequences":
        """Merge splits by user and time; equal times keep the order of ``parts``."""
        user, item, time = (
            np.concatenate([getattr(rows, name) for rows in parts]).astype(np.int64)
            for name in ("user", "item", "timestamp")
        )
        if len(parts) > 1:  # a single split is in this order
            order = np.lexsort((time, user))
            user, item = user[order], item[order]
        starts = np.concatenate(([0], np.cumsum(np.bincount(user, minlength=n_users))))
        return cls(item, starts[user], starts)

    def lengths(self, max_length: int) -> Ints:
        """Return how many items of history each row has, ``[N]``, at most ``max_length``."""
        return np.asarray(np.minimum(np.arange(len(self.items)) - self.first, max_length))

    def last_lengths(self, max_length: int) -> Ints:
        """Return how many last items each user has, ``[U]``, at most ``max_length``."""
        return np.minimum(np.diff(self.starts), max_length)

    def targets(self) -> Ints:
        """Return the rows that have a history, ``[V]``."""
        return np.flatnonzero(np.arange(len(self.items)) > self.first)

    def window_ends(self, max_length: int) -> Ints:
        """Return the rows of the last targets of all windows, ``[W]``.

        Every row with a history is the target of exactly one window. A user's windows are counted
        from the end of the sequence and have ``max_length`` targets, the earliest one what is left.
        """
        count = _windows(np.diff(self.starts), max_length)
        user = np.repeat(np.arange(len(count)), count)
        before = np.arange(len(user)) - np.repeat(np.cumsum(count) - count, count)
        return np.asarray(self.starts[1:][user] - 1 - max_length * (count[user] - 1 - before))


def n_windows(dataset: Dataset, max_length: int) -> int:
    """Return how many windows the train split has (see ``Sequences.window_ends``)."""
    return int(_windows(np.bincount(dataset.splits["train"].user), max_length).sum())


def _windows(lengths: Ints, max_length: int) -> Ints:
    """Return the number of windows of sequences with ``lengths [U]`` items."""
    return np.asarray(-(-np.maximum(lengths - 1, 0) // max_length))
