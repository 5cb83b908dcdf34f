"""Fronts of several runs: which are not dominated, and how much space they dominate together.

Both measure a set, not a run. Hypervolumes are comparable only over the same axes and reference.
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
    array = _finite(points)
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
    array = _finite(points)
    if array.shape[1] == 0:
        return nan
    if len(array) == 0:
        return 0.0
    if array.shape[1] == 1:
        return max(0.0, float(array.max()) - reference)
    return float(moocore.hypervolume(array, ref=reference, maximise=True))


def _finite(points: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(points, dtype=np.float64)
    broken = array[~np.isfinite(array).all(axis=1)]
    if len(broken):
        raise DataError(f"a point of the front is not finite: '{broken[0].tolist()}'")
    return array
