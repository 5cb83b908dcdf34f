"""What an input file holds, decompressed piece by piece: plain, gzip, zstandard, or in a zip."""

import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from mobench.data.archives import DAMAGE, open_member
from mobench.data.files import SourceFile, Span
from mobench.errors import DataError

Compression = Literal["plain", "gzip", "zstd", "zip"]

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
SKIPPABLE = b"\x2a\x4d\x18"
"""Bytes 1 to 3 of a zstandard frame without content; byte 0 is 0x50 to 0x5f."""
GZIP_FORMAT = 31
"""What zlib calls the gzip format with a window of 32 KiB."""
READ = 1 << 18
"""Compressed bytes read at a time."""
PIECE = 1 << 16
"""Decompressed bytes made at a time: a break of zstd or zip loses less than the one it is in."""


class Broken(Exception):
    """The stream cannot be read any further; the text says why, ``hint`` what may help."""

    hint = "is the download complete?"


def compression(file: SourceFile) -> Compression:
    """Return how a file is packed, by its first bytes.

    Raises:
        DataError: The file cannot be read.
    """
    if file.member is not None:
        return "zip"
    try:
        with file.path.open("rb") as raw:
            return _by_magic(raw.read(4))
    except OSError as error:
        raise unreadable(file, error) from error


def chunks(file: SourceFile, size: int) -> Iterator[bytes]:
    """Yield the content in chunks of at most ``size`` bytes, all there is before a break.

    Raises:
        DataError: The file cannot be read.
        Broken: The compressed stream ends early or is damaged.
    """
    try:
        with file.path.open("rb") as raw:
            yield from _joined(_pieces(file, raw, size), size)
    except OSError as error:
        raise unreadable(file, error) from error


def unreadable(file: SourceFile, error: OSError) -> DataError:
    """Return the failure of a file that the system does not hand over."""
    return DataError(f"'{file.name}' cannot be read: {error.strerror or error}")


def _by_magic(magic: bytes) -> Compression:
    if magic[:2] == GZIP:
        return "gzip"
    is_skippable = magic[1:4] == SKIPPABLE and 0x50 <= magic[0] <= 0x5F
    return "zstd" if magic == ZSTD or is_skippable else "plain"


def _pieces(file: SourceFile, raw: BinaryIO, size: int) -> Iterator[bytes]:
    step = min(size, PIECE)
    if file.member is not None:
        return _unzipped(file, raw, step)
    packed = _by_magic(raw.read(4))
    raw.seek(0)
    if packed == "gzip":
        return _gunzipped(raw, size)
    return _unzstd(file.path, step) if packed == "zstd" else _plain(raw, file.span, size)


def _plain(raw: BinaryIO, span: Span | None, size: int) -> Iterator[bytes]:
    left = sys.maxsize
    if span is not None:
        raw.seek(span.start)
        left = span.stop - span.start
    while piece := raw.read(min(size, left)):
        yield piece
        left -= len(piece)


def _joined(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    held: list[bytes] = []
    n_held = 0
    try:
        for piece in pieces:
            if n_held + len(piece) > size:
                yield b"".join(held)
                held, n_held = [], 0
            held.append(piece)
            n_held += len(piece)
    except Broken:
        if held:
            yield b"".join(held)
        raise
    if held:
        yield b"".join(held)


def _gunzipped(raw: BinaryIO, step: int) -> Iterator[bytes]:
    """Yield the content of all members, joined; zeros after a member are padding."""
    data = raw.read(READ)
    while data:
        inflater = zlib.decompressobj(GZIP_FORMAT)
        yield from _inflated(inflater, data, raw, step)
        data = inflater.unused_data.lstrip(b"\0")
        while not data and (more := raw.read(READ)):
            data = more.lstrip(b"\0")


def _inflated(
    inflater: "zlib._Decompress", data: bytes, raw: BinaryIO, step: int
) -> Iterator[bytes]:
    """Yield one member, which begins with ``data`` and goes on in ``raw``."""
    piece = b""
    while not inflater.eof:
        if not data and not piece:
            raise Broken("gzip stream ends early")
        before = inflater.copy()
        try:
            piece = inflater.decompress(data, step)
        except zlib.error as error:
            yield from _salvaged(before, data)
            raise Broken("gzip stream is damaged") from error
        if piece:
            yield piece
        data = inflater.unconsumed_tail or (b"" if inflater.eof else raw.read(READ))


def _salvaged(inflater: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    """Yield what comes out of ``data``, a byte at a time, before the damage in it."""
    try:
        for place in range(len(data)):
            if piece := inflater.decompress(data[place : place + 1]):
                yield piece
    except zlib.error:
        return


def _unzstd(path: Path, step: int) -> Iterator[bytes]:
    """Yield the content of all frames; Arrow joins them and passes over skippable ones.

    A read that fails hands nothing over, so what it would have read is read again byte by byte.
    Arrow decodes 64 KiB of the file at once: where these are damaged, all of them are lost.
    """
    import pyarrow as pa

    n_read = 0
    for n_bytes in (step, 1):
        with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
            try:
                for _ in range(n_read // step):
                    stream.read(step)
                while piece := stream.read(n_bytes):
                    yield piece
                    n_read += len(piece)
            except OSError as error:
                if error.errno is not None:  # the disk, not the stream
                    raise
                broken = error
            else:
                return
    raise _zstd_failure(str(broken)) from broken


def _zstd_failure(message: str) -> Broken:
    if "too much memory" in message:
        failure = Broken("zstd stream needs a window above 128 MiB")
        failure.hint = "unpack it first: zstd -d --long=31 FILE."
        return failure
    return Broken(f"zstd stream {'ends early' if 'Truncated' in message else 'is damaged'}")


def _unzipped(file: SourceFile, raw: BinaryIO, step: int) -> Iterator[bytes]:
    try:
        with open_member(file, raw) as stream:
            while piece := stream.read1(step):
                yield piece
    except EOFError as error:
        raise Broken("zip member ends early") from error
    except (zlib.error, *DAMAGE) as error:
        raise Broken("zip member is damaged") from error
