"""Adam on the rows of a table."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@njit(cache=True, nogil=True, error_model="numpy")
def moved(
    p: float, m: float, v: float, slope: float,
    keep1: float, new1: float, keep2: float, new2: float, pace: float, scale: float, eps: float,
) -> tuple[float, float, float]:  # fmt: skip
    """Return a weight and its moments after a step."""
    mean, square = keep1 * m + new1 * slope, keep2 * v + new2 * slope * slope
    return p - pace * mean / (np.sqrt(square) * scale + eps), mean, square


@njit(cache=True, nogil=True, error_model="numpy")
def adam(
    p: Floats, m: Floats, v: Floats, g: Floats, touched: Bytes, rates: Floats, lazy: bool,
    start: int, stop: int,
) -> None:  # fmt: skip
    """Move the rows from ``start`` to ``stop`` by Adam (Kingma and Ba 2015, Algorithm 1).

    With coupled L2. The gradient of an untouched row is zero, and what stands in ``g`` is not read.
    ``lazy`` leaves the rows alone whose gradient is all zero. The rates are unpacked once, since
    else numba does not use vector instructions: twice the time.
    """
    keep1, new1, keep2, new2, pace, scale, eps, decay = rates
    size = p.shape[1]
    for row in range(start, stop):
        if lazy:
            first = 0 if touched[row] else size
            while first < size and g[row, first] == 0:  # hardly ever further than the first
                first += 1
            if first == size:
                touched[row] = 0
                continue
        if touched[row]:
            touched[row] = 0
            for d in range(size):
                p[row, d], m[row, d], v[row, d] = moved(
                    p[row, d], m[row, d], v[row, d], g[row, d] + decay * p[row, d],
                    keep1, new1, keep2, new2, pace, scale, eps,
                )  # fmt: skip
        else:
            for d in range(size):
                p[row, d], m[row, d], v[row, d] = moved(
                    p[row, d], m[row, d], v[row, d], decay * p[row, d],
                    keep1, new1, keep2, new2, pace, scale, eps,
                )  # fmt: skip
