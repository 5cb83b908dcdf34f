"""Packed files for the tests."""

import gzip
import io
import struct
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pyarrow as pa

from mobench.data.blocks import Block, read_blocks
from mobench.data.files import SourceFile
from mobench.data.schema import Rejected

SKIPPABLE = struct.pack("<II", 0x184D2A53, 7) + b"ignored"
"""A zstandard frame that holds nothing (RFC 8878, section 3.1.2)."""
ROWS = b"".join(b"%d,%d\n" % (i, i * i * 7919) for i in range(2000))


def zstd(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return packed


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return memory.getvalue()


def packed(how: str, data: bytes) -> bytes:
    """Content in one of the four ways; in a zip it is the member ``m``."""
    if how == "zip":
        return zipped({"m": data})
    return {"plain": bytes, "gzip": partial(gzip.compress, mtime=0), "zstd": zstd}[how](data)


def source_file(path: Path, member: str | None = None) -> SourceFile:
    return SourceFile("reviews", path, "x", member)


def lines_of(
    path: Path, member: str | None = None
) -> tuple[list[tuple[int, bytes]], list[Rejected]]:
    """All lines with their numbers, and the rejected rows."""
    lines: list[tuple[int, bytes]] = []
    rejected = []
    for block in read_blocks(source_file(path, member)):
        if isinstance(block, Rejected):
            rejected.append(block)
            continue
        assert isinstance(block, Block)
        assert block.data.endswith(b"\n")
        lines += enumerate(block.data.split(b"\n")[:-1], block.line)
    return lines, rejected
