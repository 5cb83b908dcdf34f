"""Rows out of a Parquet file: what the source ``parquet`` does once it is asked for.

This module imports Arrow, which takes a while; the other formats do not need it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from mobench.data.clock import Unit, to_milliseconds
from mobench.data.fields import BadRow
from mobench.data.files import SourceFile
from mobench.data.rows import Columns, Fields, checked
from mobench.data.schema import REVIEWS, TEXT_LIMIT, Rejected, Rejects
from mobench.data.sources.columns import REVIEW_KEYS, item_columns, review_columns
from mobench.data.sources.parquet_types import require_types, texts, unit_of_type, values
from mobench.errors import DataError

BATCH = 1 << 16
"""Rows read at a time."""


@dataclass(frozen=True)
class Table:
    """The columns of a review file; ``unit`` is set where the type of the times tells it."""

    name: str
    columns: Columns
    unit: Unit | None

    @classmethod
    def of(cls, file: SourceFile, schema: pa.Schema) -> "Table":
        """Return them, if they are of types that can be read.

        Raises:
            DataError: It cannot be told which they are, or they hold something else.
        """
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
def opened(file: SourceFile) -> Iterator[pq.ParquetFile]:
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


def batches(parquet: pq.ParquetFile, columns: list[str]) -> Iterator[pa.RecordBatch]:
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


def described(file: SourceFile, schema: pa.Schema) -> dict[str, str]:
    """Return the columns of a metadata file by their keys.

    Raises:
        DataError: It cannot be told which they are, or they hold something else.
    """
    columns = item_columns(file, schema.names)
    require_types(file, schema, columns)
    return columns
