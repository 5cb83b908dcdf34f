"""Text ids made from numbers, a block at a time: no table of ids however many users there are."""

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8)
PAIR_CODES = np.stack([LETTERS.repeat(32), np.tile(LETTERS, 32)], axis=1).view(np.uint16).ravel()
"""All pairs of letters: ten bits give two characters at once."""
FOUR_CODES = np.frombuffer("".join(f"{n:04d}" for n in range(10_000)).encode(), np.uint32)
"""All numbers of four digits."""
ROUND = 60
"""Bits mixed at a time: six pairs of letters."""
ODD = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def mixed(numbers: NDArray[np.int64], key: int, n_bits: int = ROUND) -> NDArray[np.uint64]:
    """Return well-mixed bits for each number; different numbers have different bits.

    A bijection of ``n_bits`` bits: multiplications by odd numbers and shifted copies by turns, as
    in the finaliser of SplitMix64 (Steele, Lea and Flood, 2014), after adding ``key``.

    Args:
        numbers: ``[N]`` in [0, 2**n_bits).
        key: What makes one mixture independent of another, at least 0.
        n_bits: 2 to 60, even.
    """
    half, mask = np.uint64(n_bits // 2), np.uint64(2**n_bits - 1)
    bits = (numbers.astype(np.uint64) + np.uint64(key % 2**n_bits)) & mask
    for odd in ODD:
        bits ^= bits >> half
        bits = bits * odd & mask
    return bits ^ (bits >> half)


def short_ids(letter: str, numbers: NDArray[np.int64], n_numbers: int) -> pl.Series:
    """Return ids such as ``u00012``, all as long as that of the largest number.

    Args:
        letter: What they begin with.
        numbers: ``[N]`` in [0, n_numbers).
        n_numbers: How many there could be.
    """
    width = max(len(str(n_numbers - 1)), 5)
    n_fours = -(-width // 4)
    digits = np.empty((len(numbers), n_fours), np.uint32)
    rest = numbers
    for place in reversed(range(n_fours)):
        rest, four = np.divmod(rest, 10_000)
        digits[:, place] = FOUR_CODES[four]
    out = np.empty((len(numbers), 1 + width), np.uint8)
    out[:, 0] = ord(letter)
    out[:, 1:] = digits.view(np.uint8)[:, -width:]
    return texts(out)


def long_ids(prefix: str, numbers: NDArray[np.int64], length: int, key: int) -> pl.Series:
    """Return ids such as ``AE7QXB2M…`` of letters and digits that show no order.

    Args:
        prefix: What they begin with.
        numbers: ``[N]``, at least 0, below 32 to the power of the characters after the prefix.
        length: Characters, an even number of them after the prefix or more than 12.
        key: Makes the ids of one seed others than those of the next.
    """
    wanted = length - len(prefix)
    n_pairs = -(-wanted // 2)
    pairs = np.empty((len(numbers), n_pairs), np.uint16)
    for first in range(0, n_pairs, ROUND // 10):
        n_bits = min(ROUND, 10 * n_pairs)
        bits = mixed(numbers, key + first, n_bits)
        for place in range(first, min(first + n_bits // 10, n_pairs)):
            pairs[:, place] = PAIR_CODES[(bits & np.uint64(1023)).view(np.int64)]
            bits >>= np.uint64(10)
    out = np.empty((len(numbers), length), np.uint8)
    out[:, : len(prefix)] = np.frombuffer(prefix.encode(), np.uint8)
    out[:, len(prefix) :] = pairs.view(np.uint8)[:, :wanted]
    return texts(out)


def texts(characters: Bytes) -> pl.Series:
    """Return each row of ``characters`` ``[N, W]`` (ASCII) as a text."""
    n, width = characters.shape
    offsets = np.arange(0, (n + 1) * width, width, dtype=np.int64)
    data = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(characters))]
    array = pa.LargeStringArray.from_buffers(n, data[1], data[2])
    return pl.Series(pl.from_arrow(array))
