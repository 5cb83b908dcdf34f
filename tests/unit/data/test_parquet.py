"""Parquet tables: every type that is read, all others refused, damaged files, and no row lost."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobench.data.catalogue import Catalogue
from mobench.data.clock import END, Unit, instant
from mobench.data.files import SourceFile
from mobench.data.rows import LARGEST
from mobench.data.schema import REVIEWS, Rejects
from mobench.data.sources import SOURCES, parquet_rows
from mobench.errors import DataError

SOURCE = SOURCES["parquet"]
LOOSE = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
DAY = 86_400_000


def read(path: Path, table: pa.Table, **columns: str) -> tuple[Unit | None, pl.DataFrame, Rejects]:
    pq.write_table(table, path, row_group_size=3)
    file, rejects = SourceFile("reviews", path, path.name, columns=columns), Rejects()
    unit = SOURCE.check_reviews(file, b"")
    frames = list(SOURCE.read_reviews(file, unit, rejects))
    assert all(frame.schema == REVIEWS for frame in frames)
    return unit, pl.concat([REVIEWS.to_frame(), *frames]), rejects


def table(user: pa.Array, **columns: pa.Array) -> pa.Table:
    return pa.table({"user": user, "item": ["i"] * len(user), **columns})


@pytest.mark.parametrize(
    ("ids", "texts"),
    [
        (pa.array([1, 2], pa.int8()), ["1", "2"]),
        (pa.array([2**64 - 1, 0], pa.uint64()), [str(2**64 - 1), "0"]),
        (pa.array(["é", " x"], pa.large_string()), ["é", " x"]),
        (pa.array(["a", "b"], pa.string_view()), ["a", "b"]),
        (pa.array(["a", "a"]).dictionary_encode(), ["a", "a"]),
    ],
)
def test_ids(tmp_path: Path, ids: pa.Array, texts: list[str]) -> None:
    unit, frame, rejects = read(tmp_path / "t", table(ids))
    assert (unit, frame["user"].to_list(), len(rejects)) == (None, texts, 0)
    assert frame["rating"].null_count() == 2
    assert frame["timestamp"].to_list() == [0, 0]


MOMENT = dt.datetime(2019, 1, 1, 0, 0, 1, 999_000)
UTC_MS = 1_546_300_801_999


@pytest.mark.parametrize(
    ("times", "unit", "wanted"),
    [
        (pa.array([MOMENT], pa.timestamp("us")), "us", UTC_MS),
        (pa.array([MOMENT], pa.timestamp("ms", "UTC")), "ms", UTC_MS),
        (pa.array([MOMENT], pa.timestamp("ns", "America/New_York")), "us", UTC_MS),
        (pa.array([MOMENT.replace(microsecond=0)], pa.timestamp("s")), "ms", UTC_MS - 999),
        (pa.array([MOMENT.date()], pa.date32()), "ms", 17_897 * DAY),
        (pa.array([MOMENT.date()], pa.date64()), "ms", 17_897 * DAY),
        (pa.array([1_546_300_801], pa.int32()), "s", UTC_MS - 999),
        (pa.array([1_546_300_801.999]), "s", UTC_MS),
        (pa.array([UTC_MS * 1000], pa.uint64()), "us", UTC_MS),
        (pa.array(["2019-01-01T00:00:01.999Z"]), "iso", UTC_MS),
        (pa.array(["20190101T000001"]), "iso", UTC_MS - 999),
        (pa.array([" 1546300801 "]), "s", UTC_MS - 999),
    ],
)
def test_times(tmp_path: Path, times: pa.Array, unit: Unit, wanted: int) -> None:
    found, frame, rejects = read(tmp_path / "t", table(pa.array(["u"]), time=times))
    assert (found, frame["timestamp"].to_list(), len(rejects)) == (unit, [wanted], 0)


@pytest.mark.parametrize(
    "ratings", [pa.array([4], pa.int8()), pa.array([4.0], pa.float32()), pa.array([Decimal("4.0")])]
)
def test_ratings(tmp_path: Path, ratings: pa.Array) -> None:
    frame = read(tmp_path / "t", table(pa.array(["u"]), stars=ratings))[1]
    assert frame["rating"].to_list() == [4.0]


TEXTS = st.sampled_from(["a", "ü", "", " ", "\u3000", "\x1c"]) | st.none()
RATINGS = st.floats() | st.none()
TIMES: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "ms": (pa.int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(-5, END + 5)),
    "s": (pa.float64(), st.floats() | st.floats(-1, 5e9)),
    "iso": (
        pa.string(),
        st.sampled_from(["2019-01-01", "2019", "20190101", "", "x", "9999-01-01"]),
    ),
}


@pytest.mark.parametrize("unit", TIMES)
@LOOSE
@given(data=st.data())
def test_every_row_is_read_or_refused(tmp_path: Path, unit: Unit, data: st.DataObject) -> None:
    """The rows that a naive rule keeps, and a reason with its place for each of the others."""
    kind, times = TIMES[unit]
    rows = data.draw(st.lists(st.tuples(TEXTS, TEXTS, RATINGS, times | st.none()), max_size=9))
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    kinds = (pa.string(), pa.string(), pa.float64(), kind)
    arrays = [pa.array(c, k) for c, k in zip(columns, kinds, strict=True)]
    path = tmp_path / "t"
    pq.write_table(pa.table(arrays, ["user", "item", "rating", "ts"]), path, row_group_size=4)
    file, rejects = SourceFile("reviews", path, "t"), Rejects()
    frame = pl.concat([REVIEWS.to_frame(), *SOURCE.read_reviews(file, unit, rejects)])
    kept, lost = [], []
    for number, (user, item, rating, time) in enumerate(rows, 1):
        moment = None if time is None else instant(time, unit)
        is_good = all(text is not None and text.strip() for text in (user, item))
        is_good &= rating is not None and abs(rating) <= LARGEST
        if is_good and moment is not None and 0 <= moment < END:
            kept.append((user, item, rating, moment))
        else:
            lost.append(number)
    assert frame.rows() == kept
    assert [row.line for row in rejects.listed] == lost


def test_rows_are_numbered_through_all_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_rows, "BATCH", 2)
    users = pa.array(["a", "b", "c", None, "e", ""])
    _, frame, rejects = read(tmp_path / "t", table(users))
    assert frame["user"].to_list() == ["a", "b", "c", "e"]
    assert [(r.line, r.reason) for r in rejects.listed] == [
        (4, "user is empty"),
        (6, "user is empty"),
    ]


@pytest.mark.parametrize(
    ("columns", "message", "hint"),
    [
        (
            {"user": [["a"]], "item": ["b"]},
            r"column 'user' of 't' holds list<\w+: string>",
            "the user must be texts or whole numbers.",
        ),
        (
            {"user": ["a"], "item": [1.5]},
            "column 'item' of 't' holds double",
            "the item must be texts or whole numbers.",
        ),
        (
            {"user": ["a"], "item": ["b"], "rating": ["5"]},
            "column 'rating' of 't' holds string",
            "the rating must be numbers.",
        ),
        (
            {"user": ["a"], "item": ["b"], "time": [{"s": 1}]},
            "column 'time' of 't' holds struct<s: int64>",
            "the time must be numbers, texts, dates or timestamps.",
        ),
        (
            {"user": [b"a"], "item": ["b"]},
            "column 'user' of 't' holds binary",
            "the user must be texts or whole numbers.",
        ),
        (
            {"who": ["a"], "what": ["b"]},
            "'t' has no column that is known to be the user",
            "Columns: who, what. Say which, such as --columns user=who,item=what.",
        ),
    ],
)
def test_columns_that_are_refused(
    tmp_path: Path, columns: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path / "t", pa.table(columns))
    assert caught.value.hint == hint


def test_only_the_columns_that_are_needed_are_read(tmp_path: Path) -> None:
    odd = pa.array([{"a": [1]}])
    frame = read(tmp_path / "t", table(pa.array(["u"]), x=odd, when=pa.array([5])), time="when")[1]
    assert frame.rows() == [("u", "i", None, 5000)]


CATEGORIES = [
    (pa.array(["A > B|C", None]), (("A", "B"), ("C",))),
    (pa.array([["A", "B"], None]), (("A", "B"),)),
    (pa.array([[["A", "B"], ["C"]], []]), (("A", "B"), ("C",))),
    (pa.array([7, None]), (("7",),)),
]


@pytest.mark.parametrize(("categories", "paths"), CATEGORIES)
def test_items(tmp_path: Path, categories: pa.Array, paths: object) -> None:
    columns = {"name": ["T", None], "asin": [1, 2], "price": ["$2.50", None], "genres": categories}
    pq.write_table(pa.table(columns), tmp_path / "t")
    file, catalogue = SourceFile("metadata", tmp_path / "t", "t"), Catalogue(["1", "2"])
    SOURCE.check_items(file, b"")
    assert SOURCE.read_items(file, catalogue, Rejects()) == 2
    assert catalogue.title == ["T", None]
    assert catalogue.price == [2.5, None]
    assert catalogue.paths == [paths, ()]


def test_items_without_an_id_are_counted(tmp_path: Path) -> None:
    pq.write_table(pa.table({"item": ["1", None], "price": [1.0, 2.0]}), tmp_path / "t")
    file, rejects = SourceFile("metadata", tmp_path / "t", "t"), Rejects("metadata")
    assert SOURCE.read_items(file, Catalogue(["1"]), rejects) == 2
    assert [(r.line, r.reason) for r in rejects.listed] == [(2, "item is empty")]


@LOOSE
@given(cut=st.integers(0, 900), at=st.integers(0, 900), byte=st.integers(0, 255))
def test_a_damaged_file_ends_in_a_clear_error_or_in_rows(
    tmp_path: Path, cut: int, at: int, byte: int
) -> None:
    path = tmp_path / "t"
    pq.write_table(table(pa.array(["u", "v"]), rating=pa.array([1.0, 2.0])), path)
    data = bytearray(path.read_bytes())
    data[at % len(data)] = byte
    path.write_bytes(data[: len(data) - (cut if cut < 40 else 0)])
    file, rejects = SourceFile("reviews", path, "t"), Rejects()
    said, n_rows = "", 0
    try:
        SOURCE.check_reviews(file, b"")
        n_rows = sum(frame.height for frame in SOURCE.read_reviews(file, None, rejects))
    except DataError as error:
        said = error.message
    assert "'t'" in said or n_rows + len(rejects) == 2


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + bytes(50), b"PAR1" + bytes(4) + b"PAR1"])
def test_what_is_no_parquet_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "t").write_bytes(data)
    with pytest.raises(DataError, match="'t' cannot be read as Parquet") as caught:
        SOURCE.check_reviews(SourceFile("reviews", tmp_path / "t", "t"), b"")
    assert "\n" not in caught.value.message
