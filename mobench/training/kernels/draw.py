"""Puts drawn negatives in place, and says which of them are to be drawn again."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Codes = NDArray[np.uint64]
Bytes = NDArray[np.uint8]
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
