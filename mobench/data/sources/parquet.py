"""Any Parquet file: ids are texts or whole numbers, times numbers, texts, dates or timestamps.

Only the columns that are needed are read, a bounded number of rows at a time. Timestamps without a
zone are UTC.
"""

from collections.abc import Iterator

import polars as pl

from mobench.data.catalogue import Catalogue
from mobench.data.clock import Unit, detect_unit
from mobench.data.fields import BadRow, identifier
from mobench.data.files import SourceFile
from mobench.data.rows import SAMPLE
from mobench.data.schema import TEXT_LIMIT, Rejected, Rejects
from mobench.data.sources.base import Source
from mobench.data.sources.columns import ITEM_KEYS
from mobench.data.sources.item_lines import category_paths

MAGIC, SMALLEST = b"PAR1", 12
"""Bytes of a file: the magic word at both ends and the length of the footer."""


class Parquet(Source):
    """Reviews or metadata, a row each."""

    name = "parquet"
    label = "table (Parquet)"

    def recognises(self, head: bytes) -> bool:
        """Recognise the magic word."""
        return head.startswith(MAGIC) and len(head) >= SMALLEST

    def check_reviews(self, file: SourceFile, head: bytes) -> Unit | None:
        """Require columns for user and item, of types that can be read.

        Raises:
            DataError: It cannot be told which they are, or they hold something else.
        """
        from mobench.data.sources import parquet_rows as rows

        with rows.opened(file) as parquet:
            table = rows.Table.of(file, parquet.schema_arrow)
            if table.columns.time is None or table.unit is not None:
                return table.unit
            for batch in parquet.iter_batches(SAMPLE, columns=[table.columns.time]):
                return detect_unit(batch.column(0).to_pylist())
            return detect_unit([])

    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Read all rows; a column of dates or timestamps needs no unit."""
        from mobench.data.sources import parquet_rows as rows

        with rows.opened(file) as parquet:
            table, row = rows.Table.of(file, parquet.schema_arrow), 1
            for batch in rows.batches(parquet, list(table.columns.names)):
                yield table.rows(batch, row, table.unit or unit, rejects)
                row += batch.num_rows

    def recognises_items(self, head: bytes) -> bool:
        """Recognise the magic word."""
        return self.recognises(head)

    def check_items(self, file: SourceFile, head: bytes) -> None:
        """Require columns for the item and something about it, of types that can be read."""
        from mobench.data.sources import parquet_rows as rows

        with rows.opened(file) as parquet:
            rows.described(file, parquet.schema_arrow)

    def read_items(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Read all rows; a list is one category path, a list of lists several."""
        from mobench.data.sources import parquet_rows as rows

        with rows.opened(file) as parquet:
            columns = rows.described(file, parquet.schema_arrow)
            row = 0
            for batch in rows.batches(parquet, list(columns.values())):
                nothing = [None] * batch.num_rows
                table = [
                    batch.column(columns[k]).to_pylist() if k in columns else nothing
                    for k in ITEM_KEYS
                ]
                for item, title, price, category in zip(*table, strict=True):
                    row += 1
                    try:
                        name = identifier(item, columns["item"])
                    except BadRow as bad:
                        text = repr((item, title, price, category))[:TEXT_LIMIT]
                        rejects.add(Rejected(file.name, row, bad.reason, text, bad.detail))
                    else:
                        catalogue.add(name, title, price, category_paths(category))
            return row
