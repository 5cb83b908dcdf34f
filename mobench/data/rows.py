"""Lines into review rows: whole blocks at once, and one by one the lines that leave a doubt."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import polars as pl

from mobench.data.blocks import Block, below_header, read_blocks
from mobench.data.clock import Unit, checked_instant, detect_unit, to_milliseconds
from mobench.data.fields import BadRow, finite, identifier, quoted
from mobench.data.files import SourceFile
from mobench.data.joins import joined, joined_lines
from mobench.data.records import RecordRule
from mobench.data.schema import REVIEWS, TEXT_LIMIT, Rejected, Rejects

LEAF = 1024
"""So few lines are not halved any further: reading them one by one is as fast."""
SAMPLE = 1000
"""Lines by which the unit of the time column is judged."""
PARSED = pl.Schema(
    {"user": pl.String, "item": pl.String, "rating": pl.Float64, "timestamp": pl.Float64}
)
"""What ``fast`` returns; times may be Int64, too, or ISO texts."""
VISIBLE = "!", "\x7f"
"""A text from the first and below the second begins with a visible ASCII character."""
LARGEST = float(np.finfo(np.float32).max)
"""Ratings are kept as 32-bit numbers."""
NOT_BLANK = r"[^\s\x1c-\x1f]"
"""A character that ``str.strip`` would leave."""


@dataclass(frozen=True)
class Fields:
    """The four values of one row as the file has them (text, number, None, …)."""

    user: object
    item: object
    rating: object
    time: object


@dataclass(frozen=True)
class Columns:
    """What the columns are called in the file; the last two may be missing."""

    user: str
    item: str
    rating: str | None
    time: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the order of ``REVIEWS``, without those that are missing."""
        every = (self.user, self.item, self.rating, self.time)
        return tuple(name for name in every if name is not None)

    def sure(self, frame: pl.DataFrame) -> pl.Series | None:
        """Return which rows are usable beyond doubt, ``None`` if it is all of them.

        Args:
            frame: Rows with the schema ``REVIEWS``; doubtful times are null.
        """
        given = ["user", "item", "timestamp", *(["rating"] if self.rating is not None else [])]
        ids = pl.col("user", "item")
        visible = ids.is_between(pl.lit(VISIBLE[0]), pl.lit(VISIBLE[1]), closed="left")
        finite = [pl.col("rating").abs() <= LARGEST] if self.rating is not None else []
        # three times faster than what follows, and nearly always enough
        is_full = not any(frame[name].null_count() for name in given)
        if is_full and all(frame.select(e.all() for e in (visible, *finite)).row(0)):
            return None
        checks = [ids.str.contains(NOT_BLANK), pl.col("timestamp").is_not_null(), *finite]
        sure = frame.select(pl.all_horizontal(checks).fill_null(value=False)).to_series()
        return None if sure.all() else sure


class LineParser(ABC):
    """A format with one row a line, or several lines where ``rule`` says so.

    ``fast`` and ``slow`` must agree on every row that ``fast`` accepts: which of them reads a row
    may depend on its neighbours.
    """

    columns: Columns
    header_lines: int = 0

    @property
    def rule(self) -> RecordRule | None:
        """What a row that goes on over several lines looks like; ``None`` if none does."""
        return None

    @abstractmethod
    def fast(self, data: bytes) -> pl.DataFrame | None:
        """Return one row per line with the schema ``PARSED``, times in the unit of the file.

        A row with a null is left to ``slow``; ``None`` leaves all of them. A column that the file
        does not have is all null. Whether ids are blank, numbers finite and times possible is
        checked elsewhere. Times may also be Int64, which is faster, and in the unit ``iso`` only
        texts are understood.
        """

    @abstractmethod
    def slow(self, line: str) -> Fields:
        """Return the values of one line.

        Raises:
            BadRow: The line has no such values.
        """


def read_rows(
    file: SourceFile, parser: LineParser, unit: Unit | None, rejects: Rejects
) -> Iterator[pl.DataFrame]:
    """Yield the usable rows in file order, with the schema ``REVIEWS``.

    Args:
        file: The file.
        parser: Its format.
        unit: The unit of its time column, ``None`` where it has none: all times are then 0.
        rejects: Takes the rows that cannot be used.

    Raises:
        DataError: The file cannot be read.
    """
    reader = _Reader(file.name, parser, unit, rejects)
    for block in joined(below_header(read_blocks(file), parser.header_lines), parser.rule):
        if isinstance(block, Rejected):
            rejects.add(block)
        else:
            yield from reader.read(block)


