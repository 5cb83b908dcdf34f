"""Integer codes for raw ids: hash the texts, then count integers (no joins anywhere)."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow.compute as pc
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Positions = NDArray[np.int64]


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

    A table over 64-bit hashes is three times faster than one over texts. Every text is compared
    with the one that gave its code, so two ids with equal hashes cannot become one.
    """
    codes = _factorise(ids.hash())
    known = ids.gather(first_positions(codes))
    if not (ids == known.gather(codes)).all():
        codes = _factorise(ids)
        known = ids.gather(first_positions(codes))
    return Coded(codes, known)


def _factorise(values: pl.Series) -> Codes:
    encoded = pc.dictionary_encode(values.rechunk().to_arrow())
    return np.asarray(encoded.indices, dtype=np.int32)


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
    order = np.argsort(first, kind="stable")
    kept = order[: np.count_nonzero(first < len(codes))]
    new = np.empty(len(first), np.int32)
    new[kept] = np.arange(len(kept), dtype=np.int32)
    return new[codes], kept


def n_distinct(codes: Codes) -> int:
    """Return the number of distinct codes."""
    return int(np.count_nonzero(np.bincount(codes)))
