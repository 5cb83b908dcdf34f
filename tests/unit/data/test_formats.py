"""Formats: what is detected, what the user's word changes, and what contradicts itself."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mobench.config import PrepConfig
from mobench.data.plan import plan
from mobench.errors import ConfigError, DataError, MobenchError
from tests.unit.data.make import START, metadata, reviews, write, write_csv, write_jsonl


@pytest.fixture
def place(workdir: Path) -> Path:
    """Review files without times, with odd names, and metadata of several formats."""
    write_csv(workdir / "reviews.csv", reviews())
    write_jsonl(workdir / "meta.jsonl", metadata())
    write(workdir / "odd.csv", f"who;what;when\nU;I;{START}\nV;J;{START}\n")
    write(workdir / "odd.jsonl", '{"who": "U", "what": "I"}\n')
    write(workdir / "pairs.csv", "user,item\nU,I\nV,J\n")
    write(workdir / "shop.csv", "sku,cost,shelf\nI1,3.5,Left\n")
    write(workdir / "shop2.tsv", "item_id\tprice\ttitle\nI1\t3.5\tThing\n")
    names = ["user", "item", "rating", "time"]
    frame = pl.DataFrame(reviews(), schema=names, orient="row")
    for part in range(3):
        frame[part::3].write_parquet(workdir / f"part-{part}.parquet")
    return workdir


def made(*source: str, **values: Any) -> tuple[str, list[str], list[str | None]]:
    found = plan(PrepConfig(source=source, **values))
    items = [source.name for source in found.item_sources.values()]
    return found.source.name, items, list(found.units.values())


def failure(*source: str, **values: Any) -> tuple[type[MobenchError], str, str | None]:
    with pytest.raises(MobenchError) as caught:
        plan(PrepConfig(source=source, **values))
    return type(caught.value), caught.value.message, caught.value.hint


def test_named_columns_make_any_table_readable(place: Path) -> None:
    columns = ("user=who", "item=what", "time=when")
    assert made("odd.csv", columns=columns) == ("csv", [], ["ms"])
    assert made("odd.jsonl", columns=columns[:2]) == ("jsonl", [], [None])
    assert failure("odd.csv") == (
        DataError,
        "'odd.csv' is of no known format: it begins with 'who;what;when'",
        "name its columns: --columns user=…,item=…,rating=…,time=… (or places: 1, 2, …)",
    )
    assert (
        failure("odd.jsonl")[2]
        == "name its columns: --columns user=…,item=…,rating=…,time=… (or places: 1, 2, …)"
    )


@pytest.mark.parametrize(
    ("content", "begins"),
    [
        ('user,"item\nid"\nx,y\n', 'user,"item'),
        ('\r\n\r\n"user\r\nid";item\r\nx;y\r\n', '"user'),
        ('a,"b, ""c""",d,"e\n\nf"\n', 'a,"b, ""c""",d,"e'),
    ],
)
def test_a_first_line_that_goes_on_over_lines_is_told(place, content, begins) -> None:
    (place / "cut.csv").write_bytes(content.encode())
    assert failure("cut.csv") == (
        DataError,
        f"the first line of 'cut.csv' goes on over lines: it begins with '{begins}'",
        "write it on one line; the rows below may go on.",
    )


@pytest.mark.parametrize(
    "content",
    [
        'u1\tThe 12" record\t5\nu2\tThe 7" record\t4\n',
        'who\twhat\tsize in "\na\tb\t3\n',
        'a,"b",c\nd,"e",f\n',
        'a,"b\nc,d\n',
    ],
)
def test_other_quotes_are_none_of_it(place, content) -> None:
    (place / "whole.csv").write_text(content)
    assert failure("whole.csv")[2].startswith("name its columns: --columns user=…")


def test_a_table_with_a_known_header_is_a_table_where_columns_are_named(place: Path) -> None:
    columns = ("user=user_id", "item=parent_asin", "time=timestamp")
    assert made("reviews.csv")[0] == "amazon-2023-csv"
    assert made("reviews.csv", columns=columns)[0] == "csv"


def test_partitions_are_one_source(place: Path) -> None:
    assert made("part-*.parquet") == ("parquet", [], ["ms"] * 3)


def test_metadata_of_several_formats(place: Path) -> None:
    meta = ("meta.jsonl", "shop2.tsv", "shop.csv")
    columns = ("item=sku", "price=cost", "category=shelf")
    assert failure("reviews.csv", meta=meta)[1] == (
        "'shop.csv' is of no known format: it begins with 'sku,cost,shelf'"
    )
    only = made("reviews.csv", meta=("shop.csv",), columns=columns[1:])
    assert only[1] == ["csv"]
    assert made("reviews.csv", meta=meta[:2])[1] == ["amazon-2023-jsonl", "csv"]


def test_the_named_format_comes_first_for_metadata_too(place: Path) -> None:
    write_jsonl(place / "both.jsonl", [{"item_id": "I", "parent_asin": "I", "price": 1}])
    columns = ("user=who", "item=what")
    detected = made("odd.jsonl", meta=("both.jsonl",), columns=(*columns, "item=parent_asin")[:2])
    assert detected[1] == ["amazon-2023-jsonl"]
    named = made("reviews.csv", meta=("meta.jsonl",), format="amazon-2023-csv")
    assert named[1] == ["amazon-2023-jsonl"]


@pytest.mark.parametrize(
    ("values", "text", "format"),
    [
        ({"format": "amazon-2023-csv"}, "user=a", "amazon-2023-csv"),
        ({"format": "movielens-csv"}, "item=a", "movielens-csv"),
        ({}, "rating=a", "amazon-2023-csv"),
        ({}, "price=a", "amazon-2023-csv"),
        ({"meta": ("meta.jsonl",)}, "price=a", "amazon-2023-csv"),
    ],
)
def test_columns_that_nothing_reads(
    place: Path, values: dict[str, Any], text: str, format: str
) -> None:
    if format == "movielens-csv":
        write(place / "reviews.csv", "userId,movieId,rating,timestamp\n1,1,5,1546300800\n")
    assert failure("reviews.csv", columns=(text,), **values) == (
        ConfigError,
        f"--columns '{text}' means nothing to the format {format}",
        "formats that take it: recbole, csv, jsonl, parquet.",
    )


def test_reviews_without_times(place: Path) -> None:
    assert made("pairs.csv") == ("csv", [], [None])
    split = {"split": "temporal", "val_from": "2020-01-01", "test_from": "2020-02-01"}
    assert failure("pairs.csv", **split) == (
        ConfigError,
        "--split temporal needs times, and 'pairs.csv' has no time column",
        "name it with --columns time=…, or use --split leave-one-out.",
    )
    assert made("part-0.parquet", **split)[2] == ["ms"]
    write(place / "timed.csv", f"user,item,time\nU,I,{START}\n")
    assert failure("timed.csv", "pairs.csv") == (
        DataError,
        "'pairs.csv' has no time column, but other files have one",
        "name it with --columns time=…, or prepare them one at a time.",
    )


def test_what_is_shown_of_an_unknown_file_is_printable(place: Path) -> None:
    write(place / "x", "\x1b[2Jhello\x00" + "y" * 200 + "\nmore\n")
    _, message, _ = failure("x")
    assert message.isprintable()
    assert message.endswith("y…'")
    assert len(message) < 120
