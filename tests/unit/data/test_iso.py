"""A column of ISO times reads as ``datetime.fromisoformat`` reads each of them."""

from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.data.clock import END, instant, to_milliseconds
from mobench.data.iso import FORMS, YEARS, iso_milliseconds

NEAR = [
    "1970-01-01",
    "2099-12-31T23:59:59.999499",
    "2099-12-31T23:59:59.999500",
    "2000-02-29",
    "2020-02-30 10:00:00",
    "2100-01-01",
    "1969-12-31",
    "0000-01-01",
    "2019-00-01",
    "2019-13-01",
    "2019-01-00",
    "2019-01-01T24:00:00",
    "2019-01-01 23:60:00",
    "2019-01-01 23:59:60",
    "2019-01-01T10:00:00+24:00",
    "2019-01-01T10:00:00+23:60",
    "2019-01-01T10:00:00,00:00",
    "2019-01-01T10:00:00-00:00",
    "1970-01-01T00:00:00+00:01",
    "2099-12-31T23:59:59-00:01",
    "2019-01-01x10:00:00",
    "2019-01-01T10:00",
    "20190101",
    "2019-W01-1",
    " 2019-01-01",
    "2019-01-01 ",
    "2019-1-1",
    "2019/01/01",
    "2٠19-01-0",
    "é019-01-0",
    "",
]
TIMES = st.datetimes(
    datetime(1960, 1, 1),
    datetime(2110, 1, 1),
    timezones=st.sampled_from([UTC, None])
    | st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m))),
)
TEXTS = st.builds(
    lambda time, separator, spec, z: (
        time.isoformat(separator, spec).replace("+00:00", "Z" if z else "+00:00")
        if spec != "date"
        else time.date().isoformat()
    ),
    TIMES,
    st.sampled_from("T "),
    st.sampled_from(["seconds", "milliseconds", "microseconds", "minutes", "date"]),
    st.booleans(),
)
DAMAGED = st.builds(
    lambda text, at, char: text[: at % len(text)] + char + text[at % len(text) + 1 :],
    TEXTS,
    st.integers(0, 40),
    st.sampled_from("0123456789T:-+.Z ,/é٠") | st.just(""),
)


def usable(text: str | None) -> int | None:
    time = instant(text, "iso")
    return time if time is not None and 0 <= time < END else None


@settings(max_examples=80)
@given(st.lists(TEXTS | DAMAGED | st.sampled_from(NEAR) | st.none() | st.text(max_size=12)))
def test_a_column_agrees_with_the_standard_library(texts: list[str | None]) -> None:
    column = to_milliseconds(pl.Series("t", texts, pl.String), "iso")
    assert (column.name, column.dtype) == ("t", pl.Int64)
    for text, time in zip(texts, column, strict=True):
        if time is not None:
            assert time == usable(text)


@settings(max_examples=40)
@given(st.lists(TEXTS, min_size=1))
def test_the_usual_forms_need_no_closer_look(texts: list[str]) -> None:
    whole = [text for text in texts if len(text) in FORMS and int(text[:4]) in YEARS]
    column = to_milliseconds(pl.Series(whole, dtype=pl.String), "iso")
    assert column.to_list() == [usable(text) for text in whole]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-02", 86_400_000),
        ("1970-01-01 00:00:01", 1000),
        ("1970-01-01T00:00:00.0005Z", None),
        ("1970-01-01T00:00:00.000500Z", 1),
        ("1970-01-01T00:00:00.000499", 0),
        ("1970-01-01T02:30:00+02:30", 0),
        ("1969-12-31T23:00:00-01:00", None),
        ("2000-03-01T00:00:00-01:30", 951_868_800_000 + 5_400_000),
    ],
)
def test_times_worked_out_by_hand(text: str, time: int | None) -> None:
    assert iso_milliseconds(pl.Series([text])).to_list() == [time]
