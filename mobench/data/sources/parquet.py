"""Any Parquet file: ids are texts or whole numbers, times numbers, texts, dates or timestamps.

Only the columns that are needed are read, a bounded number of rows at a time. Timestamps without a
zone are UTC.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from mobench.data.catalogue import Catalogue
from mobench.data.clock import Unit, detect_unit, to_milliseconds
from mobench.data.fields import BadRow, identifier
from mobench.data.files import SourceFile
from mobench.data.rows import SAMPLE, Columns, Fields, checked
from mobench.data.schema import REVIEWS, TEXT_LIMIT, Rejected, Rejects
from mobench.data.sources.base import Source
from mobench.data.sources.columns import ITEM_KEYS, REVIEW_KEYS, item_columns, review_columns
from mobench.data.sources.item_lines import category_paths
from mobench.data.sources.parquet_types import require_types, texts, unit_of_type, values
from mobench.errors import DataError

MAGIC, SMALLEST = b"PAR1", 12
"""Bytes of a file: the magic word at both ends and the length of the footer."""
BATCH = 1 << 16
"""Rows read at a time."""


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
        with _opened(file) as parquet:
            table = _Table.of(file, parquet.schema_arrow)
            if table.columns.time is None or table.unit is not None:
                return table.unit
            for batch in parquet.iter_batches(SAMPLE, columns=[table.columns.time]):
                return detect_unit(batch.column(0).to_pylist())
            return detect_unit([])

    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Read all rows; a column of dates or timestamps needs no unit."""
        with _opened(file) as parquet:
            table, row = _Table.of(file, parquet.schema_arrow), 1
            for batch in _batches(parquet, list(table.columns.names)):
                yield table.rows(batch, row, table.unit or unit, rejects)
                row += batch.num_rows

    def recognises_items(self, head: bytes) -> bool:
        """Recognise the magic word."""
        return self.recognises(head)

    def check_items(self, file: SourceFile, head: bytes) -> None:
        """Require columns for the item and something about it, of types that can be read."""
        with _opened(file) as parquet:
            _item_columns(file, parquet.schema_arrow)

    def read_items(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Read all rows; a list is one category path, a list of lists several."""
        with _opened(file) as parquet:
            columns = _item_columns(file, parquet.schema_arrow)
            row = 0
            for batch in _batches(parquet, list(columns.values())):
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


@dataclass(frozen=True)
class _Table:
    """The columns of a review file; ``unit`` is set where the type of the times tells it."""

    name: str
    columns: Columns
    unit: Unit | None

    @classmethod
    def of(cls, file: SourceFile, schema: pa.Schema) -> "_Table":
        columns = review_columns(file, schema.names)
        given = (columns.user, columns.item, columns.rating, columns.time)
        named = {key: n for key, n in zip(REVIEW_KEYS, given, strict=True) if n is not None}
        require_types(file, schema, named)
        time = named.get("time")
        return cls(file.name, columns, unit_of_type(schema.field(time).type) if time else None)

    def rows(
        self, batch: pa.RecordBatch, first: int, unit: Unit | None, rejects: Rejects
    ) -> pl.DataFrame:
        """Return the usable rows; ``first`` is the number of the first."""
        nothing = pa.nulls(batch.num_rows)
        rating, time = (
            values(nothing if name is None else batch.column(name))
            for name in (self.columns.rating, self.columns.time)
        )
        raw = pl.DataFrame(
            {
                "user": texts(batch.column(self.columns.user)),
                "item": texts(batch.column(self.columns.item)),
                "rating": rating.cast(pl.Float64),
                "timestamp": time,
            }
        )
        if unit is None:
            frame = raw.with_columns(timestamp=pl.lit(0, pl.Int64))
        else:
            frame = raw.with_columns(to_milliseconds(raw["timestamp"], unit))
        sure = self.columns.sure(frame)
        if sure is None:
            return frame
        found = []
        for n in (~sure).arg_true():
            fields = Fields(*raw.row(n))
            try:
                found.append((n, *checked(fields, self.columns, unit)))
            except BadRow as bad:
                shown = repr(raw.row(n))[:TEXT_LIMIT]
                rejects.add(Rejected(self.name, first + n, bad.reason, shown, bad.detail))
        more = pl.DataFrame(found, schema={"line": pl.UInt32, **REVIEWS}, orient="row")
        kept = frame.with_row_index("line").filter(sure)
        return pl.concat([kept.cast(more.schema), more]).sort("line").drop("line")


@contextmanager
def _opened(file: SourceFile) -> Iterator[pq.ParquetFile]:
    """Open a file, and say so where its content is damaged.

    Raises:
        DataError: It cannot be read.
    """
    try:
        # no pre-buffering: it would hold a whole row group
        with pq.ParquetFile(file.path, pre_buffer=False, buffer_size=1 << 20) as parquet:
            yield parquet
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        what = str(error).strip().partition("\n")[0][:200]
        raise DataError(
            f"'{file.name}' cannot be read as Parquet: {what}", "is the download complete?"
        ) from error


def _batches(parquet: pq.ParquetFile, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield all rows.

    Raises:
        pa.ArrowInvalid: They are damaged, or fewer than the file says: Arrow may stop in silence.
    """
    n_rows = 0
    for batch in parquet.iter_batches(BATCH, columns=columns):
        batch.validate(full=True)
        n_rows += batch.num_rows
        yield batch
    if n_rows != parquet.metadata.num_rows:
        raise pa.ArrowInvalid(f"{n_rows:,} of {parquet.metadata.num_rows:,} rows can be read")


def _item_columns(file: SourceFile, schema: pa.Schema) -> dict[str, str]:
    columns = item_columns(file, schema.names)
    require_types(file, schema, columns)
    return columns
