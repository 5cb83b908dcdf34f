"""Whatever bytes a file has: rows in are rows out and rejected, and failures are explained."""

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.data.sources.delimited import DelimitedLines
from mobench.data.sources.json_rows import JsonRows
from tests.fuzz.cases import KINDS, check
from tests.fuzz.samples import SAMPLES, Sample, records
from tests.fuzz.session import damaged
from tests.fuzz.targets import check_items, check_reviews, count_rows

every_sample = pytest.mark.parametrize("number", range(len(SAMPLES)), ids=lambda n: SAMPLES[n].name)
READ, PREP = KINDS.index("read"), KINDS.index("prep")


def case(number: int, kind: int, data: bytes, other: int = 4) -> bytes:
    return bytes([number, kind, other]) + data


def sample(format: str, role: str = "reviews") -> Sample:
    return next(one for one in SAMPLES if (one.format, one.role) == (format, role))


@every_sample
def test_good_files_are_read(number: int, workdir: Path) -> None:
    data = SAMPLES[number].data
    assert check(case(number, READ, data), workdir) == "read"
    (workdir / "prep").mkdir()
    assert check(case(number, PREP, data), workdir / "prep") == "prepared"


@every_sample
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_damaged_files_keep_every_row(number: int, seed: int, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("case")
    check(damaged(case(number, READ, SAMPLES[number].data), random.Random(seed)), folder)


@settings(max_examples=60)
@given(number=st.integers(0, len(SAMPLES) - 1), seed=st.integers(0, 2**32))
def test_prep_ends_with_an_artifact_or_an_explanation(
    number: int, seed: int, tmp_path_factory: Any
) -> None:
    folder = tmp_path_factory.mktemp("case")
    check(damaged(case(number, PREP, SAMPLES[number].data), random.Random(seed)), folder)


@settings(max_examples=60)
@given(st.binary(max_size=200), st.integers(0, 255), st.integers(0, 4))
def test_any_bytes_do(tmp_path_factory: Any, data: bytes, number: int, kind: int) -> None:
    check(case(number, kind, data), tmp_path_factory.mktemp("case"))


OLD = sample("amazon-2014-jsonl").data
NEW = sample("jsonl").data
FOUND = {
    "keys of a literal that are no texts": (
        "amazon-2014-jsonl",
        "metadata",
        b"{'asin': 'I0', 1: 2}\n",
    ),
    "an id that polars makes whole": (
        "amazon-2014-jsonl",
        "reviews",
        OLD.replace(b'"U1"', b"1e5"),
    ),
    "another one": ("jsonl", "reviews", NEW.replace(b'"I4"', b"7.0")),
    "a key that comes twice": (
        "jsonl",
        "reviews",
        NEW.replace(b'"stars": 4.0', b'"stars": 4.0, "stars": 5.0') + b"{\n",
    ),
    "a column's name that is no text": (
        "parquet",
        "metadata",
        sample("parquet", "metadata").data.replace(b"price", b"pri\xafe"),
    ),
}


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("other", range(9))
def test_what_fuzzing_found(name: str, other: int, workdir: Path) -> None:
    format, role, data = FOUND[name]
    number = SAMPLES.index(sample(format, role))
    check(case(number, READ, data, other), workdir)


def test_a_rating_that_32_bits_do_not_hold_is_rejected(workdir: Path) -> None:
    number = SAMPLES.index(sample("amazon-2023-csv"))
    data = SAMPLES[number].data.replace(b",5.0,", b",1e300,", 1)
    assert check(case(number, PREP, data), workdir) == "prepared"
    ratings = pl.read_parquet(workdir / "out" / "interactions.parquet")["rating"]
    assert ratings.is_finite().all()
    reasons = pl.read_parquet(workdir / "out" / "rejected.parquet")["reason"].to_list()
    assert len(reasons) == 1
    assert reasons[0].startswith("rating")


@pytest.mark.parametrize(
    ("data", "header", "n_rows"),
    [
        (b"", 0, 0),
        (b"h\na\nb", 1, 2),
        (b"\xef\xbb\xbfh\r\n \t\r\n\na\n", 1, 1),
        (b"\n \nh\na\n\nb\n", 1, 2),
        (b"a\n" + b" " * 11 + b"\n", 0, 2),
    ],
)
def test_rows_are_counted_by_hand(data: bytes, header: int, n_rows: int) -> None:
    assert count_rows(data, header, block=10) == n_rows


def one_star_more(fast: Any) -> Any:
    def wrong(self: Any, data: bytes) -> pl.DataFrame | None:
        frame = fast(self, data)
        return None if frame is None else frame.with_columns(pl.col("rating") + 1)

    return wrong


def test_a_parser_that_disagrees_is_found(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DelimitedLines, "fast", one_star_more(DelimitedLines.fast))
    with pytest.raises(AssertionError):
        check_reviews(sample("recbole"), sample("recbole").data, workdir, 300, 1)
    monkeypatch.setattr(JsonRows, "fast", one_star_more(JsonRows.fast))
    keys = ("user_id", "parent_asin", "rating", "timestamp")
    with pytest.raises(AssertionError):
        check_reviews(sample("amazon-2023-jsonl"), records(*keys), workdir, 300, 1)


def test_a_row_that_is_lost_is_found(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobench.data.rows._Reader._row", lambda *_: None)
    bad = sample("csv").data + b"a;b\n"
    with pytest.raises(AssertionError):
        check_reviews(sample("csv"), bad, workdir, 300, 1)
    items = sample("recbole", "metadata")
    monkeypatch.setattr("mobench.data.schema.Rejects.add", lambda *_: None)
    with pytest.raises(AssertionError):
        check_items(items, items.data + b"x\n", workdir, 300)
