"""``inspect`` says of a file what prep would make of it, from its first rows alone."""

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mobench.config import PrepConfig
from mobench.data.inspect import GIVE_UP, Inspected, Item, Review, inspect
from mobench.data.sources import SOURCES
from mobench.errors import ConfigError, DataError
from tests.unit.data.make import HEADER, START, metadata, reviews, write, write_csv, write_jsonl
from tests.unit.data.packing import packed, zipped

FILM = "1|Toy Story|01-Jan-1995||http://x|" + "|".join("0001110000000000000") + "\n"
SAMPLES: dict[str, tuple[str, dict[str, str], str]] = {
    "amazon-2023-csv": (f"{HEADER}U,I,4,{START}\n", {"user_id": "user"}, ","),
    "amazon-2023-jsonl": (
        json.dumps({"user_id": "U", "parent_asin": "I", "rating": 4, "timestamp": START, "x": 0}),
        {"user_id": "user", "parent_asin": "item", "x": ""},
        "",
    ),
    "amazon-2018-jsonl": (
        '{"reviewerID": "U", "asin": "I", "overall": 4, "unixReviewTime": 1546300800, "vote": 1}',
        {"reviewerID": "user", "overall": "rating", "unixReviewTime": "time", "vote": ""},
        "",
    ),
    "amazon-2018-csv": (
        "B000000001,A1234567890,4.0,1546300800\n",
        {"item": "item", "user": "user", "rating": "rating"},
        ",",
    ),
    "amazon-2014-jsonl": (
        '{"reviewerID": "U", "asin": "I", "overall": 4, "unixReviewTime": 1546300800}',
        {"asin": "item", "overall": "rating"},
        "",
    ),
    "amazon-2014-csv": (
        "A1234567890,B000000001,4.0,1546300800\n",
        {"user": "user", "item": "item", "timestamp": "time"},
        ",",
    ),
    "movielens-100k": ("U\tI\t4\t1546300800\n", {"user": "user", "item": "item"}, "\t"),
    "movielens-dat": ("U::I::4::1546300800\n", {"user": "user", "timestamp": "time"}, "::"),
    "movielens-csv": (
        "userId,movieId,rating,timestamp\nU,I,4,1546300800\n",
        {"userId": "user", "movieId": "item", "rating": "rating", "timestamp": "time"},
        ",",
    ),
    "recbole": (
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\tx:float\nU\tI\t4\t1546300800\t0\n",
        {"user_id": "user", "item_id": "item", "x": ""},
        "\t",
    ),
    "jsonl": (
        '{"customer": "U", "sku": "I", "stars": 4, "date": 1546300800}',
        {"customer": "user", "sku": "item", "stars": "rating", "date": "time"},
        "",
    ),
    "csv": (
        "Customer ID;SKU;Stars;Date;Other\nU;I;4;2019-01-01;x\n",
        {"Customer ID": "user", "SKU": "item", "Stars": "rating", "Date": "time", "Other": ""},
        ";",
    ),
}  # fmt: skip


def looked(*source: str, **values: Any) -> list[Inspected]:
    return list(inspect(PrepConfig(source=source, **values)))


def taken(one: Inspected) -> dict[str, str]:
    return {column.name: column.taken_for for column in one.layout.columns}


def test_every_format_of_files_has_a_sample() -> None:
    named = {name for name, source in SOURCES.items() if source.is_named}
    assert set(SAMPLES) == set(SOURCES) - named - {"parquet"}


