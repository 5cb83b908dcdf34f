"""Amazon Reviews 2023, full reviews: one JSON object a line."""

import io
from collections.abc import Iterator

import polars as pl

from mobench.data.catalogue import Catalogue
from mobench.data.clock import Unit
from mobench.data.files import SourceFile
from mobench.data.rows import Columns, Fields, LineParser, read_rows, sample_unit
from mobench.data.schema import Rejects
from mobench.data.sources import amazon_items
from mobench.data.sources.amazon_csv import COLUMNS
from mobench.data.sources.base import Source, require
from mobench.data.sources.json_lines import parse_object, sample_keys

COERCED = r"^(true|false|[\[{]|-?\d+[.eE])|\x00"
"""What polars makes of an id that is no text (or of half a surrogate pair): a case for ``slow``."""


class JsonLines(LineParser):
    """Review objects; only four of their keys are kept."""

    columns: Columns = COLUMNS

    def fast(self, data: bytes) -> pl.DataFrame | None:
        """Parse with polars, which refuses broken lines and texts in place of numbers."""
        user, item, rating, time = self.columns.names
        schema = {user: pl.String, item: pl.String, rating: pl.Float64, time: pl.Float64}
        try:
            frame = pl.read_ndjson(io.BytesIO(data), schema=schema)
        except pl.exceptions.PolarsError:
            return None
        frame = frame.select(user=user, item=item, rating=rating, timestamp=time)
        # a null leaves the row to ``slow``
        text = ~pl.col("user", "item").str.contains(COERCED)
        return frame.with_columns(pl.when(text).then(pl.col("user", "item")).name.keep())

    def slow(self, line: str) -> Fields:
        """Parse one object; a missing key is a missing value."""
        record = parse_object(line)
        return Fields(*(record.get(name) for name in self.columns.names))


class AmazonJsonl(Source):
    """The official review files."""

    name = "amazon-2023-jsonl"
    label = "amazon (2023 review JSON lines)"

    def recognises(self, head: bytes) -> bool:
        """Recognise an object at the beginning."""
        return head.lstrip()[:1] == b"{"

    def check_reviews(self, file: SourceFile, head: bytes) -> Unit | None:
        """Require the four keys in the first rows."""
        require(file, COLUMNS.names, sample_keys(head))
        return sample_unit(head, JsonLines())

    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Read all rows."""
        return read_rows(file, JsonLines(), unit, rejects)

    def recognises_items(self, head: bytes) -> bool:
        """Recognise an object with the id among its keys."""
        return amazon_items.ID in sample_keys(head)

    def check_items(self, file: SourceFile, head: bytes) -> None:
        """Require the metadata keys."""
        amazon_items.check(file, head)

    def read_items(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Read the metadata lines."""
        return amazon_items.read(file, catalogue, rejects)
