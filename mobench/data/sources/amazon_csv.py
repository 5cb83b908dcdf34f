"""Amazon Reviews 2023, ratings only: ``user_id,parent_asin,rating,timestamp`` as CSV.

The official files quote nothing; a stray quote spoils its own line alone (see ``data.joins``).
"""

from collections.abc import Iterator

import polars as pl

from mobench.data.blocks import read_head
from mobench.data.clock import Unit
from mobench.data.fields import BadRow
from mobench.data.files import SourceFile
from mobench.data.quotes import split_line
from mobench.data.rows import Columns, read_rows, sample_unit
from mobench.data.schema import Rejects
from mobench.data.sources.base import Source, require
from mobench.data.sources.delimited import DelimitedLines

COLUMNS = Columns("user_id", "parent_asin", "rating", "timestamp")


def _header(head: bytes) -> list[str]:
    line = head.partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
    try:
        return [name.strip() for name in split_line(line)]
    except BadRow:
        return []


class AmazonCsv(Source):
    """The official rating-only files."""

    name = "amazon-2023-csv"
    label = "amazon (2023 rating CSV)"

    def recognises(self, head: bytes) -> bool:
        """Recognise the name of the item's column and one more, so that two may be misspelt."""
        found = set(COLUMNS.names) & set(_header(head))
        return COLUMNS.item in found and len(found) >= 2

    def check_reviews(self, file: SourceFile, head: bytes) -> Unit | None:
        """Require the four columns, in any order, among any others."""
        require(file, COLUMNS.names, _header(head))
        return sample_unit(head, DelimitedLines(_header(head), COLUMNS))

    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Read the rows below the header."""
        header = _header(read_head(file))
        parser = DelimitedLines(header, COLUMNS, iso=unit == "iso")
        return read_rows(file, parser, unit, rejects)
