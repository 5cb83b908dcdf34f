"""The first lines of input files, and what can be said of a file that nobody recognises."""

import re

from mobench.data.blocks import read_head
from mobench.data.fields import quoted
from mobench.data.files import SourceFile
from mobench.data.quotes import INSIDE
from mobench.data.streams import compression
from mobench.errors import DataError

PARQUET = b"PAR1"
FOREIGN = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"\x04\x22\x4d\x18": "LZ4",
    b"PK\x03\x04": "zip inside another archive",
    b"\x1f\x8b": "gzip inside another archive",
    b"\x28\xb5\x2f\xfd": "zstandard inside another archive",
}
"""Packed files that are not read, by their first bytes."""
BLANK = b"\r\n"
OPEN_FIELD = re.compile(
    rf'(?:[^\r\n]*?[,;\t|])??"(?:[^"\r\n]|"")*\r?\n{INSIDE}"(?=[,;\t|\r\n]|\Z)'.encode()
)
"""A first line of which a quoted field is closed on another one."""
ARRAY = re.compile(rb"\s*\[\s*\{")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
TAR = slice(257, 262)


def checked_head(file: SourceFile) -> bytes:
    """Return the first lines of a file that may be what prep reads.

    Raises:
        DataError: It cannot be read, is empty, or is packed or encoded in another way.
    """
    head = read_head(file)
    if not head.strip():
        raise DataError(f"'{file.name}' holds no readable line", "is the download complete?")
    for magic, what in FOREIGN.items():
        if head.startswith(magic):
            raise DataError(f"'{file.name}' is packed ({what})", "unpack it first.")
    if head[TAR] == b"ustar":
        raise DataError(f"'{file.name}' is a tar archive", "unpack it, and name its files.")
    if head.startswith(PARQUET) and compression(file) != "plain":
        raise DataError(
            f"'{file.name}' is Parquet inside {compression(file)}", "unpack it: prep jumps in it."
        )
    if head.startswith(UTF_16):
        raise DataError(
            f"'{file.name}' is UTF-16", "convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW."
        )
    if b"\r" in head and b"\n" not in head and not head.startswith(PARQUET):
        raise DataError(
            f"'{file.name}' ends its lines with a carriage return alone, as old Macs did",
            r"convert it: tr '\r' '\n' < FILE > NEW.",
        )
    if ARRAY.match(head):
        raise DataError(
            f"'{file.name}' is one JSON array, not an object a line",
            "convert it: jq -c '.[]' FILE > NEW.",
        )
    return head


def shape(head: bytes) -> str:
    """Return which of the formats without a layout of their own may read a file."""
    if head.startswith(PARQUET):
        return "parquet"
    return "jsonl" if head.lstrip()[:1] == b"{" else "csv"


def unrecognised(file: SourceFile, head: bytes) -> DataError:
    """Return the failure of a file that no format fits: what was seen, and what to do."""
    refuse_cut_header(file, head)
    wanted = "user=…,item=…,rating=…,time=… (or places: 1, 2, …)"
    if file.role == "metadata":
        wanted = "item=…,price=…,category=…"
    what = "begins with" if shape(head) != "parquet" else "is Parquet and begins with"
    return DataError(
        f"'{file.name}' is of no known format: it {what} {first_line(head)}",
        f"name its columns: --columns {wanted}",
    )


def refuse_cut_header(file: SourceFile, head: bytes) -> None:
    """Raise ``DataError`` where a field of the first line goes on over the next ones."""
    if shape(head) == "csv" and OPEN_FIELD.match(head.lstrip(BLANK)):
        begins = first_line(head)
        raise DataError(
            f"the first line of '{file.name}' goes on over lines: it begins with {begins}",
            "write it on one line; the rows below may go on.",
        )


def first_line(head: bytes) -> str:
    """Return the first line in quotes, cut and made printable."""
    return quoted(head.lstrip(BLANK).partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "replace"))
