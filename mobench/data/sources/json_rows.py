"""JSON lines into review rows: a block at once, or line by line."""

import io
from dataclasses import dataclass

import numpy as np
import polars as pl

from mobench.data.rows import Columns, Fields, LineParser
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
        """Parse with polars, which refuses broken lines and texts in place of numbers."""
        if not _are_objects(data) or is_doubtful(data):
            return None
        names = (self.columns.user, self.columns.item, self.columns.rating, self.columns.time)
        types = (pl.String, pl.String, pl.Float64, pl.String if self.iso else pl.Float64)
        schema = {name: kind for name, kind in zip(names, types, strict=True) if name is not None}
        try:
            frame = pl.read_ndjson(io.BytesIO(data), schema=schema)
        except pl.exceptions.PolarsError:
            return None
        user, item, rating, time = (
            pl.lit(None, kind) if name is None else pl.col(name)
            for name, kind in zip(names, types, strict=True)
        )
        frame = frame.select(user=user, item=item, rating=rating, timestamp=time)
        ids = (self.columns.user, self.columns.item)
        if hides_decimals(data, frame.select("user", "item"), ids):
            return None
        # a null leaves the row to ``slow``
        text = ~pl.col("user", "item").str.contains(COERCED)
        return frame.with_columns(pl.when(text).then(pl.col("user", "item")).name.keep())

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
