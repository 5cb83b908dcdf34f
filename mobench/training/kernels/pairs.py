"""Scores of pairs of users and items, and gradients of the tables, one pass over the vectors."""

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


@njit(cache=True, nogil=True)
def gaps(scores: Floats, found: Floats) -> None:
    """Fill ``found [B, n]`` with the score of each negative minus that of its positive.

    Here and below torch would go through a row at a time, several times as long.
    """
    for b in range(len(found)):
        for n in range(found.shape[1]):
            found[b, n] = scores[b, n + 1] - scores[b, 0]


@njit(cache=True, nogil=True, fastmath=SUMS)
def slopes_of_gaps(of_gaps: Floats, weights: Floats, slopes: Floats) -> None:
    """Fill ``slopes [B, 1 + n]``, by the scores, from those by the gaps and weights ``[B]``."""
    for b in range(len(of_gaps)):
        total, weight = np.float32(0), weights[b]
        for n in range(of_gaps.shape[1]):
            slope = weight * of_gaps[b, n]
            slopes[b, n + 1] = slope
            total += slope
        slopes[b, 0] = -total


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
