"""Files as blocks of whole lines, in memory that the file's size does not change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mobench.data.files import SourceFile
from mobench.data.schema import TEXT_LIMIT, Rejected
from mobench.data.streams import Broken, chunks
from mobench.errors import DataError

BLOCK = 4 << 20
"""Bytes read at a time, and the longest line: anything longer is damage or an attack."""
HEAD = 1 << 18
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Block:
    """Whole lines, each ending in a newline.

    Attributes:
        data: The lines.
        line: The number of the first in the file, from 1.
        raw: The bytes of the file, where ``data`` has something else for line breaks within a row.
    """

    data: bytes
    line: int
    raw: bytes | None = None

    @cached_property
    def n_lines(self) -> int:
        """The number of lines."""
        return occurrences(b"\n", self.data)

    def lines(self, places: Iterable[int] | None = None) -> Iterator[tuple[int, bytes]]:
        """Yield lines as they are in the file, each with its number there.

        Args:
            places: Which, from 0; all by default.
        """
        if places is None:
            places = range(self.n_lines)
        if self.raw is None:
            lines = self.data.split(b"\n")
            for n in places:
                yield self.line + n, lines[n]
            return
        ends = np.flatnonzero(np.frombuffer(self.data, np.uint8) == ord("\n"))
        starts = np.append(0, ends[:-1] + 1)
        breaks = np.flatnonzero(np.frombuffer(self.raw, np.uint8) == ord("\n"))
        numbers = self.line + np.searchsorted(breaks, starts)
        for n in places:
            yield int(numbers[n]), self.raw[starts[n] : ends[n]]

    def cut(self, at: int) -> tuple["Block", "Block"]:
        """Return the lines before and after a byte, with which one of them begins."""
        raw = self.data if self.raw is None else self.raw
        n_before = occurrences(b"\n", raw[:at])
        parts = ((self.data[:at], self.line), (self.data[at:], self.line + n_before))
        if self.raw is None:
            return Block(*parts[0]), Block(*parts[1])
        return Block(*parts[0], raw[:at]), Block(*parts[1], raw[at:])


def occurrences(byte: bytes, data: bytes) -> int:
    """Return how often a byte occurs: ``data.count(byte)``, four times faster where it is often."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord(byte)))


def read_blocks(file: SourceFile) -> Iterator[Block | Rejected]:
    """Yield a file's lines; an over-long line or a broken compressed stream is one rejected row.

    Lines end in a line feed; a carriage return before it stays for the parser.

    Args:
        file: A plain, gzip or zstandard file, told apart by its first bytes, or a member of a zip.

    Raises:
        DataError: The file cannot be read.
    """
    name, tail, line, skipped = file.name, b"", file.span.line if file.span else 1, b""
    try:
        for chunk in chunks(file, BLOCK):
            if line == 1 and not tail and not skipped:
                chunk = chunk.removeprefix(BOM)
            if not skipped and len(tail) + _first_line(chunk) > BLOCK:
                skipped = (tail + chunk)[:TEXT_LIMIT]
            if skipped:
                tail, newline, chunk = b"", *chunk.partition(b"\n")[1:]
                if newline:
                    yield _rejected(name, line, f"line is longer than {BLOCK:,} bytes", skipped)
                    line, skipped = line + 1, b""
            cut = chunk.rfind(b"\n") + 1
            if not cut:
                tail += chunk
                continue
            block = Block(b"".join((tail, memoryview(chunk)[:cut])), line)  # copies but once
            yield block
            line += block.n_lines
            tail = chunk[cut:]
    except Broken as error:
        yield _rejected(name, line, str(error), skipped or tail)
        return
    if skipped:
        yield _rejected(name, line, f"line is longer than {BLOCK:,} bytes", skipped)
    elif tail:
        yield Block(tail + b"\n", line)


def below_header(
    blocks: Iterable[Block | Rejected], header_lines: int
) -> Iterator[Block | Rejected]:
    """Yield blocks without the first lines of the file."""
    for block in blocks:
        if isinstance(block, Block) and block.line <= header_lines:
            ends = np.flatnonzero(np.frombuffer(block.data, np.uint8) == ord("\n"))
            n = min(header_lines + 1 - block.line, len(ends))
            block = block.cut(int(ends[n - 1]) + 1)[1]
        if isinstance(block, Rejected) or block.data:
            yield block


def read_head(file: SourceFile) -> bytes:
    """Return the first lines of a file (at most 256 KiB), as much of them as can be read.

    A first line that is longer comes cut.

    Raises:
        DataError: The file cannot be read, or its compressed stream is broken from the beginning.
    """
    head = b""
    try:
        for chunk in chunks(replace(file, span=None), HEAD):
            head += chunk
            if len(head) >= HEAD:
                break
    except Broken as error:
        if not head:
            message = f"'{file.name}' holds no readable line: {error}"
            raise DataError(message, error.hint) from error
    is_whole = len(head) < HEAD
    head = head[:HEAD].removeprefix(BOM)
    return head if is_whole else head[: head.rfind(b"\n") + 1] or head


def _first_line(data: bytes) -> int:
    """Return the length of the first line, or of what there is of it."""
    end = data.find(b"\n")
    return len(data) if end < 0 else end


def _rejected(file: str, line: int, reason: str, text: bytes) -> Rejected:
    return Rejected(file, line, reason, text[:TEXT_LIMIT].decode("utf-8", "replace"), reason)
