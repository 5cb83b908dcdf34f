"""Ranks and lists in one pass over the scores, in numba, an optional extra.

(``pip install 'mobench[numba]'``.) The results are those of ``selection.select`` to the last bit,
so that it may depend on anything whether this is used.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor

from mobench.evaluation.selection import GROUP, Selected

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
ZERO, ONE = np.int32(0), np.int32(1)


def select(scores: Tensor, target: Tensor, wanted: Tensor, k: int) -> Selected:
    """Do as ``selection.select`` does, for scores on the CPU."""
    n = len(scores)
    rank, tied, broken = np.empty(n, np.int32), np.empty(n, np.bool_), np.zeros(n, np.bool_)
    columns, best = np.full((n, k), -1, np.int32), np.full((n, k), -np.inf, np.float32)
    given = (scores.numpy(), target.numpy(), wanted.squeeze(1).numpy())
    arrays = (*given, rank, tied, columns, best, broken)
    threads = torch.get_num_threads()
    if threads == 1:
        _select(*arrays)
    else:
        parts = zip(*(np.array_split(array, threads) for array in arrays), strict=True)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: _select(*part), parts))
    return Selected(*map(torch.from_numpy, (rank, tied, columns, best, broken)))


@njit(cache=True, nogil=True)
def _select(
    scores: Floats, target: NDArray[np.int64], wanted: Floats,
    rank: Ints, tied: NDArray[np.bool_], columns: Ints, best: Floats, broken: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Fill the last five arrays; the lists come empty: −1 and −inf."""
    for b in range(len(scores)):
        goal, mine, low = wanted[b], target[b], best[b, -1]
        place, equal = np.int64(1), 0
        for start in range(0, scores.shape[1] // GROUP * GROUP, GROUP):
            group = scores[b, start : start + GROUP]
            above, look = ZERO, ZERO
            for j in range(GROUP):  # without a branch inside, so that it runs on many at once
                score = group[np.uint64(j)]
                above += ONE if score > goal else ZERO
                look |= np.int32((score == goal) | (not (score <= low)))
            place += above
            if look:
                for j in range(GROUP):
                    score = group[j]
                    if score == goal:
                        equal += 1
                        place += start + j < mine
                    if score > low:
                        _insert(best[b], columns[b], score, start + j)
                        low = best[b, -1]
                    elif score != score:
                        broken[b] = True
        rank[b], tied[b] = place, equal > 1


@njit(cache=True, nogil=True)
def _insert(best: Floats, columns: Ints, score: np.float32, column: int) -> None:
    """Put a score into a list in descending order, behind its equals; the last one falls out."""
    p = len(best) - 1
    while p > 0 and best[p - 1] < score:
        best[p], columns[p] = best[p - 1], columns[p - 1]
        p -= 1
    best[p], columns[p] = score, column
