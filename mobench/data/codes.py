"""Integer codes for raw ids: hash the texts, then count integers (no joins anywhere)."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Positions = NDArray[np.int64]
FACTOR = 0x9E3779B97F4A7C15
"""Odd, with half of its bits set: the upper bits of a product with it depend on all others."""


@dataclass(frozen=True)
class Coded:
    """A column of ids as codes.

    Attributes:
        codes: ``[N]`` from 0, in order of first appearance.
        ids: The id of each code.
    """

    codes: Codes
    ids: pl.Series


def encode(ids: pl.Series) -> Coded:
    """Return codes for a text column without nulls.

    A table of 64-bit hashes is many times faster than one of texts. Every text is compared with the
    one that gave its code, so two ids with equal hashes cannot become one.
    """
    codes, first = factorise(ids.hash().to_numpy())
    known = compact(ids.gather(first))  # close together, they are compared in half the time
    if not (ids == known.gather(codes)).all():
        ranks = ids.rank("dense").to_numpy().astype(np.uint64)
        codes, first = factorise(ranks)
        known = compact(ids.gather(first))
    return Coded(codes, known)


def factorise(values: NDArray[np.uint64]) -> tuple[Codes, Positions]:
    """Return codes in order of first appearance, and where each code appears first."""
    first = _first_equal(values)
    starts = np.flatnonzero(first == np.arange(len(values), dtype=np.int32))
    code = np.empty(len(values), np.int32)
    code[starts] = np.arange(len(starts), dtype=np.int32)
    return code.take(first), starts


def _first_equal(values: NDArray[np.uint64], factor: int = FACTOR) -> Codes:
    """Return the first position of each value, ``[N]``.

    Every value claims a place in a table, hashed to it by a product. Where several meet the first
    one has it, and the others claim places in a smaller table: each round settles most of them.
    """
    bits = max(len(values).bit_length() - 1, 1)
    place = ((values * np.uint64(factor)) >> np.uint64(64 - bits)).view(np.int64)
    table = np.empty(1 << bits, np.int32)  # no place is read that was not claimed
    # of several numbers assigned to one place NumPy keeps the last: here the smallest
    table[place[::-1]] = np.arange(len(values) - 1, -1, -1, dtype=np.int32)
    first = table.take(place)
    lost = np.flatnonzero(values.take(first) != values)
    if len(lost):
        again = _first_equal(values.take(lost), factor * FACTOR % 2**64)
        first[lost] = lost.take(again)
    return first


def stable_order(keys: NDArray[np.int64] | Codes) -> Positions:
    """Return what a stable ``argsort`` returns, for keys of at least 0.

    Where key and position fit into one word, sorting the words does it at a fifth of the time.
    """
    bits = len(keys).bit_length()
    if int(keys.max(initial=0)).bit_length() + bits > 63:
        return np.argsort(keys, kind="stable")
    words = keys.astype(np.int64)  # in place from here: new memory costs more than the sums
    words <<= bits
    words |= np.arange(len(keys))
    words.sort()
    words &= (1 << bits) - 1
    return words


@dataclass(frozen=True)
class Known:
    """The ids of a column that came in chunks.

    Attributes:
        ids: The id of each code, in order of first appearance.
        codes_of: For each chunk the codes of its provisional codes; ``None`` if they are the same.
    """

    ids: pl.Series
    codes_of: list[Codes] | None


class IdCoder(ABC):
    """Turns a column that comes in chunks into codes, in memory for its different ids only.

    Attributes:
        chunk: Rows that suit it.
    """

    chunk: ClassVar[int]

    @abstractmethod
    def add(self, ids: pl.Series) -> Codes:
        """Return provisional codes of the next chunk, a text column without nulls."""

    @abstractmethod
    def finish(self) -> Known:
        """Return the ids, and what the provisional codes mean."""


@dataclass
class HashingCoder(IdCoder):
    """Codes each chunk for itself, and in the end the different ids of all chunks."""

    chunk = 1 << 20  # the more rows, the fewer ids are met again in another chunk
    seen: list[pl.Series] = field(default_factory=list)

    def add(self, ids: pl.Series) -> Codes:
        """Return codes that count from 0 in every chunk."""
        coded = encode(ids)
        self.seen.append(coded.ids)
        return coded.codes

    def finish(self) -> Known:
        """Return the ids, and a map for each chunk."""
        if not self.seen:
            return Known(pl.Series(dtype=pl.String), [])
        if len(self.seen) == 1:
            return Known(self.seen[0], None)
        merged = encode(pl.concat(self.seen, rechunk=True))
        ends = np.cumsum([len(ids) for ids in self.seen])
        return Known(merged.ids, np.split(merged.codes, ends[:-1]))


def compact(texts: pl.Series) -> pl.Series:
    """Return a copy in a buffer of its own: a few texts must not keep a whole block in memory."""
    return texts + ""  # gathering shares the buffers, joining makes new ones


def first_positions(codes: Codes) -> Positions:
    """Return where each code 0 … max appears first; codes that never appear get N."""
    n = len(codes)
    first = np.full(int(codes.max(initial=-1)) + 1, n, np.int64)
    # NumPy keeps the last of several values assigned to one place: here that of the smallest row
    first[codes[::-1]] = np.arange(n - 1, -1, -1)
    return first


def renumber(codes: Codes) -> tuple[Codes, Positions]:
    """Return dense codes in order of first appearance, and the old code of each new one."""
    first = first_positions(codes)
    order = stable_order(first)
    kept = order[: np.count_nonzero(first < len(codes))]
    new = np.empty(len(first), np.int32)
    new[kept] = np.arange(len(kept), dtype=np.int32)
    return new.take(codes), kept
