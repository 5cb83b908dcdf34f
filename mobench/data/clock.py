"""Instants: any unit in, milliseconds since 1970 UTC out."""

import math
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import polars as pl

from mobench.data.fields import BadRow, present, quoted, to_number

Unit = Literal["s", "ms", "us", "iso"]
MILLISECONDS = {"s": 1000.0, "ms": 1.0, "us": 0.001}
END = 4_102_444_800_000
"""Year 2100: later instants are damage, not data; so are those before 1970."""


def unit_of(number: float) -> Unit:
    """Return the unit by magnitude: seconds end in the year 5138, milliseconds begin in 1973."""
    return "s" if number < 1e11 else "ms" if number < 1e14 else "us"


def detect_unit(values: Sequence[object]) -> Unit:
    """Return the unit of a column from a sample: the median decides, so stray values do not."""
    numbers = [n for v in values if (n := to_number(v)) is not None and math.isfinite(n)]
    dates = [v for v in values if isinstance(v, str) and _iso(v) is not None]
    if len(dates) > len(numbers):
        return "iso"
    return unit_of(statistics.median(numbers)) if numbers else "ms"


def instant(value: object, unit: Unit) -> int | None:
    """Return milliseconds, or ``None`` for what is no instant in this unit."""
    if unit == "iso":
        return _iso(value) if isinstance(value, str) else None
    number = to_number(value)
    if number is None or not math.isfinite(number):
        return None
    return math.floor(number * MILLISECONDS[unit] + 0.5)


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


def to_milliseconds(times: pl.Expr, unit: Unit) -> pl.Expr:
    """Return ``instant`` for a column of numbers, still as Float64 and unchecked."""
    return (times * MILLISECONDS[unit] + 0.5).floor()


def _iso(text: str) -> int | None:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    zoned = time if time.tzinfo else time.replace(tzinfo=UTC)
    return math.floor(zoned.timestamp() * 1000 + 0.5)