@pytest.mark.parametrize("name", SAMPLES)
def test_columns_rows_and_times_of_every_format(workdir: Path, name: str) -> None:
    text, columns, separator = SAMPLES[name]
    Path("x").write_bytes(packed("zstd", text.encode()))
    (one,) = looked("x")
    assert (one.format, one.role, one.detected) == (name, "reviews", True)
    assert columns.items() <= taken(one).items()
    assert {"user", "item", "rating", "time"} <= set(taken(one).values())
    (row,) = one.reviews
    assert (row.rating, row.time) == (4.0, START)
    assert (row.user[0], row.item[0]) in (("U", "I"), ("A", "B"))
    assert (one.layout.compression, one.layout.encoding) == ("zstd", "UTF-8")
    assert one.layout.separator == separator
    assert one.layout.n_bytes == Path("x").stat().st_size
    assert (one.n_read, one.n_rejected, one.rejected) == (1, 0, ())


def test_parquet_and_files_without_times_or_header(workdir: Path) -> None:
    frame = pl.DataFrame({"user": ["U"] * 30, "item": ["I"] * 30, "z": [1] * 30})
    frame.write_parquet("x.parquet")
    write(workdir / "bare.csv", "7,I,5\n8,J,4\n")
    parquet, bare = (
        *looked("x.parquet"),
        *looked("bare.csv", columns=("user=1", "item=2", "rating=3")),
    )
    assert (parquet.format, parquet.unit, parquet.layout.encoding) == ("parquet", None, "")
    assert taken(parquet) == {"user": "user", "item": "item", "z": ""}
    assert parquet.reviews == (Review("U", "I", None, None),) * 10
    assert taken(bare) == {"column 1": "user", "column 2": "item", "column 3": "rating"}
    assert bare.reviews == (Review("7", "I", 5.0, None), Review("8", "J", 4.0, None))


@pytest.mark.parametrize(
    ("text", "name", "columns", "item"),
    [
        (
            '{"parent_asin": "I", "title": "T &amp; t", "price": "$2", "categories": ["A", "B"]}\n',
            "amazon-2023-jsonl",
            {"parent_asin": "item", "categories": "category"},
            Item("I", "T & t", 2.0, ("A", "B")),
        ),
        (
            "{'asin': 'I', 'price': 2.5, 'categories': [['A', 'B'], ['C']]}\n",
            "amazon-2014-jsonl",
            {"asin": "item", "price": "price"},
            Item("I", None, 2.5, ("A", "B")),
        ),
        (FILM, "movielens-100k", {"movieId": "item"}, Item("1", "Toy Story", None, ("Animation",))),
        (
            "1::Toy Story (1995)::Animation|Comedy\n",
            "movielens-dat",
            {"genres": "category"},
            Item("1", "Toy Story (1995)", None, ("Animation",)),
        ),
        (
            "sku\tname\tprice\nI\tThing\t2\n",
            "csv",
            {"sku": "item", "name": "title", "price": "price"},
            Item("I", "Thing", 2.0, ()),
        ),
    ],
)  # fmt: skip
def test_metadata_is_recognised_wherever_it_stands(
    files: Path, text: str, name: str, columns: dict[str, str], item: Item
) -> None:
    write(files / "x", text)
    for one in (looked("reviews.csv", "x")[1], looked("reviews.csv", meta=("x",))[1]):
        assert (one.role, one.format) == ("metadata", name)
        assert columns.items() <= taken(one).items()
        assert one.items == (item,)
    assert looked("x")[0].named_as == "reviews"
    assert looked("reviews.csv", meta=("x",))[1].named_as == "metadata"


def test_ten_rows_are_shown_and_little_is_read(workdir: Path) -> None:
    write_csv(workdir / "r.csv", reviews(300, 100) * 10)
    write_jsonl(workdir / "m.jsonl", metadata(20_000))
    one, two = looked("r.csv", "m.jsonl")
    wanted = [Review(*row) for row in reviews(300, 100)[:10]]
    assert list(one.reviews) == wanted
    assert [item.item for item in two.items] == [f"I{n}" for n in range(10)]
    assert [item.price for item in two.items][:4] == [10.0, 11.0, 12.0, None]
    assert two.n_read == 10


