"""Any JSON lines: one object a line, whatever its keys are called."""

from collections.abc import Iterator

import polars as pl

from mobench.data.blocks import read_head
from mobench.data.catalogue import Catalogue
from mobench.data.clock import Unit
from mobench.data.fields import identifier
from mobench.data.files import SourceFile
from mobench.data.rows import read_rows, sample_unit
from mobench.data.schema import Rejects
from mobench.data.sources.amazon_jsonl import Amazon2014Jsonl, Amazon2018Jsonl, AmazonJsonl
from mobench.data.sources.base import Source
from mobench.data.sources.columns import ITEM_KEYS, item_columns, meanings, review_columns
from mobench.data.sources.item_lines import Item, category_paths, read_item_lines
from mobench.data.sources.json_lines import parse_object, sample_keys
from mobench.data.sources.json_rows import JsonRows
from mobench.errors import DataError

PICKIER = (AmazonJsonl(), Amazon2018Jsonl(), Amazon2014Jsonl())
"""JSON lines that have a source of their own."""


class JsonTable(Source):
    """Reviews or metadata, an object each."""

    name = "jsonl"
    label = "table (JSON lines)"

    def recognises(self, head: bytes) -> bool:
        """Recognise objects with a well-known key for the user or the item."""
        if head.lstrip()[:1] != b"{" or any(source.recognises(head) for source in PICKIER):
            return False
        return bool({"user", "item"} & meanings(sample_keys(head)))

    def check_reviews(self, file: SourceFile, head: bytes) -> Unit | None:
        """Require keys for user and item.

        Raises:
            DataError: It cannot be told which they are, or there are no objects.
        """
        return sample_unit(head, JsonRows(review_columns(file, _keys(file, head))))

    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Read all rows."""
        columns = review_columns(file, _keys(file, read_head(file)))
        return read_rows(file, JsonRows(columns, unit == "iso"), unit, rejects)

    def recognises_items(self, head: bytes) -> bool:
        """Recognise objects with well-known keys for the item and something about it."""
        if head.lstrip()[:1] != b"{" or any(source.recognises_items(head) for source in PICKIER):
            return False
        found = meanings(sample_keys(head))
        return "item" in found and "user" not in found and len(found & set(ITEM_KEYS)) > 1

    def check_items(self, file: SourceFile, head: bytes) -> None:
        """Require keys for the item and something about it."""
        item_columns(file, _keys(file, head))

    def read_items(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Read all objects."""
        columns = item_columns(file, _keys(file, read_head(file)))
        names = [columns.get(key) for key in ITEM_KEYS]

        def parse(line: bytes) -> Item:
            record = parse_object(line)
            item, title, price, category = (n and record.get(n) for n in names)
            return Item(identifier(item, columns["item"]), title, price, category_paths(category))

        return read_item_lines(file, catalogue, rejects, parse)


def _keys(file: SourceFile, head: bytes) -> list[str]:
    keys = sample_keys(head)
    if not keys:
        raise DataError(
            f"'{file.name}' holds no JSON objects in its first lines",
            "JSON lines have one object a line.",
        )
    return keys
