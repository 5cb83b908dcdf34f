"""One value of a raw row: checked, or refused with words that a user understands."""

import math
import re

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
INT64 = range(-(2**63), 2**63)
SHOWN = 60


class BadRow(Exception):
    """A row that cannot be used.

    Args:
        reason: What rows are counted by, such as ``rating is not a number``.
        detail: The same with the offending value, for the error message.
    """

    def __init__(self, reason: str, detail: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail or reason


def quoted(value: object) -> str:
    """Return a value as an error message shows it: short, in quotes, printable."""
    text = str(value) if isinstance(value, str | float | bool) else repr(value)[: 2 * SHOWN]
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:SHOWN])
    return f"'{clean}…'" if len(text) > SHOWN else f"'{clean}'"


def identifier(value: object, column: str) -> str:
    """Return an id; whole numbers become their digits.

    Raises:
        BadRow: It is missing, blank, or of another type.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value in INT64:
        return str(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise BadRow(f"{column} is empty", f"column '{column}' is empty, expected an id")
    if not isinstance(value, str):
        detail = f"column '{column}' is {quoted(value)}, expected an id"
        raise BadRow(f"{column} is not an id", detail)
    return value


def to_number(value: object) -> float | None:
    """Return a number (possibly not finite) or the number that a text holds, else ``None``."""
    if isinstance(value, str):
        text = value.strip()
        return float(text) if NUMBER.fullmatch(text) or NOT_FINITE.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # a whole number of more than 308 digits
        return math.inf


def finite(value: object, column: str) -> float:
    """Return a finite number.

    Raises:
        BadRow: It is missing, no number, NaN or infinite.
    """
    present(value, column, "a number")
    number = to_number(value)
    if number is None:
        detail = f"column '{column}' is {quoted(value)}, expected a number"
        raise BadRow(f"{column} is not a number", detail)
    if not math.isfinite(number):
        detail = f"column '{column}' is {quoted(value)}, expected a finite number"
        raise BadRow(f"{column} is not finite", detail)
    return number


def present(value: object, column: str, expected: str) -> None:
    """Raise ``BadRow`` for a value that is not there."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise BadRow(f"{column} is missing", f"column '{column}' is missing, expected {expected}")
