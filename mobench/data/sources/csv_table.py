"""Any delimited text with a header: comma, tab, semicolon or bar.

Without a header the columns are named by their places, from 1: ``--columns user=1,item=2``. A field
in quotes may go on in the next lines, but not in the header. Metadata must have a header.
"""

from dataclasses import dataclass
from itertools import islice

from mobench.data.blocks import read_head
from mobench.data.catalogue import Catalogue
from mobench.data.fields import BadRow, identifier
from mobench.data.files import SourceFile
from mobench.data.heads import refuse_cut_header
from mobench.data.joins import joined_lines
from mobench.data.quotes import split_line
from mobench.data.records import RecordRule, is_price
from mobench.data.rows import Columns
from mobench.data.schema import Rejects
from mobench.data.sources.amazon_csv import AmazonCsv
from mobench.data.sources.columns import (
    ITEM_KEYS,
    REVIEW_KEYS,
    item_columns,
    meanings,
    review_columns,
)
from mobench.data.sources.delimited import DelimitedLines
from mobench.data.sources.header_lines import HeaderLines
from mobench.data.sources.item_lines import Item, category_paths, read_item_lines, utf8
from mobench.data.sources.movielens import MovielensCsv
from mobench.data.sources.recbole import Recbole
from mobench.errors import DataError

SEPARATORS = ",\t;|"
SAMPLE = 50
"""Rows by which the separator is judged."""
PICKIER = (AmazonCsv(), MovielensCsv(), Recbole())
"""Formats of text with a header that have a source of their own."""


@dataclass(frozen=True)
class Layout:
    """What the first lines say.

    Attributes:
        separator: What stands between fields.
        first: The fields of the first line that is not blank.
        line: Its number, from 1.
        padded: Whether its fields begin with blanks.
    """

    separator: str
    first: tuple[str, ...]
    line: int
    padded: bool = False

    @property
    def is_counted(self) -> bool:
        """Whether the first line counts its fields, as pandas heads columns without names."""
        numbers = range(len(self.first))
        return self.first in (tuple(map(str, numbers)), tuple(str(n + 1) for n in numbers))


def sniff(head: bytes) -> Layout | None:
    """Return the layout under which most of the first rows have as many fields as the first line.

    ``None`` if there is no separator in the first line, or it is no text.
    """
    lines = head.split(b"\n")
    n_blank = next((n for n, line in enumerate(lines) if _text(line).strip()), 0)
    first = _text(lines[n_blank])
    if not first.strip() or "\0" in first:
        return None
    body = b"\n".join(lines[n_blank + 1 :])
    best: tuple[float, int, Layout | None] = (0.0, 1, None)
    for separator in SEPARATORS:
        n_fields = _n_fields(first, separator)
        if n_fields <= 1:
            continue
        below = joined_lines(body, RecordRule(separator, n_fields))
        rows = (line.decode("utf-8", "replace") for line in below if line.strip())
        sample = [first, *islice(rows, SAMPLE - 1)]
        n_alike = sum(_n_fields(row, separator) == n_fields for row in sample)
        score = (n_alike / len(sample), n_fields)
        if score > best[:2]:
            fields = split_line(first, separator)
            padded = any(field[:1].isspace() for field in fields)
            names = tuple(field.strip() for field in fields)
            best = (*score, Layout(separator, names, n_blank + 1, padded))
    return best[2]


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")


def _n_fields(line: str, separator: str) -> int:
    try:
        return len(split_line(line, separator))
    except BadRow:
        return 0


class CsvTable(HeaderLines):
    """Reviews or metadata."""

    name = "csv"
    label = "table (delimited text)"

    def recognises(self, head: bytes) -> bool:
        """Recognise a header with a well-known name for the user or the item."""
        layout = sniff(head)
        if layout is None or any(source.recognises(head) for source in PICKIER):
            return False
        return bool({"user", "item"} & meanings(layout.first))

    def parser(self, file: SourceFile, head: bytes, *, iso: bool = False) -> DelimitedLines:
        """Return what reads the lines."""
        return _parser(file, head, iso)

    def recognises_items(self, head: bytes) -> bool:
        """Recognise a header with well-known names for the item and something about it."""
        layout = sniff(head)
        if layout is None or any(source.recognises_items(head) for source in PICKIER):
            return False
        found = meanings(layout.first)
        return "item" in found and "user" not in found and len(found & set(ITEM_KEYS)) > 1

    def check_items(self, file: SourceFile, head: bytes) -> None:
        """Require columns for the item and something about it."""
        item_columns(file, _layout(file, head).first)

    def read_items(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Read the rows below the header."""
        layout = _layout(file, read_head(file))
        columns = item_columns(file, layout.first)
        places = [layout.first.index(columns[k]) if k in columns else None for k in ITEM_KEYS]

        def parse(line: bytes) -> Item:
            values = split_line(utf8(line), layout.separator)
            if len(values) != len(layout.first):
                raise BadRow("wrong number of columns")
            item, title, price, category = (None if p is None else values[p] for p in places)
            return Item(identifier(item, columns["item"]), title, price, category_paths(category))

        price = layout.first.index(columns["price"]) if "price" in columns else None
        rule = RecordRule(
            layout.separator,
            len(layout.first),
            ids=(layout.first.index(columns["item"]),),
            values={} if price is None else {price: is_price},
            padded=layout.padded,
        )
        return read_item_lines(file, catalogue, rejects, parse, layout.line, rule)


def _layout(file: SourceFile, head: bytes) -> Layout:
    layout = sniff(head)
    if layout is None:
        refuse_cut_header(file, head)
        raise DataError(
            f"'{file.name}' is no table: its first line has one field",
            "fields are separated by commas, tabs, semicolons or bars.",
        )
    return layout


def _parser(file: SourceFile, head: bytes, iso: bool) -> DelimitedLines:
    layout = _layout(file, head)
    named = {key: file.columns[key] for key in REVIEW_KEYS if key in file.columns}
    if named and all(name.isdecimal() for name in named.values()) and not layout.is_counted:
        return _by_place(file, layout, named, iso)
    if any(_is_number(name) for name in layout.first) and not named:
        places = ",".join(f"{k}={n}" for n, k in enumerate(REVIEW_KEYS[: len(layout.first)], 1))
        raise DataError(
            f"'{file.name}' has no header: its first line is {','.join(layout.first)[:60]}",
            f"name the columns by their places, such as --columns {places}.",
        )
    columns = review_columns(file, layout.first)
    return DelimitedLines(
        layout.first,
        columns,
        layout.separator,
        header_lines=layout.line,
        iso=iso,
        padded=layout.padded,
    )


def _by_place(file: SourceFile, layout: Layout, named: dict[str, str], iso: bool) -> DelimitedLines:
    """Return the parser of a table without a header."""
    n_columns = len(layout.first)
    for key, place in named.items():
        if not 1 <= int(place) <= n_columns:
            raise DataError(
                f"'{file.name}' has {n_columns} columns, not {place}",
                f"--columns {key}= takes a place from 1 to {n_columns}.",
            )
    header = tuple(f"column {place}" for place in range(1, n_columns + 1))
    named = {key: f"column {int(place)}" for key, place in named.items()}
    if not {"user", "item"} <= named.keys() or len(set(named.values())) < len(named):
        raise DataError(
            f"'{file.name}' needs different columns for user and item",
            "such as --columns user=1,item=2.",
        )
    columns = Columns(named["user"], named["item"], named.get("rating"), named.get("time"))
    return DelimitedLines(header, columns, layout.separator, True, 0, iso, layout.padded)


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdecimal()
