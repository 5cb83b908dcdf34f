"""What can be seen of a table that no format fits: its columns and its first rows."""

from dataclasses import dataclass

from mobench.data.blocks import read_head
from mobench.data.fields import BadRow
from mobench.data.files import SourceFile
from mobench.data.heads import shape
from mobench.data.sources.csv_table import sniff
from mobench.data.sources.delimited import split_line

ROWS = 3
"""Rows that are shown."""


@dataclass(frozen=True)
class Glimpse:
    """A table as it stands in the file.

    Attributes:
        name: The file as messages call it.
        columns: The fields of its first line, which need not be a header.
        rows: The fields of the lines below, as many as the columns.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def glimpse(file: SourceFile) -> Glimpse | None:
    """Return what can be seen of a file; ``None`` unless it is delimited text.

    Raises:
        DataError: The file cannot be read.
    """
    head = read_head(file)
    found = sniff(head) if shape(head) == "csv" else None
    if found is None:
        return None
    rows: list[tuple[str, ...]] = []
    for line in head.decode("utf-8", "replace").split("\n")[found.line :]:
        try:
            fields = split_line(line.removesuffix("\r"), found.separator)
        except BadRow:
            continue
        if len(fields) == len(found.first) and len(rows) < ROWS:
            rows.append(tuple(fields))
    return Glimpse(file.name, found.first, tuple(rows))
