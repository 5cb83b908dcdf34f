"""Which Parquet columns can be read as what, and their values as polars has them."""

from collections.abc import Callable, Mapping

import polars as pl
import pyarrow as pa

from mobench.data.clock import Unit
from mobench.data.files import SourceFile
from mobench.errors import DataError

DAY = 86_400_000
"""Milliseconds."""
_types = pa.types


def is_text(kind: pa.DataType) -> bool:
    """Return whether values are texts, plain or in a dictionary."""
    if _types.is_dictionary(kind):
        return is_text(kind.value_type)
    kinds = (_types.is_string, _types.is_large_string, _types.is_string_view)
    return any(is_kind(kind) for is_kind in kinds)


def is_id(kind: pa.DataType) -> bool:
    """Return whether values can be ids: texts or whole numbers."""
    return is_text(kind) or _types.is_integer(kind)


def is_number(kind: pa.DataType) -> bool:
    """Return whether values are numbers."""
    kinds = (_types.is_integer, _types.is_floating, _types.is_decimal)
    return any(is_kind(kind) for is_kind in kinds)


def is_price(kind: pa.DataType) -> bool:
    """Return whether values can be prices: numbers or texts."""
    return is_number(kind) or is_text(kind)


def is_time(kind: pa.DataType) -> bool:
    """Return whether values can be times: numbers, texts, dates or timestamps."""
    return is_price(kind) or _types.is_date(kind) or _types.is_timestamp(kind)


def is_category(kind: pa.DataType) -> bool:
    """Return whether values can be categories: ids, or lists of texts, or lists of those."""
    if _types.is_list(kind) or _types.is_large_list(kind):
        inner = kind.value_type
        nested = _types.is_list(inner) or _types.is_large_list(inner)
        return is_text(inner.value_type if nested else inner)
    return is_id(kind)


EXPECTED: Mapping[str, tuple[Callable[[pa.DataType], bool], str]] = {
    "user": (is_id, "texts or whole numbers"),
    "item": (is_id, "texts or whole numbers"),
    "rating": (is_number, "numbers"),
    "time": (is_time, "numbers, texts, dates or timestamps"),
    "title": (is_text, "texts"),
    "price": (is_price, "numbers or texts"),
    "category": (is_category, "texts, lists of texts, or lists of such lists"),
}
"""For each key of ``--columns`` what its column may hold."""


def require_types(file: SourceFile, schema: pa.Schema, columns: Mapping[str, str]) -> None:
    """Check the types of columns.

    Args:
        file: The file.
        schema: Its schema.
        columns: Names of columns by the keys of ``EXPECTED``.

    Raises:
        DataError: One is nested or of another kind; the message has its name and its type.
    """
    for key, name in columns.items():
        fits, words = EXPECTED[key]
        kind = schema.field(name).type
        if not fits(kind):
            message = f"column '{name}' of '{file.name}' holds {str(kind)[:60]}"
            raise DataError(message, f"the {key} must be {words}.")


def unit_of_type(kind: pa.DataType) -> Unit | None:
    """Return the unit in which ``values`` gives dates and timestamps, ``None`` for other types."""
    if _types.is_date(kind):
        return "ms"
    if _types.is_timestamp(kind):
        units: dict[str, Unit] = {"s": "s", "ms": "ms"}
        return units.get(kind.unit, "us")
    return None


def texts(column: pa.Array) -> pl.Series:
    """Return texts, and whole numbers as their digits."""
    decoded = column.dictionary_decode() if _types.is_dictionary(column.type) else column
    return pl.Series(pl.from_arrow(decoded.cast(pa.large_string())))


def values(column: pa.Array) -> pl.Series:
    """Return texts as String, whole numbers, dates and timestamps as Int64, others as Float64."""
    kind = column.type
    if is_text(kind):
        return texts(column)
    if _types.is_floating(kind) or _types.is_decimal(kind) or _types.is_null(kind):
        return pl.Series(pl.from_arrow(column.cast(pa.float64(), safe=False)))
    if _types.is_date32(kind):
        return pl.Series(pl.from_arrow(column.cast(pa.int32()).cast(pa.int64()))) * DAY
    numbers = pl.Series(pl.from_arrow(column.cast(pa.int64(), safe=False)))
    is_ns = _types.is_timestamp(kind) and kind.unit == "ns"
    return numbers // 1000 if is_ns else numbers
