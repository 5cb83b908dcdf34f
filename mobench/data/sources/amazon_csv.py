"""Amazon Reviews 2023, ratings only: ``user_id,parent_asin,rating,timestamp`` as CSV.

The official files quote nothing, so a quote is taken as a character unless it closes a field of its
own line: a stray one cannot swallow the rows that follow (RFC 4180 would let it).
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from mobench.data.blocks import read_head
from mobench.data.clock import Unit
from mobench.data.fields import BadRow
from mobench.data.files import SourceFile
from mobench.data.rows import Columns, Fields, LineParser, read_rows, sample_unit
from mobench.data.schema import Rejects
from mobench.data.sources.base import Source, require

COLUMNS = Columns("user_id", "parent_asin", "rating", "timestamp")
NO_BYTE = "\x01"
"""A separator that separates nothing: a line is one field (a line that has it is read alone)."""


def split_line(line: str) -> list[str]:
    """Return the fields of one line.

    Raises:
        BadRow: A quote is open at its end.
    """
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise BadRow("line has an unbalanced quote") from error


@dataclass(frozen=True)
class CsvLines(LineParser):
    """Rows below a header whose fields are ``header``."""

    header: list[str]
    columns: Columns = field(default=COLUMNS)
    header_lines: int = 1

    def fast(self, data: bytes) -> pl.DataFrame | None:
        """Parse with polars, as typed columns; a block that does not fit them, field by field."""
        for parse in (self._split,) if b'"' in data else (self._typed, self._split):
            try:
                return parse(data)
            except pl.exceptions.PolarsError:
                continue
        return None

    def _typed(self, data: bytes) -> pl.DataFrame:
        """Return the rows of a block without quotes if all fit."""
        user, item, rating, time = (f"{self.header.index(n)}" for n in self.columns.names)
        places = (f"{i}" for i in range(len(self.header)))
        schema = {p: pl.Float64 if p in (rating, time) else pl.String for p in places}
        frame = pl.read_csv(data, has_header=False, schema=schema, quote_char=None)
        return frame.select(user=user, item=item, rating=rating, timestamp=time)

    def _split(self, data: bytes) -> pl.DataFrame:
        """Return one row per line, of nulls where the line has quotes or too many or few fields."""
        schema = {"line": pl.String}
        lines = pl.read_csv(
            data,
            has_header=False,
            schema=schema,
            quote_char=None,
            separator=NO_BYTE,
            encoding="utf8-lossy",
        )
        n = len(self.header)
        plain = ~pl.col("line").str.contains('["\ufffd]') & pl.col(f"field_{n}").is_null()
        user, item, rating, time = (
            pl.when(plain).then(pl.col(f"field_{self.header.index(name)}"))
            for name in self.columns.names
        )
        fields = pl.col("line").str.split_exact(",", n).struct.unnest()
        return lines.select("line", fields).select(
            user=user,
            item=item,
            rating=rating.cast(pl.Float64, strict=False),
            timestamp=time.cast(pl.Float64, strict=False),
        )

    def slow(self, line: str) -> Fields:
        """Split one line; it must have as many fields as the header."""
        values = split_line(line)
        if len(values) != len(self.header):
            detail = f"expected {len(self.header)} columns, found {len(values)}"
            raise BadRow("wrong number of columns", detail)
        return Fields(*(values[self.header.index(name)] for name in self.columns.names))


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
        """Recognise a header with at least two of the four names, so that one may be misspelt."""
        return len(set(COLUMNS.names) & set(_header(head))) >= 2

    def check_reviews(self, file: SourceFile, head: bytes) -> Unit | None:
        """Require the four columns, in any order, among any others."""
        require(file, COLUMNS.names, _header(head))
        return sample_unit(head, CsvLines(_header(head)))

    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Read the rows below the header."""
        parser = CsvLines(_header(read_head(file)))
        return read_rows(file, parser, unit, rejects)
