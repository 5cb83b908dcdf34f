import math
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mobench.data.clock import (
    END,
    checked_instant,
    detect_unit,
    instant,
    to_milliseconds,
)
from mobench.data.fields import BadRow, finite, identifier, quoted, to_number


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("5", 5.0),
        (" 5.0 ", 5.0),
        ("-1e3", -1000.0),
        (".5", 0.5),
        (4, 4.0),
        (4.5, 4.5),
        ("five", None),
        ("1_0", None),
        ("0x10", None),
        ("٥", None),
        ("5,0", None),
        ("", None),
        (True, None),
        (None, None),
        ([5], None),
        ("inf", math.inf),
        (10**400, math.inf),
    ],
)
def test_numbers(value: object, number: float | None) -> None:
    assert to_number(value) == number


def test_nan_is_a_number_but_not_finite() -> None:
    assert math.isnan(to_number("NaN") or 0)
    with pytest.raises(BadRow, match="rating is not finite") as caught:
        finite("nan", "rating")
    assert caught.value.detail == "column 'rating' is 'nan', expected a finite number"


@pytest.mark.parametrize(
    ("value", "reason", "detail"),
    [
        ("five", "rating is not a number", "column 'rating' is 'five', expected a number"),
        ("", "rating is missing", "column 'rating' is missing, expected a number"),
        (None, "rating is missing", "column 'rating' is missing, expected a number"),
        ([1], "rating is not a number", "column 'rating' is '[1]', expected a number"),
        ("x\x1b[31m", "rating is not a number", "column 'rating' is 'x�[31m', expected a number"),
    ],
)
def test_ratings_that_are_refused(value: object, reason: str, detail: str) -> None:
    with pytest.raises(BadRow) as caught:
        finite(value, "rating")
    assert (caught.value.reason, caught.value.detail) == (reason, detail)


@pytest.mark.parametrize(
    ("value", "text"), [("A1", "A1"), (7, "7"), (-3, "-3"), (' "x" ', ' "x" ')]
)
def test_ids(value: object, text: str) -> None:
    assert identifier(value, "user_id") == text


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "user_id is empty"),
        ("  ", "user_id is empty"),
        (None, "user_id is empty"),
        (1.5, "user_id is not an id"),
        (True, "user_id is not an id"),
        (["a"], "user_id is not an id"),
        (10**40, "user_id is not an id"),
    ],
)
def test_ids_that_are_refused(value: object, reason: str) -> None:
    with pytest.raises(BadRow) as caught:
        identifier(value, "user_id")
    assert caught.value.reason == reason


def test_long_values_are_cut_in_messages() -> None:
    assert quoted("x" * 1000) == "'" + "x" * 60 + "…'"


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        (["1546300800"], "s"),
        ([1546300800000], "ms"),
        (["1546300800000000"], "us"),
        (["99999999999"], "s"),
        (["100000000000"], "ms"),  # 1973
        (["99999999999999"], "ms"),
        (["100000000000000"], "us"),
        (["2019-01-01", "2019-01-01T10:00:00Z"], "iso"),
        (["oops", None, "1546300800", "1546300801", "99999999999999999"], "s"),
        ([], "ms"),
    ],
)
def test_unit_by_magnitude(values: list[object], unit: str) -> None:
    assert detect_unit(values) == unit


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        ("1546300800", "s"),
        (1546300800000, "ms"),
        ("1546300800000000", "us"),
        ("2019-01-01", "iso"),
        ("2019-01-01T01:00:00+01:00", "iso"),
    ],
)
def test_instants(value: object, unit: str) -> None:
    expected = datetime(2019, 1, 1, tzinfo=UTC).timestamp() * 1000
    assert checked_instant(value, "timestamp", unit) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("soon", "timestamp is not a time"),
        ("nan", "timestamp is not a time"),
        ("inf", "timestamp is not a time"),
        (None, "timestamp is missing"),
        (-1, "timestamp is out of range"),
        (END, "timestamp is out of range"),
        ("1e300", "timestamp is out of range"),
    ],
)
def test_times_that_are_refused(value: object, reason: str) -> None:
    with pytest.raises(BadRow) as caught:
        checked_instant(value, "timestamp", "ms")
    assert caught.value.reason == reason


def usable(value: float, unit: str) -> int | None:
    time = instant(value, unit)
    return time if time is not None and 0 <= time < END else None


@settings(max_examples=60)
@example([1e306], "s")
@given(
    st.lists(
        st.floats()
        | st.floats(-1.0, 5e15)
        | st.sampled_from([-0.4, -0.5, -0.6, END - 0.5, END - 0.51, END / 1000, END * 1000.0])
    ),
    st.sampled_from(["s", "ms", "us"]),
)
def test_columns_and_single_values_agree(values: list[float], unit: str) -> None:
    column = to_milliseconds(pl.Series(values, dtype=pl.Float64), unit)
    assert column.dtype == pl.Int64
    assert column.to_list() == [usable(value, unit) for value in values]


@settings(max_examples=60)
@given(
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-1, 5 * 10**15) | st.just(END // 1000)),
    st.sampled_from(["s", "ms", "us"]),
)
def test_columns_of_whole_numbers_agree(values: list[int], unit: str) -> None:
    column = to_milliseconds(pl.Series(values, dtype=pl.Int64), unit)
    assert column.to_list() == [usable(value, unit) for value in values]


def test_numbers_are_no_iso_times() -> None:
    assert to_milliseconds(pl.Series([2019, 20190101]), "iso").to_list() == [None, None]
