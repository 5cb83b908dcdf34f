"""Rank correlation: whether one quantity grows with another, however fast."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Return Spearman's rank correlation of ``x [n]`` and ``y [n]``, in [−1, 1].

    Equal values share the mean of their ranks. ``nan`` where one of them does not vary.
    """
    first, second = (_ranks(np.asarray(each, dtype=np.float64)) for each in (x, y))
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / scale if scale > 0 else float("nan")


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place])
