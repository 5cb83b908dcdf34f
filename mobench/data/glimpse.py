"""What can be seen of a table that no format fits: its columns and its first rows."""

from dataclasses import dataclass

from mobench.data.blocks import read_head
from mobench.data.fields import BadRow
from mobench.data.files import SourceFile
from mobench.data.heads import shape
from mobench.data.joins import joined_lines
from mobench.data.quotes import split_line
from mobench.data.records import RecordRule
from mobench.data.sources.csv_table import sniff

ROWS = 3
"""Rows that are shown."""


@dataclass(frozen=True)
class Glimpse:
    """A table as it stands in the file.

    Attributes:
        name: The file as messages call it.
        columns: The fields of its first line, which need not be a header.
        rows: The fields of the rows below, as many as the columns.
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
    body = b"".join(head.split(b"\n", found.line)[found.line :])
    for line in joined_lines(body, RecordRule(found.separator, len(found.first))):
        try:
            text = line.decode("utf-8", "replace")
            fields = split_line(text, found.separator)
        except BadRow:
            continue
        if len(fields) == len(found.first) and len(rows) < ROWS:
            rows.append(tuple(fields))
    return Glimpse(file.name, found.first, tuple(rows))
