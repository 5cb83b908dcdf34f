"""P-values corrected for their number."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Correction = Literal["holm", "bh"]

ROUNDING = 1e-9
"""A quotient this little below a whole number is that number."""


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, in the given order (Holm, 1979).

    The i-th smallest of m is multiplied by m − i + 1, never falls below the one before it, and is
    at most 1. Rejecting where the result is ≤ α keeps the family-wise error at α.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    scaled = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return _back(np.minimum(scaled, 1.0), order)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for the false discovery rate, in the given order.

    The i-th smallest of m is multiplied by m / i and never exceeds the one after it (Benjamini &
    Hochberg, JRSS B 1995). Rejecting where the result is ≤ α keeps the expected share of wrong ones
    among the rejections at α, for tests that are independent or positively dependent.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    least = np.minimum.accumulate(scaled[::-1])[::-1]
    return _back(np.minimum(least, 1.0), order)


def _back(ordered: NDArray[np.float64], order: NDArray[np.intp]) -> list[float]:
    """Return values in the order that they had before sorting."""
    corrected = np.empty(len(ordered))
    corrected[order] = ordered
    return [float(value) for value in corrected]


CORRECTIONS: dict[Correction, tuple[str, Callable[[Sequence[float]], list[float]]]] = {
    "holm": ("Holm", holm),
    "bh": ("Benjamini–Hochberg", benjamini_hochberg),
}
"""Name and function by setting."""


def least_corrected(floor: float, tests: int, correction: Correction) -> float:
    """Return the least corrected p that ``tests`` can give if none is below ``floor``.

    Holm: the smallest of them times their number. Benjamini–Hochberg: ``floor``, if all have it.
    """
    return min(1.0, floor * tests) if correction == "holm" else floor


def resamples_needed(alpha: float, tests: int, correction: Correction) -> int:
    """Return the fewest resamples R with which a p can be below ``alpha`` once corrected.

    Its floor is 2 / (R + 1), so R + 1 must exceed 2 / ``alpha``, times ``tests`` for Holm.
    """
    times = tests if correction == "holm" else 1
    return math.floor(2 * times / alpha + ROUNDING)
