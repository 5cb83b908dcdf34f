"""Delimited text: fields between separators, in quotes or not.

Quotes are those of RFC 4180: they enclose a field, two of them in it are one, and the field may go
on in the next lines (``data.joins`` says how far, so that a stray quote swallows no row). In a
field that does not begin with one a quote is a character.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from mobench.data.blocks import BOM, occurrences
from mobench.data.fields import BadRow
from mobench.data.joins import JOINT
from mobench.data.quotes import split_line
from mobench.data.records import Check, RecordRule, is_number, is_time
from mobench.data.rows import PARSED, Columns, Fields, LineParser

NO_BYTE = "\x01"
"""A separator that separates nothing: a line is one field (a line that has it is read alone)."""
LOSSY = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class DelimitedLines(LineParser):
    """Rows of fields.

    Attributes:
        header: What the fields are called.
        columns: Which of them are read.
        separator: One ASCII character.
        quoting: Whether quotes mean anything.
        header_lines: Lines before the first row.
        iso: Whether times are texts.
        padded: Whether fields begin with blanks.
    """

    header: Sequence[str]
    columns: Columns
    separator: str = ","
    quoting: bool = True
    header_lines: int = 1
    iso: bool = False
    padded: bool = False

    def slow(self, line: str) -> Fields:
        """Split one line; it must have as many fields as the header."""
        values = split_line(line, self.separator, self.quoting)
        if len(values) != len(self.header):
            detail = f"expected {len(self.header)} columns, found {len(values)}"
            raise BadRow("wrong number of columns", detail)
        return Fields(*(None if place is None else values[place] for place in self._places))

    def fast(self, data: bytes) -> pl.DataFrame | None:
        """Parse with polars, as typed columns; a block that does not fit them, as texts."""
        if data.startswith(BOM):  # polars would take it off
            return None
        plain = not (self.quoting and b'"' in data)
        times: list[pl.datatypes.DataTypeClass]
        times = [pl.String] if self.iso else [pl.Int64, pl.Float64]
        for time in times if plain and _ends_well(data) else ():
            try:
                frame = self._parse(data, pl.Float64, time)
            except pl.exceptions.PolarsError:
                continue
            if self._is_even(data, frame):
                return self._chosen(frame)
            break
        try:
            return self._texts(data, plain)
        except pl.exceptions.PolarsError:
            return None

    @cached_property
    def rule(self) -> RecordRule | None:
        """What a row that goes on looks like: without quotes none does."""
        if not self.quoting:
            return None
        user, item, rating, time = self._places
        checks: dict[int | None, Check] = {rating: is_number, time: is_time}
        values = {place: check for place, check in checks.items() if place is not None}
        ids = tuple(place for place in (user, item) if place is not None)
        return RecordRule(self.separator, len(self.header), ids, values, self.padded)

    @cached_property
    def _places(self) -> list[int | None]:
        names = (self.columns.user, self.columns.item, self.columns.rating, self.columns.time)
        return [None if name is None else self.header.index(name) for name in names]

    def _is_even(self, data: bytes, frame: pl.DataFrame) -> bool:
        """Return whether all lines have the right number of fields.

        Polars fills up lines with too few, refuses those with too many, and forgives an empty field
        too many. So their sum is right if nothing had to be filled up; else every line counts.
        """
        last = len(self.header) - 1
        if occurrences(self.separator.encode(), data) != last * frame.height:
            return False
        return not frame[f"{last}"].null_count() or _is_even_by_line(data, self.separator, last)

    def _parse(
        self,
        data: bytes,
        rating: pl.datatypes.DataTypeClass,
        time: pl.datatypes.DataTypeClass,
        quote: str | None = None,
    ) -> pl.DataFrame:
        """Return the columns that are read and the last one, called by their places."""
        last = len(self.header) - 1
        types: dict[int | None, pl.datatypes.DataTypeClass]
        types = dict(zip(self._places, (pl.String, pl.String, rating, time), strict=True))
        return pl.read_csv(
            data,
            has_header=False,
            schema={f"{place}": types.get(place, pl.String) for place in range(last + 1)},
            columns=sorted({last, *(place for place in self._places if place is not None)}),
            separator=self.separator,
            quote_char=quote,
        )

    def _chosen(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the columns by their names in ``PARSED``."""
        nothing = pl.lit(None, pl.Float64)
        user, item, rating, time = (
            nothing if place is None else pl.col(f"{place}") for place in self._places
        )
        return frame.select(user=user, item=item, rating=rating, timestamp=time)

    def _texts(self, data: bytes, plain: bool) -> pl.DataFrame:
        """Return one row per line, of nulls where the line is not made of the right fields."""
        lines = pl.read_csv(
            data,
            has_header=False,
            schema={"line": pl.String},
            quote_char=None,
            separator=NO_BYTE,
            encoding="utf8-lossy",
        )["line"]
        good = self._well_formed(lines, plain)
        if not good.any():
            return PARSED.to_frame().clear(len(lines))
        whole = good.all()
        part = data if whole else lines.filter(good).str.join("\n").item().encode()
        frame = self._parse(part, pl.String, pl.String, None if plain else '"')
        if frame.height != good.sum():
            raise pl.exceptions.ShapeError("a row that is not a line")
        if JOINT in data:
            whole_ids = ~pl.col(pl.String).str.contains(JOINT.decode(), literal=True)
            frame = frame.with_columns(pl.when(whole_ids).then(pl.col(pl.String)).name.keep())
        frame = self._chosen(frame).cast({"rating": pl.Float64}, strict=False)
        if not self.iso:
            frame = frame.cast({"timestamp": pl.Float64}, strict=False)
        return frame if whole else frame.select(pl.all().gather(_positions(good)))

    def _well_formed(self, lines: pl.Series, plain: bool) -> pl.Series:
        """Return which lines have the right number of fields, and quotes only around them."""
        text, sep = pl.col("line"), re.escape(self.separator)
        checks = [~text.str.contains(f"[\r{LOSSY}]")]
        outside = text
        if not plain:
            field = rf'(?:[^"{sep}]*|"(?:[^"]|"")*")'
            checks.append(text.str.contains(f"^{field}(?:{sep}{field})*$"))
            outside = text.str.replace_all('"[^"]*"', "")
        n_separators = outside.str.count_matches(self.separator, literal=True)
        checks.append(n_separators == len(self.header) - 1)
        good = pl.DataFrame({"line": lines}).select(pl.all_horizontal(checks))
        return good.to_series().fill_null(value=False)


def _is_even_by_line(data: bytes, separator: str, n: int) -> bool:
    """Return whether every line has ``n`` separators, if they are as many in all."""
    chars = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(chars == ord("\n"))
    places = np.flatnonzero(chars == ord(separator)).reshape(-1, n)
    if len(places) != len(ends):
        return False
    return bool((places[:, -1] < ends).all() and (places[1:, 0] > ends[:-1]).all())


def _ends_well(data: bytes) -> bool:
    """Return whether all carriage returns end lines: polars takes one from the end of any field."""
    return b"\r" not in data or occurrences(b"\r", data) == data.count(b"\r\n")


def _positions(good: pl.Series) -> pl.Series:
    """Return for each line the number of its row among the good ones, null for the others."""
    return pl.select(pl.when(good).then(good.cum_sum().cast(pl.Int64) - 1)).to_series()