def sample_unit(head: bytes, parser: LineParser) -> Unit | None:
    """Return the unit of the time column, judged by the first lines; ``None`` if there is none."""
    if parser.columns.time is None:
        return None
    times = []
    body = head.split(b"\n", parser.header_lines)[parser.header_lines :]
    lines = (line for line in joined_lines(b"".join(body), parser.rule) if line.strip())
    for line in islice(lines, SAMPLE):
        try:
            times.append(parser.slow(line.decode("utf-8", "replace")).time)
        except BadRow:
            continue
    return detect_unit(times)


@dataclass(frozen=True)
class _Reader:
    name: str
    parser: LineParser
    unit: Unit | None
    rejects: Rejects

    def read(self, block: Block) -> Iterator[pl.DataFrame]:
        """Yield the rows; a block that cannot be read at once is halved."""
        n_lines = block.n_lines
        if not n_lines or not block.data.strip():
            return
        frame = self.parser.fast(block.data)
        if frame is not None and frame.height == n_lines:
            yield self._checked(block, frame)
        elif n_lines <= LEAF:
            yield self._checked(block, PARSED.to_frame().clear(n_lines))
        else:
            cut = block.data.rfind(b"\n", 0, len(block.data) // 2) + 1
            cut = cut or block.data.find(b"\n") + 1
            for half in block.cut(cut):
                yield from self.read(half)

    def _checked(self, block: Block, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the certain rows of a block, and the others that ``slow`` can read."""
        if self.unit is None:
            frame = frame.with_columns(timestamp=pl.lit(0, pl.Int64))
        else:
            frame = frame.with_columns(to_milliseconds(frame["timestamp"], self.unit))
        certain = self.parser.columns.sure(frame)
        if certain is None:
            return frame
        doubtful = (~certain).arg_true().to_list()
        lines = zip(doubtful, block.lines(doubtful), strict=True)
        rows = ((n, self._row(number, line.removesuffix(b"\r"))) for n, (number, line) in lines)
        found = [(n, *row) for n, row in rows if row is not None]
        more = pl.DataFrame(found, schema={"line": pl.UInt32, **REVIEWS}, orient="row")
        sure = frame.with_row_index("line").filter(certain).cast(more.schema)
        return pl.concat([sure, more]).sort("line").drop("line") if found else sure.drop("line")

    def _row(self, number: int, line: bytes) -> tuple[str, str, float | None, int] | None:
        """Return the row, or ``None`` after handing it to the rejects; blank lines are no rows."""
        if not line.strip():
            return None
        text = line.decode("utf-8", "replace")
        fields = Fields(None, None, None, None)
        try:
            if not _is_utf8(line):
                raise BadRow("line is not UTF-8")
            fields = self.parser.slow(text)
            return checked(fields, self.parser.columns, self.unit)
        except BadRow as bad:
            ids = [
                v if isinstance(v, str) and v.strip() else None for v in (fields.user, fields.item)
            ]
            row = Rejected(self.name, number, bad.reason, text[:TEXT_LIMIT], bad.detail, *ids)
            self.rejects.add(row)
            return None


def checked(
    fields: Fields, columns: Columns, unit: Unit | None
) -> tuple[str, str, float | None, int]:
    """Return a row of ``REVIEWS``.

    Raises:
        BadRow: A value is missing or cannot be what its column holds.
    """
    return (
        identifier(fields.user, columns.user),
        identifier(fields.item, columns.item),
        None if columns.rating is None else _rating(fields.rating, columns.rating),
        checked_instant(fields.time, columns.time, unit) if columns.time and unit else 0,
    )


def _rating(value: object, column: str) -> float:
    number = finite(value, column)
    if abs(number) > LARGEST:
        detail = f"column '{column}' is {quoted(value)}, too large for a rating"
        raise BadRow(f"{column} is out of range", detail)
    return number


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
