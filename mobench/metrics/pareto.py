"""Fronts of several runs: which are not dominated, how good, how near and how wide they are.

All measure a set, not a run. Hypervolumes are comparable only over the same axes and reference,
distances and widths only against the same other points.
"""

from collections.abc import Mapping, Sequence
from math import nan

import moocore
import numpy as np
from numpy.typing import ArrayLike, NDArray

from mobench.errors import DataError
from mobench.metrics.comparison import relative_change


def non_dominated(points: ArrayLike, maximise: Sequence[bool]) -> NDArray[np.bool_]:
    """Return which points no other point beats, ``[N]``; equal points stay all.

    A point is dominated if another one is at least as good on every axis and better on one.

    Args:
        points: ``[N, M]``, finite.
        maximise: Direction of each axis, ``[M]``.

    Raises:
        DataError: A value is not finite.
    """
    array = finite(points)
    if len(array) == 0:
        return np.zeros(0, dtype=bool)
    if array.shape[1] == 1:
        best = array.max() if maximise[0] else array.min()
        return np.asarray(array[:, 0] == best)
    mask = moocore.is_nondominated(array, maximise=list(maximise), keep_weakly=True)
    return np.asarray(mask, dtype=bool)


def hv_points(
    runs: Sequence[Mapping[str, float]], bases: Sequence[Mapping[str, float]], over: Sequence[str]
) -> NDArray[np.float64]:
    """Return 1 + direction-corrected relative change of each run, ``[N, len(over)]``.

    Args:
        runs: Metric values by name.
        bases: The base of each run (same seed); a base against itself is at (1, …, 1).
        over: The axes, such as ``imp_over`` gives; store them beside the value as ``hv_over``.
    """
    rows = [
        [1 + float(relative_change(name, run[name], base[name])) for name in over]
        for run, base in zip(runs, bases, strict=True)
    ]
    return np.asarray(rows, dtype=np.float64).reshape(len(rows), len(over))


def hypervolume(points: ArrayLike, reference: float = 0.0) -> float:
    """Return the volume that a set dominates above the reference, larger is better.

    On ``hv_points`` with the reference 0 the base alone has 1. A point that does not exceed the
    reference on every axis adds nothing (Zitzler & Thiele, 1998; computed by moocore).

    Args:
        points: ``[N, M]`` finite values, each axis to be maximised.
        reference: The reference point's value on every axis.

    Returns:
        At least 0; 0 for no point; ``nan`` without an axis, as Imp over nothing.

    Raises:
        DataError: A value is not finite (moocore would skip that point in silence).
    """
    array = finite(points)
    if array.shape[1] == 0:
        return nan
    if len(array) == 0:
        return 0.0
    if array.shape[1] == 1:
        return max(0.0, float(array.max()) - reference)
    return float(moocore.hypervolume(array, ref=reference, maximise=True))


def igd_plus(points: ArrayLike, pooled: ArrayLike) -> float:
    """Return how far a set falls short of a front on average, ≥ 0, smaller is better.

    IGD+ (Ishibuchi et al., EMO 2015): the mean, over the points of the front, of the distance to
    the nearest point of the set, where only axes count on which the set's point is worse. 0 if the
    set attains all of the front; a better set in the sense of Pareto never has a larger value.

    Args:
        points: The set, ``[N, M]`` finite values, each axis to be maximised.
        pooled: The front, ``[Z, M]``, such as all non-dominated points of all methods.

    Returns:
        The distance in the unit of the axes; ``nan`` without an axis or a point.

    Raises:
        DataError: A value is not finite.
    """
    mine, theirs = finite(points), finite(pooled)
    if 0 in mine.shape or 0 in theirs.shape:
        return nan
    if mine.shape[1] == 1:  # moocore wants two axes
        return float(np.maximum(theirs - mine.max(), 0).mean())
    return float(moocore.igd_plus(mine, ref=theirs, maximise=True))


def maximum_spread(points: ArrayLike, everything: ArrayLike) -> float:
    """Return how much of the width of all points the front of a set covers, larger is wider.

    The root mean square over the axes of max − min of the set's non-dominated points (Zitzler's
    maximum spread, thesis of 1999), each axis in units of max − min of all points: 1 if the front
    goes from one end to the other on every axis, 0 for one point. Axes on which nothing differs are
    left out. A wide front need not be a good one: read it beside the hypervolume.

    Args:
        points: The set, ``[N, M]`` finite values, each axis to be maximised.
        everything: All points there are, ``[Z, M]``.

    Returns:
        The width, in [0, 1] for a part of ``everything``; ``nan`` without a point, or where nothing
        differs.

    Raises:
        DataError: A value is not finite.
    """
    mine, theirs = finite(points), finite(everything)
    if 0 in mine.shape or 0 in theirs.shape:
        return nan
    front = mine[non_dominated(mine, [True] * mine.shape[1])]
    whole = np.ptp(theirs, axis=0)
    shares = np.ptp(front, axis=0)[whole > 0] / whole[whole > 0]
    return float(np.sqrt(np.mean(shares**2))) if len(shares) else nan


def finite(points: ArrayLike) -> NDArray[np.float64]:
    """Return points as an array.

    Raises:
        DataError: A value is not finite.
    """
    array = np.asarray(points, dtype=np.float64)
    broken = array[~np.isfinite(array).all(axis=1)]
    if len(broken):
        raise DataError(f"a point of the front is not finite: '{broken[0].tolist()}'")
    return array
