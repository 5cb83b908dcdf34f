"""The hot loops of an MF-BPR step in numba, an optional extra (``pip install 'mobench[numba]'``).

They do in one pass over the vectors of a batch what torch does in several, and write nothing of
size ``[B, N, D]``. Every sum has a fixed order. Letters as in ``mobench.models.base``. Codes come
unsigned: with signed ones numba allows for negative indices.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Codes = NDArray[np.uint64]
Bytes = NDArray[np.uint8]
SUMS = {"reassoc", "contract", "nsz"}
"""Freedom to sum in vector lanes; infinities and NaN stay what they are."""
ONE, THREE, SEVEN = np.uint64(1), np.uint64(3), np.uint64(7)


@njit(cache=True, nogil=True)
def settle_by_bits(
    bits: Bytes, n_items: int, owner: Codes, items: Codes, places: Codes, drawn: Codes
) -> int:
    """Put ``drawn [P]`` at ``places`` of ``items [B]``, and the places of seen pairs to the front.

    Returns:
        How many pairs are seen: those whose bit ``owner · n_items + item`` is set.
    """
    found = 0
    for p in range(len(drawn)):
        place = places[p]
        items[place] = drawn[p]
        key = owner[place] * np.uint64(n_items) + drawn[p]
        places[found] = place
        found += (bits[key >> THREE] >> (key & SEVEN)) & ONE
    return found


@njit(cache=True, nogil=True)
def settle_by_search(
    keys: Codes, starts: Codes, n_items: int,
    owner: Codes, items: Codes, places: Codes, drawn: Codes,
) -> int:  # fmt: skip
    """Do the same by binary search among the owner's keys, ``keys[starts[u] : starts[u + 1]]``."""
    found = 0
    for p in range(len(drawn)):
        place = places[p]
        items[place] = drawn[p]
        key = owner[place] * np.uint64(n_items) + drawn[p]
        low, end = starts[owner[place]], starts[owner[place] + ONE]
        high = end
        while low < high:
            middle = (low + high) >> ONE
            if keys[middle] < key:
                low = middle + ONE
            else:
                high = middle
        places[found] = place
        found += low < end and keys[low] == key
    return found


@njit(cache=True, nogil=True, fastmath=SUMS)
def score_gaps(
    users: Floats, items: Floats, user: Codes, positive: Codes, drawn: Codes, gaps: Floats
) -> None:
    """Fill ``gaps [B, N]`` with the score of each negative minus that of the positive."""
    size = users.shape[1]
    for b in range(len(user)):
        u, v = users[user[b]], items[positive[b]]
        own = np.float32(0)
        for d in range(size):
            own += u[d] * v[d]
        for n in range(drawn.shape[1]):
            w = items[drawn[b, n]]
            other = np.float32(0)
            for d in range(size):
                other += u[d] * w[d]
            gaps[b, n] = other - own


@njit(cache=True, nogil=True, fastmath=SUMS)
def add_gradients(
    users: Floats, items: Floats, user: Codes, positive: Codes, drawn: Codes,
    slopes: Floats, weights: Floats,
    of_users: Floats, of_items: Floats, touched_users: Bytes, touched_items: Bytes,
) -> None:  # fmt: skip
    """Add up the gradients of both tables; rows not touched keep what stood there.

    ``slopes [B, N]`` is the derivative of a pair's loss by its gap, ``weights [B]`` that of the
    total loss by the loss of a pair. The user's vector and its gradient stay in the cache's first
    level while the negatives pass by: half the time of working in the tables.
    """
    size = users.shape[1]
    u, du = np.empty(size, np.float32), np.empty(size, np.float32)
    for b in range(len(user)):
        owner, total = user[b], np.float32(0)
        for d in range(size):
            u[d], du[d] = users[owner, d], 0
        for n in range(drawn.shape[1] + 1):
            row, pull = positive[b], -total  # the positive comes last
            if n < drawn.shape[1]:
                row, pull = drawn[b, n], weights[b] * slopes[b, n]
                total += pull
            if not touched_items[row]:
                touched_items[row] = 1
                of_items[row, :] = 0
            for d in range(size):
                of_items[row, d] += pull * u[d]
            for d in range(size):
                du[d] += pull * items[row, d]
        if not touched_users[owner]:
            touched_users[owner] = 1
            of_users[owner, :] = 0
        for d in range(size):
            of_users[owner, d] += du[d]


@njit(cache=True, nogil=True, error_model="numpy")
def adam(
    p: Floats, m: Floats, v: Floats, g: Floats, touched: Bytes, rates: Floats, lazy: bool,
    start: int, stop: int,
) -> None:  # fmt: skip
    """Move the rows from ``start`` to ``stop`` by Adam (Kingma and Ba 2015, Algorithm 1).

    With coupled L2. The gradient of an untouched row is zero. ``lazy`` leaves the rows alone whose
    gradient is all zero. One function with the rates unpacked once, since else numba does not use
    vector instructions: twice the time.
    """
    keep1, new1, keep2, new2, pace, scale, eps, decay = rates
    size = p.shape[1]
    for row in range(start, stop):
        first = 0 if touched[row] else size
        while first < size and g[row, first] == 0:  # hardly ever further than the first
            first += 1
        if first == size:
            if lazy:
                touched[row] = 0
                continue
            g[row, :] = 0
        touched[row] = 0
        for d in range(size):
            slope = g[row, d] + decay * p[row, d]
            mean = keep1 * m[row, d] + new1 * slope
            square = keep2 * v[row, d] + new2 * slope * slope
            m[row, d], v[row, d] = mean, square
            p[row, d] -= pace * mean / (np.sqrt(square) * scale + eps)
