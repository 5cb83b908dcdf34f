"""Rows of delimited text that go on over several lines, in a quoted field (RFC 4180).

A stray quote must not swallow the rows after it. So a row goes on only from a line with an odd
number of quotes to the next such line, and only if all of these hold; else the first of its lines
stands alone, as if nothing followed, and reading goes on at the next:

1. Joined, they are as many fields as the header has, with quotes around fields only, and those
   inside doubled (in a row of one line a quote may stand in a field that does not begin with one).
2. They are at most ``LINES`` lines and ``SIZE`` bytes.
3. None of them could be a row itself, or the last begin one (``RecordRule``).
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from mobench.data.blocks import Block
from mobench.data.records import RecordRule
from mobench.data.schema import Rejected

LINES = 1000
SIZE = 4 << 20
"""The longest row, in lines and in bytes; one line may have as many bytes (``BLOCK``)."""
JOINT = b"\x02"
"""What stands in a joined row for the line breaks in it."""
PIECE = 1 << 20
"""Bytes looked at together, a multiple of 64: twice as fast as all of a block."""
_BREAKS = bytes.maketrans(b"\r\n", JOINT * 2)
_QUOTE, _NEWLINE = ord('"'), ord("\n")


def joined(
    blocks: Iterable[Block | Rejected], rule: RecordRule | None
) -> Iterator[Block | Rejected]:
    """Yield blocks in which every row is one line, wherever their borders were.

    Args:
        blocks: A file below its header.
        rule: What a row looks like; ``None`` where a row is always a line.
    """
    held: Block | None = None
    for block in blocks:
        if rule is None or isinstance(block, Rejected):
            if held:  # no row goes on behind what cannot be read
                yield held
            held = None
            yield block
            continue
        if held:
            block = Block(held.data + block.data, held.line)
        whole, held = _joined(block, rule) if _is_odd(block.data) else (block, None)
        if whole.data:
            yield whole
    if held:
        yield held


def joined_lines(head: bytes, rule: RecordRule | None) -> list[bytes]:
    """Return the rows of a text, each without its end."""
    text = head if head.endswith(b"\n") or not head else head + b"\n"
    blocks = joined([Block(text, 1)], rule)
    lines = (line for one in blocks if isinstance(one, Block) for _, line in one.lines())
    return [line.removesuffix(b"\r") for line in lines]


def odd_lines(data: bytes, carried: int = 0) -> tuple[NDArray[np.bool_], NDArray[np.intp], int]:
    """Return which lines have an odd number of quotes, where they end, and the quotes after them.

    Args:
        data: Lines; the last may lack its end.
        carried: Quotes of the first line before ``data``.
    """
    chars = np.frombuffer(data, np.uint8)
    marks = np.flatnonzero((chars == _QUOTE) | (chars == _NEWLINE))
    ends = np.flatnonzero(chars[marks] == _NEWLINE)
    counts = np.diff(ends, prepend=-1) - 1
    if not len(ends):
        return counts != 0, marks[ends], carried + len(marks)
    counts[0] += carried
    return counts % 2 == 1, marks[ends], len(marks) - 1 - int(ends[-1])


def _is_odd(data: bytes) -> bool:
    """Return whether a line has an odd number of quotes.

    A bit stands for each character. Six XORs leave in each bit of a word whether the quotes up to
    there are odd, and a running XOR over the last bits what the words before make of that.
    """
    if b'"' not in data:
        return False
    is_open = False
    for start in range(0, len(data), PIECE):
        chars = np.frombuffer(data, np.uint8)[start : start + PIECE]
        is_inside = _bits(chars == _QUOTE)
        for step in (1, 2, 4, 8, 16, 32):
            is_inside ^= is_inside << np.uint64(step)
        before = np.bitwise_xor.accumulate(is_inside >> np.uint64(63))
        is_inside[1:] ^= np.negative(before[:-1])
        if is_open:
            is_inside = ~is_inside
        if (is_inside & _bits(chars == _NEWLINE)).any():
            return True
        is_open = bool(is_inside[-1] >> np.uint64(63))
    return False


def _bits(mask: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return a mask in words of 64 bits, the first of it in the lowest bit."""
    packed = np.packbits(mask, bitorder="little")
    return np.pad(packed, (0, -len(packed) % 8)).view("<u8")


def _joined(block: Block, rule: RecordRule) -> tuple[Block, Block | None]:
    """Return the block with its rows joined, and the lines that may be the beginning of a row."""
    is_odd, ends, _ = odd_lines(block.data)
    lines, stops = np.flatnonzero(is_odd).tolist(), ends[is_odd].tolist()
    starts = np.append(0, ends[:-1] + 1)[is_odd].tolist()
    # most lines of prose have fewer separators than a row, and need no second look
    is_full = _counts(block.data, rule.separator, ends) >= rule.n_fields - 1
    n_full = np.cumsum(is_full)[is_odd].tolist()
    n_before: list[int] = (np.cumsum(is_full) - is_full)[is_odd].tolist()
    held: Block | None = None
    rows, n = [], 0
    while n < len(lines) - 1:
        text = block.data[starts[n] : stops[n + 1]].removesuffix(b"\r")
        is_short = lines[n + 1] - lines[n] < LINES and len(text) <= SIZE
        if (
            is_short
            and rule.is_well_formed(text)
            and (n_full[n + 1] == n_before[n] or not rule.holds_a_row(text))
        ):
            rows.append((starts[n], text))
            n += 1
        n += 1
    if n < len(lines) and len(ends) - lines[n] < LINES and len(block.data) - starts[n] < SIZE:
        block, held = block.cut(starts[n])
    return _flat(block, rows), held


def _counts(data: bytes, char: str, ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return how often a character occurs in each line."""
    places = np.flatnonzero(np.frombuffer(data, np.uint8) == ord(char))
    return np.diff(np.searchsorted(places, ends), prepend=0)


def _flat(block: Block, rows: list[tuple[int, bytes]]) -> Block:
    """Return the block with rows, each with the byte where it begins, as one line each."""
    if not rows:
        return block
    data = bytearray(block.data)
    for start, text in rows:
        data[start : start + len(text)] = text.translate(_BREAKS)
    return Block(bytes(data), block.line, block.data)
