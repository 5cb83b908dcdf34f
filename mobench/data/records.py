"""Rows of delimited text that go on over several lines, in a quoted field (RFC 4180).

A stray quote must not swallow the rows after it. So a row goes on only from a line with an odd
number of quotes to the next such line, and only if all of these hold; else the first of its lines
stands alone, as if nothing followed, and reading goes on at the next:

1. Joined, they are as many fields as the header has, with quotes around fields only, and those
   inside doubled (in a row of one line a quote may stand in a field that does not begin with one).
2. They are at most ``LINES`` lines and ``SIZE`` bytes.
3. None of them but the first could be a row itself (``RecordRule``).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mobench.data.blocks import Block
from mobench.data.clock import instant
from mobench.data.fields import BadRow, to_number
from mobench.data.prices import parse_price
from mobench.data.quotes import split_line
from mobench.data.schema import Rejected

LINES = 1000
SIZE = 4 << 20
"""The longest row, in lines and in bytes; one line may have as many bytes (``BLOCK``)."""
JOINT = b"\x02"
"""What stands in a joined row for the line breaks in it."""
_BREAKS = bytes.maketrans(b"\r\n", JOINT * 2)
_QUOTE, _NEWLINE = ord('"'), ord("\n")

Check = Callable[[str], bool]


@dataclass(frozen=True)
class RecordRule:
    """What a row looks like.

    A line could be a row if it has the right number of fields, an id where there must be one, and
    possible values in ``values``. Where ``values`` is empty, fields that begin with a blank, as
    they do behind the commas of prose, tell that it is none. In the last line of a row that goes on
    only what stands before the closing quote counts: the rest is the row's in any case.

    Attributes:
        separator: One ASCII character.
        n_fields: Fields of a row.
        ids: Places of the fields that are never blank.
        values: By place, whether a text may stand there: numbers, times, prices.
    """

    separator: str
    n_fields: int
    ids: tuple[int, ...] = ()
    values: Mapping[int, Check] = field(default_factory=dict)

    def joins(self, text: bytes) -> bool:
        """Return whether lines with an even number of quotes in all are one row."""
        if not self._pattern.fullmatch(text):
            return False
        _, *inner, last = text.split(b"\n")
        return not (any(map(self._is_row, inner)) or self._is_row(last, is_last=True))

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        separator = re.escape(self.separator)
        one = rf'(?:"(?:[^"]++|"")*+"|[^"\n{separator}]*+)'
        return re.compile(f"{one}(?:{separator}{one}){{{self.n_fields - 1}}}".encode())

    def _is_row(self, line: bytes, *, is_last: bool = False) -> bool:
        if line.count(self.separator.encode()) < self.n_fields - 1:
            return False
        try:
            text = line.removesuffix(b"\r").decode("utf-8", "replace")
            fields = split_line(text, self.separator)
        except BadRow:
            return False
        if len(fields) != self.n_fields or not all(fields[place].strip() for place in self.ids):
            return False
        if is_last:
            closed = next((n for n, text in enumerate(fields) if text.count('"') % 2), len(fields))
            if not any(place < closed for place in self.values or self.ids):
                return False
        if not self.values:
            return not any(text[:1].isspace() for text in fields)
        return all(check(fields[place]) for place, check in self.values.items())


def is_number(text: str) -> bool:
    """Return whether a text is a finite number."""
    number = to_number(text)
    return number is not None and abs(number) < np.inf


def is_time(text: str) -> bool:
    """Return whether a text is a time in any unit."""
    return is_number(text) or instant(text, "iso") is not None


def is_price(text: str) -> bool:
    """Return whether a text is a price, or blank."""
    price, note = parse_price(text)
    return price is not None or note == "missing"


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
        whole, held = _joined(block, rule) if b'"' in block.data else (block, None)
        if whole.data:
            yield whole
    if held:
        yield held


def joined_lines(head: bytes, rule: RecordRule | None) -> list[bytes]:
    """Return the rows of a text, each without its end."""
    text = head if head.endswith(b"\n") or not head else head + b"\n"
    blocks = joined([Block(text, 1)], rule)
    return [line for one in blocks if isinstance(one, Block) for _, line in one.lines()]


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


def _joined(block: Block, rule: RecordRule) -> tuple[Block, Block | None]:
    """Return the block with its rows joined, and the lines that may be the beginning of a row."""
    is_odd, ends, _ = odd_lines(block.data)
    odd = np.flatnonzero(is_odd)
    if not len(odd):
        return block, None
    starts = np.append(0, ends[:-1] + 1)[odd].tolist()
    lines, stops = odd.tolist(), ends[odd].tolist()
    held: Block | None = None
    rows, n = [], 0
    while n < len(odd) - 1:
        text = block.data[starts[n] : stops[n + 1]]
        is_short = lines[n + 1] - lines[n] < LINES and len(text) <= SIZE
        if is_short and rule.joins(text.removesuffix(b"\r")):
            rows.append((starts[n], text.removesuffix(b"\r")))
            n += 1
        n += 1
    if n < len(odd) and len(ends) - lines[n] < LINES and len(block.data) - starts[n] < SIZE:
        block, held = block.cut(starts[n])
    return _flat(block, rows), held


def _flat(block: Block, rows: list[tuple[int, bytes]]) -> Block:
    """Return the block with rows, each with the byte where it begins, as one line each."""
    if not rows:
        return block
    data = bytearray(block.data)
    for start, text in rows:
        data[start : start + len(text)] = text.translate(_BREAKS)
    return Block(bytes(data), block.line, block.data)
