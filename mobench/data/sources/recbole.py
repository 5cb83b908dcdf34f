"""RecBole's atomic files: tabs, and a header in which every name has a type.

https://recbole.io/docs/user_guide/data/atomic_files.html. ``user_id:token`` is a text,
``rating:float`` a number, ``class:token_seq`` several texts with spaces between them. Every word of
a category column is a category of its own; of a title all of them are the title.
"""

import re

from mobench.data.blocks import read_head
from mobench.data.catalogue import Catalogue
from mobench.data.fields import BadRow, identifier
from mobench.data.files import SourceFile
from mobench.data.schema import Rejects
from mobench.data.sources.columns import ITEM_KEYS, item_columns, meanings, review_columns
from mobench.data.sources.delimited import DelimitedLines
from mobench.data.sources.header_lines import HeaderLines
from mobench.data.sources.item_lines import Item, read_item_lines, utf8
from mobench.errors import DataError

FIELD = re.compile(r"([^:\t]+):(token|token_seq|float|float_seq)")


def header(head: bytes) -> dict[str, str]:
    """Return the type of each column by its name; nothing where it is no such header."""
    line = head.partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "replace")
    fields = [FIELD.fullmatch(text) for text in line.split("\t")]
    found = {field[1]: field[2] for field in fields if field}
    return found if len(found) == len(fields) else {}


class Recbole(HeaderLines):
    """``.inter`` and ``.item`` files."""

    name = "recbole"
    label = "recbole (atomic files: .inter, .item)"

    def recognises(self, head: bytes) -> bool:
        """Recognise a header with types and a user, an item, or both under names of their own."""
        found = meanings(header(head))
        return bool(header(head)) and "user" in found and "item" in found

    def parser(self, file: SourceFile, head: bytes, *, iso: bool = False) -> DelimitedLines:
        """Return what reads the lines."""
        return _parser(file, head, iso)

    def recognises_items(self, head: bytes) -> bool:
        """Recognise a header with types, an item and no user."""
        found = meanings(header(head))
        return "item" in found and "user" not in found

    def check_items(self, file: SourceFile, head: bytes) -> None:
        """Require columns for the item and something about it."""
        item_columns(file, list(_typed_header(file, head)))

    def read_items(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Read the rows."""
        types = _typed_header(file, read_head(file))
        columns, names = item_columns(file, list(types)), list(types)
        places = [names.index(columns[key]) if key in columns else None for key in ITEM_KEYS]
        several = types.get(columns.get("category", "")) == "token_seq"

        def parse(line: bytes) -> Item:
            values = utf8(line).split("\t")
            if len(values) != len(names):
                raise BadRow("wrong number of columns")
            item, title, price, category = (None if p is None else values[p] for p in places)
            words = category.split() if category and several else [category]
            return Item(identifier(item, columns["item"]), title, price, [[w] for w in words])

        return read_item_lines(file, catalogue, rejects, parse, header_lines=1)


def _typed_header(file: SourceFile, head: bytes) -> dict[str, str]:
    types = header(head)
    if not types:
        raise DataError(
            f"'{file.name}' is no RecBole file: its first line is no header with types",
            "such as user_id:token and item_id:token, with tabs between them.",
        )
    return types


def _parser(file: SourceFile, head: bytes, iso: bool) -> DelimitedLines:
    names = list(_typed_header(file, head))
    return DelimitedLines(names, review_columns(file, names), "\t", quoting=False, iso=iso)
