"""Instants: any unit in, milliseconds since 1970 UTC out."""

import math
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import polars as pl

from mobench.data.fields import BadRow, present, quoted, to_number
from mobench.data.iso import iso_milliseconds

Unit = Literal["s", "ms", "us", "iso"]
MILLISECONDS = {"s": 1000.0, "ms": 1.0, "us": 0.001}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END = 4_102_444_800_000
"""Year 2100: later instants are damage, not data; so are those before 1970."""


def unit_of(number: float) -> Unit:
    """Return the unit by magnitude: seconds end in the year 5138, milliseconds begin in 1973."""
    return "s" if number < 1e11 else "ms" if number < 1e14 else "us"


def detect_unit(values: Sequence[object]) -> Unit:
    """Return the unit of a column from a sample: the median decides, so stray values do not.

    Texts of eight digits that are dates (20200131) are taken as such.
    """
    numbers = [n for v in values if (n := to_number(v)) is not None and math.isfinite(n)]
    dates = [v for v in values if isinstance(v, str) and _iso(v) is not None]
    compact = all(len(v.strip()) == 8 for v in dates)
    if len(dates) > len(numbers) or (dates and compact and len(dates) == len(numbers)):
        return "iso"
    return unit_of(statistics.median(numbers)) if numbers else "ms"


def instant(value: object, unit: Unit) -> int | None:
    """Return milliseconds, or ``None`` for what is no instant in this unit."""
    if unit == "iso":
        return _iso(value) if isinstance(value, str) else None
    number = to_number(value)
    time = math.nan if number is None else number * MILLISECONDS[unit]
    return math.floor(time + 0.5) if math.isfinite(time) else None


def checked_instant(value: object, column: str, unit: Unit) -> int:
    """Return milliseconds in [0, ``END``).

    Raises:
        BadRow: The value is missing, no instant, or outside the years 1970 to 2099.
    """
    present(value, column, "a time")
    time = instant(value, unit)
    if time is None:
        detail = f"column '{column}' is {quoted(value)}, expected a time"
        raise BadRow(f"{column} is not a time", detail)
    if not 0 <= time < END:
        detail = f"column '{column}' is {quoted(value)}, expected a time from 1970 to 2099"
        raise BadRow(f"{column} is out of range", detail)
    return time


def to_milliseconds(times: pl.Series, unit: Unit) -> pl.Series:
    """Return ``instant`` for a column as Int64.

    Args:
        times: Numbers or texts.
        unit: Their unit.

    Returns:
        What is null is doubtful: outside [0, ``END``), or in a form that only ``instant`` reads.
    """
    if unit == "iso":
        if times.dtype != pl.String:
            return pl.Series(times.name, [None], pl.Int64).new_from_index(0, len(times))
        return _within(iso_milliseconds(times).alias(times.name), END)
    if unit == "ms" and times.dtype == pl.Int64:
        return _within(times, END)
    if unit == "s" and times.dtype == pl.Int64:
        return _within(times, END // 1000) * 1000
    numbers = times.cast(pl.Float64, strict=False)
    return _within((numbers * MILLISECONDS[unit] + 0.5).floor(), END).cast(pl.Int64)


def _within(times: pl.Series, end: int) -> pl.Series:
    """Return the times with null for those outside [0, ``end``), NaN among them."""
    usable = times.is_between(0, end, closed="left")
    return times if usable.all() else times.set(~usable, None)


def _iso(text: str) -> int | None:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    zoned = time if time.tzinfo else time.replace(tzinfo=UTC)
    return (zoned - EPOCH + timedelta(microseconds=500)) // timedelta(milliseconds=1)
