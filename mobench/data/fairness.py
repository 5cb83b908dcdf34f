"""Fairness groups: categories that hold enough train rows, and ``Other``."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobench.data.catalogue import CategoryPath

OTHER = "Other"
MISSING = "(missing)"


@dataclass(frozen=True)
class Groups:
    """A partition of the items.

    Attributes:
        group: Codes ``[I]`` int16.
        labels: Name of each group ``[G]``.
    """

    group: NDArray[np.int16]
    labels: tuple[str, ...]


def category_labels(
    paths: Sequence[tuple[CategoryPath, ...]], n_train: NDArray[np.int32], level: str
) -> tuple[list[str | None], str]:
    """Return each item's category and the level it is from.

    Of several paths the first counts. A path that ends above the level gives its leaf.

    Args:
        paths: Category paths of each item ``[I]``.
        n_train: Train rows of each item ``[I]``.
        level: ``leaf``, a number from 0 (the root), or ``auto``: the first level at which no label,
            the missing one included, holds more than half of the train rows (the leaf if none).
    """
    first = [several[0] if several else () for several in paths]
    if level == "leaf":
        return _at(first, -1), level
    if level != "auto":
        return _at(first, int(level)), level
    for depth in range(max(map(len, first), default=0)):
        labels = _at(first, depth)
        if 2 * label_rows(labels, n_train)[1].max() <= n_train.sum():
            return labels, str(depth)
    return _at(first, -1), "leaf"


def _at(paths: Sequence[CategoryPath], level: int) -> list[str | None]:
    return [(p[level] if level < len(p) else p[-1]) if p else None for p in paths]


def label_rows(
    labels: Sequence[str | None], n_train: NDArray[np.int32]
) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct labels in alphabetical order, their train rows, and each item's code."""
    named = [MISSING if label is None else label for label in labels]
    names = sorted(set(named))
    index = {name: code for code, name in enumerate(names)}
    codes = np.array([index[name] for name in named], np.int64)
    rows = np.bincount(codes, weights=n_train, minlength=len(names)).astype(np.int64)
    return names, rows, codes


def fairness_groups(
    labels: Sequence[str | None], n_train: NDArray[np.int32], n_groups: int, min_share: float
) -> Groups:
    """Group items by category.

    The ``n_groups`` − 1 labels with most train rows keep their name if they hold at least
    ``min_share`` of the train rows; all others become ``Other``. If that holds less, the smallest
    kept label joins it, for a group of a few rows makes the minimum over groups pure noise. A
    missing category is a label of its own. Groups are numbered by train rows, ``Other`` last.

    Args:
        labels: Category of each item ``[I]``, ``None`` where it is missing.
        n_train: Train rows of each item ``[I]``.
        n_groups: Groups at most, ``Other`` included.
        min_share: Smallest share of a group, in [0, 1].
    """
    names, rows, codes = label_rows(labels, n_train)
    least = min_share * rows.sum()
    ranked = [c for c in np.lexsort((np.arange(len(names)), -rows)) if names[c] != OTHER]
    kept = [c for c in ranked[: n_groups - 1] if rows[c] >= least]
    others = len(kept) < len(names)
    if others and kept and rows.sum() - rows[kept].sum() < least:
        kept.pop()
    group_of = np.full(len(names), len(kept), np.int16)
    group_of[kept] = np.arange(len(kept), dtype=np.int16)
    found = tuple(names[c] for c in kept)
    return Groups(group_of[codes], (*found, OTHER) if others else found)
