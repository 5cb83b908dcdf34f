"""The hot loops of a step of MF in numba, an optional extra (``pip install 'mobench[numba]'``).

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
Ints = NDArray[np.int32]
Doubles = NDArray[np.float64]
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
def score(users: Floats, items: Floats, user: Codes, item: Codes, scores: Floats) -> None:
    """Fill ``scores [B, N]`` with the inner products of ``user [B]`` and ``item [B, N]``."""
    size = users.shape[1]
    for b in range(len(user)):
        u = users[user[b]]
        for n in range(item.shape[1]):
            v, total = items[item[b, n]], np.float32(0)
            for d in range(size):
                total += u[d] * v[d]
            scores[b, n] = total


@njit(cache=True, nogil=True, fastmath=SUMS)
def add_gradients(
    users: Floats, items: Floats, user: Codes, item: Codes, slopes: Floats,
    of_users: Floats, of_items: Floats, touched_users: Bytes, touched_items: Bytes,
) -> None:  # fmt: skip
    """Add up the gradients of both tables; rows not touched keep what stood there.

    ``slopes [B, N]`` is the derivative of the loss by the scores. The user's vector and its
    gradient stay in the cache's first level while the items pass by: half the time of working in
    the tables.
    """
    size = users.shape[1]
    u, du = np.empty(size, np.float32), np.empty(size, np.float32)
    for b in range(len(user)):
        owner = user[b]
        for d in range(size):
            u[d], du[d] = users[owner, d], 0
        for n in range(item.shape[1]):
            row, slope = item[b, n], slopes[b, n]
            if not touched_items[row]:
                touched_items[row] = 1
                of_items[row, :] = 0
            for d in range(size):
                of_items[row, d] += slope * u[d]
            for d in range(size):
                du[d] += slope * items[row, d]
        if not touched_users[owner]:
            touched_users[owner] = 1
            of_users[owner, :] = 0
        for d in range(size):
            of_users[owner, d] += du[d]


@njit(cache=True, nogil=True, fastmath=SUMS)
def add_products(
    rows: Codes, others: Codes, table: Floats, slopes: Floats, first: Ints, total: Doubles
) -> None:
    """Add the inner products of M gradients of a table to ``total [M, M]``, its lower half.

    The gradient of a row is a sum over the pairs that it is in, of slope times the other row. One
    row is summed up and multiplied after another, so that no gradient is ever written down.

    Args:
        rows: The row in each pair, ``[P]``.
        others: The other row, in ``table [R, D]``, ``[P]``.
        table: Where it is.
        slopes: Derivatives of the losses by the score of each pair, ``[P, M]``.
        first: Room for the first pair of each row, −1 before and after.
        total: What is added to.
    """
    n_losses, size = slopes.shape[1], table.shape[1]
    following, met = np.empty(len(rows), np.int32), 0
    distinct = np.empty(len(rows), rows.dtype)
    for p in range(len(rows) - 1, -1, -1):  # from the back: lists in the order of the pairs
        row = rows[p]
        if first[row] < 0:
            distinct[met] = row
            met += 1
        following[p] = first[row]
        first[row] = p
    sums = np.empty((n_losses, size), np.float32)
    for row in distinct[:met]:
        sums[:] = 0
        p, first[row] = first[row], -1
        while p >= 0:
            other = table[others[p]]
            for m in range(n_losses):
                slope = slopes[p, m]
                for d in range(size):
                    sums[m, d] += slope * other[d]
            p = following[p]
        for m in range(n_losses):
            for k in range(m + 1):
                product = np.float32(0)
                for d in range(size):
                    product += sums[m, d] * sums[k, d]
                total[m, k] += product


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
