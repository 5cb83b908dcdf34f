"""Attainment of several fronts: what one, half or all of them reach.

A point is attained by a front if some point of the front is at least as good on every axis. The
surface between what at least k of n fronts attain and what fewer do describes fronts of several
seeds without pooling them, which would show the best of all seeds (Grunert da Fonseca, Fonseca &
Hall, EMO 2001; computed by moocore).
"""

from collections.abc import Sequence

import moocore
import numpy as np
from numpy.typing import ArrayLike, NDArray

from mobench.metrics.pareto import finite

LEVELS = ("one", "half", "all")
"""What at least one front attains (the best case), at least half (the median), all (the worst)."""


def attained(
    fronts: Sequence[ArrayLike], maximise: tuple[bool, bool]
) -> dict[str, NDArray[np.float64]]:
    """Return the corners of the attainment surfaces over two axes.

    Args:
        fronts: A set of points per seed, ``[N, 2]`` each, finite; at least one set, none empty.
        maximise: Direction of each axis.

    Returns:
        By level of ``LEVELS`` the corners ``[V, 2]``, the first axis rising: everything that is no
        better on both axes than one of the corners is attained by so many fronts.

    Raises:
        DataError: A value is not finite (moocore would skip that point in silence).
    """
    signs = np.where(maximise, -1.0, 1.0)  # moocore minimises here
    sets = [finite(front) * signs for front in fronts]
    owner = np.repeat(np.arange(len(sets)), [len(each) for each in sets])
    wanted = {"one": 1, "half": -(-len(sets) // 2), "all": len(sets)}
    # Just below k / n, since a percentile is rounded up to the next number of sets.
    shares = {level: 100 * (count - 0.5) / len(sets) for level, count in wanted.items()}
    points = np.concatenate(sets)
    found = {
        level: moocore.eaf(points, owner, percentiles=[share])[:, :2] * signs
        for level, share in shares.items()
    }
    return {level: corners[np.argsort(corners[:, 0])] for level, corners in found.items()}