def test_rejected_rows_are_shown_with_their_reasons(workdir: Path) -> None:
    lines = [f"U{n},I,{'five' if n % 4 == 1 else 4},{START}" for n in range(400)]
    write(workdir / "r.csv", HEADER + "\n".join(lines) + "\n")
    (one,) = looked("r.csv")
    assert (one.n_read, one.n_rejected) == (400, 100)
    assert [(r.line, r.reason) for r in one.rejected] == [
        (line, "rating is not a number") for line in (3, 7, 11, 15, 19)
    ]
    assert [row.user for row in one.reviews] == [f"U{n}" for n in (0, 2, 3, 4, 6, 7, 8, 10, 11, 12)]


def test_a_short_file_that_breaks_off(workdir: Path) -> None:
    (workdir / "cut.gz").write_bytes(gzip.compress(f"{HEADER}U,I,4,{START}\n".encode())[:-4])
    (one,) = looked("cut.gz")
    assert one.reviews == (Review("U", "I", 4.0, START),)
    assert [row.reason for row in one.rejected] == ["gzip stream ends early"]


def test_metadata_that_is_all_damage_is_given_up(workdir: Path) -> None:
    write_jsonl(workdir / "m.jsonl", [metadata(1)[0]])
    with (workdir / "m.jsonl").open("a") as file:
        file.write("{oops\n" * (GIVE_UP * 3))
    (one,) = looked("m.jsonl")
    assert (len(one.items), one.n_rejected, len(one.rejected)) == (1, GIVE_UP, 5)


def test_named_sources_and_archives(workdir: Path) -> None:
    demo, items = looked("demo")
    assert (demo.format, demo.unit, demo.detected) == ("demo", "ms", False)
    assert (items.role, len(items.items)) == ("metadata", 10)
    generated, _ = looked("synthetic:rows=500,users=20,items=30")
    assert (len(generated.reviews), generated.layout.n_bytes) == (10, None)
    dat = b"".join(b"%d::1::4::1546300800\n" % n for n in range(20))
    Path("x.zip").write_bytes(zipped({"ratings.dat": dat, "movies.dat": b"1::Film::War\n"}))
    ratings, films = looked("x.zip")
    assert (ratings.name, ratings.layout.compression) == ("x.zip:ratings.dat", "zip")
    assert films.items == (Item("1", "Film", None, ("War",)),)


def test_what_cannot_be_read_comes_after_what_can(files: Path) -> None:
    write(files / "x", "hello\nworld\n")
    left = inspect(PrepConfig(source=("reviews.csv", "x")))
    assert next(left).name == "reviews.csv"
    with pytest.raises(DataError, match="'x' is of no known format: it begins with 'hello'"):
        next(left)


def test_units_and_formats_of_the_user_count(files: Path) -> None:
    (one,) = looked("reviews.csv", time_unit="us", format="amazon-2023-csv")
    assert (one.unit, one.detected) == ("us", False)
    assert one.reviews[0].time == round(reviews()[0][3] / 1000)


def test_columns_that_nothing_reads_are_refused(files: Path) -> None:
    with pytest.raises(ConfigError, match="means nothing to the format amazon-2023-csv"):
        looked("reviews.csv", format="amazon-2023-csv", columns=("user=who",))


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "formats"),
    [
        ("amazon-2014-digital-music", {"amazon-2014-jsonl"}),
        ("amazon-2018-gift-cards", {"amazon-2018-jsonl"}),
        ("amazon-2023-electronics", {"amazon-2023-csv", "amazon-2023-jsonl"}),
    ],
)
def test_published_files_are_recognised(
    research_data: Path, folder: str, formats: set[str]
) -> None:
    if not (research_data / folder).is_dir():
        pytest.skip(f"no '{folder}'")
    found = looked(f"{research_data / folder}/*.gz")
    assert {one.format for one in found} == formats
    for one in found:
        assert one.role == ("metadata" if "meta_" in one.name else "reviews")
        assert len(one.reviews or one.items) == 10
        assert one.n_rejected == 0
