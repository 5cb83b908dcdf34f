"""Zip archives: their members are listed and streamed, never extracted."""

import stat
import struct
import zipfile
from collections.abc import Collection
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from mobench.data.files import SourceFile
from mobench.errors import DataError, suggest

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What needs no more memory than its window; LZMA takes as much as the archive asks for."""
OTHER_METHODS = {9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstandard", 95: "xz"}
ENCRYPTED = 0x1
DAMAGE = (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, OverflowError)
"""What ``zipfile`` raises for bytes that make no sense."""
PROSE = ("readme", "license", "licence", "citation", "changelog")
PROSE_ENDINGS = (".md", ".pdf", ".html", ".htm", ".rst", ".bib", ".sh", ".pl", ".py")


def is_archive(path: Path) -> bool:
    """Return whether a file begins as zip archives do.

    Raises:
        DataError: It cannot be read.
    """
    try:
        with path.open("rb") as raw:
            return raw.read(4) in MAGIC
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror}") from error


def data_members(path: Path) -> list[str]:
    """Return the members that may hold data, in the order of the archive.

    Folders, links, empty and hidden members, names that cannot be printed, and what is there for
    people to read (README, licence) are passed over.

    Raises:
        DataError: The archive cannot be read.
    """
    try:
        with path.open("rb") as raw:
            listed = _listed(path, raw)
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror or error}") from error
    return [name for name, member in listed.items() if _may_hold_data(member)]


def open_member(file: SourceFile, raw: BinaryIO) -> zipfile.ZipExtFile:
    """Return the stream of ``file.member`` inside the archive ``raw``.

    What reads it meets ``EOFError``, ``zlib.error`` and ``DAMAGE`` where the member is damaged.

    Raises:
        DataError: The archive cannot be read, or has no such member that can.
    """
    listed = _listed(file.path, raw)
    member = listed.get(str(file.member))
    if member is None:
        close = suggest(str(file.member), listed)
        raise DataError(
            f"'{file.path}' has no member '{file.member}'", f"{close}Members: {shown(listed)}."
        )
    if member.is_dir() or _is_link(member):
        raise DataError(f"'{file.name}' is no file", "name a file of the archive.")
    if member.flag_bits & ENCRYPTED:
        raise DataError(f"'{file.name}' is encrypted", "unpack it with its password first.")
    if member.compress_type not in METHODS:
        method = OTHER_METHODS.get(member.compress_type, f"number {member.compress_type}")
        raise DataError(
            f"'{file.name}' is packed by the method {method}, not deflate", "unpack it first."
        )
    if member.header_offset < 0:  # the system's complaint would be that of a bad disk
        raise zipfile.BadZipFile
    return cast(zipfile.ZipExtFile, zipfile.ZipFile(raw).open(member))


def shown(members: Collection[str]) -> str:
    """Return names for a message: the first eight, cut where they are long."""
    names = [name if len(name) <= 60 else f"…{name[-59:]}" for name in islice(members, 8)]
    more = f" and {len(members) - 8} more" if len(members) > 8 else ""
    return ", ".join(names) + more


def _listed(path: Path, raw: BinaryIO) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name; of several with one name the last, and none unprintable."""
    try:
        members = zipfile.ZipFile(raw).infolist()
    except DAMAGE as error:
        raise DataError(
            f"'{path}' is no readable zip archive: its directory is missing or damaged",
            "is the download complete?",
        ) from error
    return {m.filename: m for m in members if m.filename and m.filename.isprintable()}


def _may_hold_data(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    is_hidden = any(part.startswith((".", "__")) and part != ".." for part in path.parts)
    is_prose = path.name.lower().startswith(PROSE) or path.suffix.lower() in PROSE_ENDINGS
    is_file = not member.is_dir() and not _is_link(member) and member.file_size > 0
    return is_file and not is_hidden and not is_prose


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)
