"""Coding ids in numba, an optional extra (``pip install 'mobench[numba]'``).

It gives what the NumPy way gives, in less memory: a code is what it stays, and no chunk's ids wait
for the others'. Loading numba takes half a second, the first call on a machine some seconds to
compile (kept in numba's cache), so it pays for many millions of rows.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray
from polars import CompatLevel

from mobench.data.codes import Codes, IdCoder, Known

Bytes = NDArray[np.uint8]
Table = NDArray[np.uint64]
"""Slots of 32 bits of hash and 32 bits of code + 1; 0 is an empty slot."""
LOW, ZERO, ONE = np.uint64(2**32 - 1), np.uint64(0), np.uint64(1)


@njit(cache=True, nogil=True)
def _place(table: Table, hashes: Table, n_known: int) -> None:
    """Enter the codes 0 … n_known−1 into an empty table."""
    mask = np.uint64(len(table) - 1)
    for code in range(n_known):
        slot = hashes[code] & mask
        while table[slot]:
            slot = (slot + ONE) & mask
        table[slot] = (hashes[code] & ~LOW) | np.uint64(code + 1)


@njit(cache=True, nogil=True)
def _look_up(table: Table, hashed: Table, hashes: Table, n_known: int, codes: Codes) -> int:
    """Fill ``codes`` by hash alone, enter what is new, and return the number of known texts.

    One random access a row (open addressing, linear probing, hash and code in one word).
    """
    mask = np.uint64(len(table) - 1)
    for row in range(len(hashed)):
        value = hashed[row]
        slot = value & mask
        while table[slot] and (table[slot] ^ value) > LOW:
            slot = (slot + ONE) & mask
        if not table[slot]:
            hashes[n_known] = value
            n_known += 1
            table[slot] = (value & ~LOW) | np.uint64(n_known)
        codes[row] = np.int64(table[slot] & LOW) - 1
    return n_known


@njit(cache=True, nogil=True)
def _look_up_texts(
    table: Table, hashed: Table, hashes: Table, n_known: int, codes: Codes,
    offsets: NDArray[np.int64], data: Bytes, ends: NDArray[np.int64], pool: Bytes,
) -> int:  # fmt: skip
    """Do the same when different texts share a hash: compare the texts at every step."""
    mask = np.uint64(len(table) - 1)
    for row in range(len(hashed)):
        text = data[offsets[row] : offsets[row + 1]]
        slot = hashed[row] & mask
        while table[slot]:
            code = np.int64(table[slot] & LOW) - 1
            known = pool[ends[code] : ends[code + 1]]
            if len(text) == len(known) and (text == known).all():
                break
            slot = (slot + ONE) & mask
        if not table[slot]:
            hashes[n_known] = hashed[row]
            ends[n_known + 1] = ends[n_known] + len(text)
            pool[ends[n_known] : ends[n_known + 1]] = text
            n_known += 1
            table[slot] = (hashed[row] & ~LOW) | np.uint64(n_known)
        codes[row] = np.int64(table[slot] & LOW) - 1
    return n_known


@njit(cache=True, nogil=True, inline="always")
def _copy(a: Bytes, a0: np.uint64, b: Bytes, b0: np.uint64, length: np.uint64) -> None:
    i = ZERO
    while i < length:
        a[a0 + i] = b[b0 + i]
        i += ONE


@njit(cache=True, nogil=True, inline="always")
def _differ(a: Bytes, a0: np.uint64, b: Bytes, b0: np.uint64, length: np.uint64) -> np.uint8:
    """Return 0 for equal texts; without a branch inside, so that it runs on many bytes at once."""
    difference, i = np.uint8(0), ZERO
    while i < length:
        difference |= a[a0 + i] ^ b[b0 + i]
        i += ONE
    return difference


@njit(cache=True, nogil=True)
def _agree(
    codes: Codes, n_known: int,
    offsets: NDArray[np.int64], data: Bytes, ends: NDArray[np.int64], pool: Bytes,
) -> bool:  # fmt: skip
    """Store the texts of new codes, and return whether every row has the text of its code.

    All places are unsigned: with signed ones numba allows for negative indices, at thrice the time.
    """
    for row in range(len(codes)):
        code, start = np.uint64(codes[row]), np.uint64(offsets[row])
        length = np.uint64(offsets[row + 1]) - start
        known = np.uint64(ends[code])
        if codes[row] == n_known:
            n_known += 1
            ends[n_known] = known + length
            _copy(pool, known, data, start, length)
        if np.uint64(ends[code + ONE]) - known != length:
            return False
        if _differ(pool, known, data, start, length):
            return False
    return True


def _grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Return the array, or a copy with room for ``size`` values and more."""
    if len(array) >= size:
        return array
    new = np.zeros(size + size // 2, array.dtype)
    new[: len(array)] = array
    return new


@dataclass
class NativeCoder(IdCoder):
    """One table over all chunks; a code is what it stays."""

    chunk = 1 << 18
    n_known: int = 0
    table: Table = field(default_factory=lambda: np.zeros(1 << 16, np.uint64))
    hashes: Table = field(default_factory=lambda: np.zeros(0, np.uint64))
    ends: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    pool: Bytes = field(default_factory=lambda: np.zeros(0, np.uint8))

    def add(self, ids: pl.Series) -> Codes:
        """Return codes in order of first appearance over all chunks."""
        texts = ids.rechunk().to_arrow(compat_level=CompatLevel.oldest())
        offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset :][: len(ids) + 1]
        data = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
        self._make_room(len(ids), int(offsets[-1] - offsets[0]))
        hashed, codes = ids.hash().to_numpy(), np.empty(len(ids), np.int32)
        n_known = _look_up(self.table, hashed, self.hashes, self.n_known, codes)
        if not _agree(codes, self.n_known, offsets, data, self.ends, self.pool):
            self._fill_table(len(self.table))
            entries = (self.table, hashed, self.hashes, self.n_known, codes)
            n_known = _look_up_texts(*entries, offsets, data, self.ends, self.pool)
        self.n_known = n_known
        return codes

    def _make_room(self, n_rows: int, n_bytes: int) -> None:
        """Make room for a chunk whose texts are all new; the table stays at most half full."""
        most = self.n_known + n_rows
        self.hashes = _grown(self.hashes, most)
        self.ends = _grown(self.ends, most + 1)
        self.pool = _grown(self.pool, int(self.ends[self.n_known]) + n_bytes)
        if 2 * most > len(self.table):
            self._fill_table(1 << (2 * most - 1).bit_length())

    def _fill_table(self, n_slots: int) -> None:
        self.table = np.zeros(n_slots, np.uint64)
        _place(self.table, self.hashes, self.n_known)

    def finish(self) -> Known:
        """Return the ids; the codes stay."""
        ends = self.ends[: self.n_known + 1]
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(self.pool[: ends[-1]])]
        texts = pa.Array.from_buffers(pa.large_string(), self.n_known, buffers)
        return Known(pl.Series(texts), None)
