"""Files as blocks of whole lines, plain or gzip, in memory that the file's size does not change."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mobench.data.files import SourceFile
from mobench.data.schema import TEXT_LIMIT, Rejected
from mobench.errors import DataError

BLOCK = 4 << 20
"""Bytes read at a time, and the longest line: anything longer is damage or an attack."""
HEAD = 1 << 18
GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Block:
    """Whole lines, each ending in a newline; the first is line ``line`` (from 1) of the file."""

    data: bytes
    line: int


class _Broken(Exception):
    """The gzip stream cannot be read any further."""


def read_blocks(file: SourceFile) -> Iterator[Block | Rejected]:
    """Yield a file's lines; an over-long line or a broken gzip stream is one rejected row.

    Args:
        file: A plain or gzip file, told apart by its first bytes.

    Raises:
        DataError: The file cannot be read.
    """
    name, tail, line, skipped = file.name, b"", 1, b""
    try:
        for chunk in _chunks(file.path, BLOCK):
            data = tail + chunk if tail or skipped or line > 1 else chunk.removeprefix(BOM)
            if not skipped and len(data) > BLOCK and data.find(b"\n", 0, BLOCK + 1) < 0:
                skipped = data[:TEXT_LIMIT]
            if skipped:
                _, newline, data = data.partition(b"\n")
                if newline:
                    yield _rejected(name, line, f"line is longer than {BLOCK:,} bytes", skipped)
                    line, skipped = line + 1, b""
            cut = data.rfind(b"\n") + 1
            if cut:
                yield Block(data[:cut], line)
                line += data.count(b"\n", 0, cut)
            tail = data[cut:]
    except _Broken as error:
        yield _rejected(name, line, str(error), skipped or tail)
        return
    if skipped:
        yield _rejected(name, line, f"line is longer than {BLOCK:,} bytes", skipped)
    elif tail:
        yield Block(tail + b"\n", line)


def read_head(file: SourceFile) -> bytes:
    """Return the first lines of a file (at most 256 KiB), as much of them as can be read.

    Raises:
        DataError: The file cannot be read.
    """
    head = b""
    try:
        for chunk in _chunks(file.path, HEAD):
            head = chunk.removeprefix(BOM)
            break
    except _Broken:
        return head
    return head if len(head) < HEAD else head[: head.rfind(b"\n") + 1]


def _chunks(path: Path, size: int) -> Iterator[bytes]:
    """Yield the decompressed content in pieces of ``size`` bytes, all there is before a break."""
    try:
        with path.open("rb") as file:
            if file.read(2) != GZIP:
                file.seek(0)
                yield from iter(lambda: file.read(size), b"")
                return
            file.seek(0)
            yield from _inflated(gzip.GzipFile(fileobj=file), size)
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror or error}") from error


def _inflated(stream: gzip.GzipFile, size: int) -> Iterator[bytes]:
    piece = io.BytesIO()
    while True:
        try:
            # read1 hands over what it has before it raises, read would lose it
            part = stream.read1(size - piece.tell())
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            yield piece.getvalue()
            ended = isinstance(error, EOFError)
            raise _Broken(f"gzip stream {'ends early' if ended else 'is damaged'}") from error
        piece.write(part)
        if not part or piece.tell() == size:
            yield piece.getvalue()
            piece = io.BytesIO()
        if not part:
            return


def _rejected(file: str, line: int, reason: str, text: bytes) -> Rejected:
    return Rejected(file, line, reason, text[:TEXT_LIMIT].decode("utf-8", "replace"), reason)
