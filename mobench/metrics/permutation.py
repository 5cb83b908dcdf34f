"""Labels swapped user by user: the headline metrics of two rankings on many swaps at once.

If it does not matter which of two rankings a user gets, run and base can be exchanged for any of
the users without changing the distribution of anything: a swap is a coin per user (Pitman, 1937;
Good, Permutation, Parametric and Bootstrap Tests, 2005). For a mean over users it flips the signs
of the differences; the other headline metrics are functions of sums over users, so that R swaps are
one product ``coins [R, U] @ gaps [U, F]`` for all metrics. The coins depend on U, R and the seed
only: the runs of several training seeds are swapped together, user by user.
"""

import numpy as np
from numpy.typing import NDArray

from mobench.metrics.resampling import Features
from mobench.seeds import Seeds

CHUNK_BYTES = 2**25
"""Memory for the coins in work."""

Vector = NDArray[np.float64]
Values = dict[str, Vector]


def swapped(run: Features, base: Features, resamples: int, seed: int) -> tuple[Values, Values]:
    """Return the headline metrics of run and base, first as they are, then under R swaps.

    Args:
        run: Features of a ranking.
        base: Features of another one of the same users, in the same order.
        resamples: R, at least 1.
        seed: Equal for rankings that are to be swapped together.

    Returns:
        Two mappings of arrays ``[1 + R]`` by name, keys as in ``HEADLINE``.
    """
    moved = _moved(base.per_user - run.per_user, resamples, seed)
    return (
        run.statistic(run.per_user.sum(axis=0) + moved),
        base.statistic(base.per_user.sum(axis=0) - moved),
    )


def _moved(gaps: Vector, resamples: int, seed: int) -> Vector:
    """Return the sums of ``gaps [U, F]`` over the users that are swapped, ``[1 + R, F]``."""
    random = Seeds(seed).numpy("permutation")
    n_users = len(gaps)
    step = max(1, CHUNK_BYTES // (8 * n_users))
    sums = np.zeros((1 + resamples, gaps.shape[1]))
    for start in range(1, 1 + resamples, step):
        block = sums[start : start + step]
        drawn = [random.bytes(-(-n_users // 8)) for _ in block]  # a row at a time: chunks agree
        packed = np.frombuffer(b"".join(drawn), np.uint8).reshape(len(block), -1)
        block[:] = np.unpackbits(packed, axis=1, count=n_users).astype(np.float64) @ gaps
    return sums
