"""JSON lines into review rows: a block at once, or line by line."""

import io
from dataclasses import dataclass

import numpy as np
import polars as pl

from mobench.data.rows import PARSED, Columns, Fields, LineParser
from mobench.data.sources.json_lines import hides_decimals, is_doubtful, parse_first

COERCED = r"^(true|false|[\[{]|-?\d+[.eE]|-?\d{19})|\x00"
"""What polars makes of an id that is no text or whole number of 64 bits: a case for ``slow``."""


@dataclass(frozen=True)
class JsonRows(LineParser):
    """Objects of which two to four keys are read.

    Attributes:
        columns: What the keys are called.
        iso: Whether times are texts.
    """

    columns: Columns
    iso: bool = False

    def fast(self, data: bytes) -> pl.DataFrame | None:
        """Parse with polars: numbers, or texts in their place, but no line that is broken.

        Lines that do not begin as objects are left to ``slow``.
        """
        if is_doubtful(data):
            return None
        if _are_objects(data):
            return self._parsed(data)
        lines = data.split(b"\n")[:-1]
        objects = np.fromiter((line.startswith(b"{") for line in lines), np.bool_, len(lines))
        if not objects.any():
            return PARSED.to_frame().clear(len(lines))
        frame = self._parsed(b"".join(lines[n] + b"\n" for n in np.flatnonzero(objects)))
        if frame is None or frame.height != objects.sum():
            return None
        places = pl.Series(np.where(objects, np.cumsum(objects) - 1, -1))
        return frame.select(pl.all().gather(places.set(places < 0, None)))

    def _parsed(self, data: bytes) -> pl.DataFrame | None:
        """Return ``fast`` of lines that all begin as objects."""
        time = pl.String if self.iso else pl.Float64
        frame = self._read(data, pl.Float64, time)
        if frame is None and (frame := self._read(data, pl.String, pl.String)) is not None:
            frame = frame.cast({"rating": pl.Float64, "timestamp": time}, strict=False)
        if frame is None:
            return None
        ids = (self.columns.user, self.columns.item)
        if hides_decimals(data, frame.select("user", "item"), ids):
            return None
        # a null leaves the row to ``slow``
        text = ~pl.col("user", "item").str.contains(COERCED)
        return frame.with_columns(pl.when(text).then(pl.col("user", "item")).name.keep())

    def _read(
        self,
        data: bytes,
        rating: pl.datatypes.DataTypeClass,
        time: pl.datatypes.DataTypeClass,
    ) -> pl.DataFrame | None:
        """Return the columns as ``PARSED`` calls them, ``None`` where one does not fit its type."""
        names = (self.columns.user, self.columns.item, self.columns.rating, self.columns.time)
        types = (pl.String, pl.String, rating, time)
        schema = {name: kind for name, kind in zip(names, types, strict=True) if name is not None}
        try:
            frame = pl.read_ndjson(io.BytesIO(data), schema=schema)
        except pl.exceptions.PolarsError:
            return None
        columns = (
            pl.lit(None, kind) if name is None else pl.col(name)
            for name, kind in zip(names, types, strict=True)
        )
        return frame.select(
            column.alias(name) for name, column in zip(PARSED, columns, strict=True)
        )

    def slow(self, line: str) -> Fields:
        """Parse one object; a missing key is a missing value."""
        record = parse_first(line, self.columns.names)
        names = (self.columns.user, self.columns.item, self.columns.rating, self.columns.time)
        return Fields(*(None if name is None else record.get(name) for name in names))


def _are_objects(data: bytes) -> bool:
    """Return whether all lines begin as objects.

    If so there are as many rows as lines only if each line is one: a blank line could otherwise
    make up for one with two objects.
    """
    chars = np.frombuffer(data, np.uint8)
    starts = np.flatnonzero(chars[:-1] == ord("\n")) + 1
    return data.startswith(b"{") and bool((chars[starts] == ord("{")).all())
