"""A few good lines of every format and of every way to write them: where fuzzing begins."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from mobench.data.files import Role

MS = 1_546_300_800_000
ROWS = [(f"U{n % 4}", f"I{n * n % 5}", 3.0 + n % 3, MS + 1000 * n) for n in range(9)]
ITEMS = [(f"I{n}", f"Thing &amp; {n}", 5.5 + n) for n in range(5)]
FLAGS = "0|1" + "|0" * 17


@dataclass(frozen=True)
class Sample:
    """A file that prep reads.

    Attributes:
        format: Its value of ``--format``.
        role: What it holds.
        data: Its content.
        header: Lines before the first row.
        columns: What ``--columns`` says.
    """

    format: str
    role: Role
    data: bytes
    header: int = 0
    columns: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What tells it from the others."""
        place = " by place" if self.columns else ""
        return f"{self.format} {self.role}{place}"


def lines(rows: Sequence[str]) -> bytes:
    """Return the content of a file with these lines."""
    return "".join(f"{row}\n" for row in rows).encode()


def delimited(separator: str, order: str = "uirt", unit: int = 1000) -> list[str]:
    """Return rows of text; ``order`` has the first letters of the columns."""
    values = [dict(zip("uirt", (u, i, r, t // unit), strict=True)) for u, i, r, t in ROWS]
    return [separator.join(str(row[key]) for key in order) for row in values]


def records(*keys: str, unit: int = 1, **more: object) -> bytes:
    """Return reviews as JSON lines."""
    rows = [(u, i, r, t // unit) for u, i, r, t in ROWS]
    return lines([json.dumps({**dict(zip(keys, row, strict=True)), **more}) for row in rows])


def things(*keys: str, paths: object = ("Shop", "Leaf"), python: bool = False) -> bytes:
    """Return metadata as JSON lines or Python literals."""
    written = repr if python else json.dumps
    found = [dict(zip(keys, (*item, paths), strict=True)) for item in ITEMS]
    return lines([written(one) for one in found])


def parquet(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> bytes:
    """Return a Parquet file."""
    file = io.BytesIO()
    pl.DataFrame(rows, schema=list(names), orient="row").write_parquet(file)
    return file.getvalue()


QUOTED = [f'"{u}";{r};"{i}";2019-01-{n + 1:02}' for n, (u, i, r, _) in enumerate(ROWS)]
TEXTS = [f'{u},{i},"{u}, ""a\n\n{i}, b, c\r\nd""",{r},{t}' for u, i, r, t in ROWS]
TYPED = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
PLACES = {"user": "1", "item": "2", "rating": "3", "time": "4"}
KEYS_OLD = ("reviewerID", "asin", "overall", "unixReviewTime")

SAMPLES = [
    Sample(
        "amazon-2023-csv",
        "reviews",
        lines(["user_id,parent_asin,rating,timestamp", *delimited(",", unit=1)]),
        header=1,
    ),
    Sample(
        "amazon-2023-jsonl", "reviews", records("user_id", "parent_asin", "rating", "timestamp")
    ),
    Sample("amazon-2023-jsonl", "metadata", things("parent_asin", "title", "price", "categories")),
    Sample("amazon-2018-jsonl", "reviews", records(*KEYS_OLD, unit=1000, verified=True, vote="2")),
    Sample(
        "amazon-2018-jsonl", "metadata", things("asin", "title", "price", "category", paths=["A"])
    ),
    Sample("amazon-2018-csv", "reviews", lines(delimited(",", "iurt"))),
    Sample("amazon-2014-jsonl", "reviews", records(*KEYS_OLD, unit=1000, helpful=[0, 0])),
    Sample(
        "amazon-2014-jsonl",
        "metadata",
        things("asin", "title", "price", "categories", paths=[["A", "B"]], python=True),
    ),
    Sample("amazon-2014-csv", "reviews", lines(delimited(","))),
    Sample("movielens-100k", "reviews", lines(delimited("\t"))),
    Sample(
        "movielens-100k", "metadata", lines([f"{i}|{t}|1-Jan-1995||u|{FLAGS}" for i, t, _ in ITEMS])
    ),
    Sample("movielens-dat", "reviews", lines(delimited("::"))),
    Sample("movielens-dat", "metadata", lines([f"{i}::{t}::Drama|War" for i, t, _ in ITEMS])),
    Sample(
        "movielens-csv",
        "reviews",
        lines(["userId,movieId,rating,timestamp", *delimited(",")]),
        header=1,
    ),
    Sample(
        "movielens-csv",
        "metadata",
        lines(["movieId,title,genres", *[f'{i},"{t}",Drama|War' for i, t, _ in ITEMS]]),
        header=1,
    ),
    Sample("recbole", "reviews", lines([TYPED, *delimited("\t")]), header=1),
    Sample(
        "recbole",
        "metadata",
        lines(
            [
                "item_id:token\ttitle:token_seq\tprice:float\tclass:token_seq",
                *[f"{i}\t{t}\t{p}\tDrama War" for i, t, p in ITEMS],
            ]
        ),
        header=1,
    ),
    Sample("parquet", "reviews", parquet(("user", "item", "rating", "timestamp"), ROWS)),
    Sample("parquet", "metadata", parquet(("item", "title", "price"), ITEMS)),
    Sample("jsonl", "reviews", records("user", "item", "stars", "date")),
    Sample("jsonl", "metadata", things("item", "name", "price", "category")),
    Sample("csv", "reviews", lines(['"User ID";Score;"Product ID";Date', *QUOTED]), header=1),
    Sample("csv", "reviews", lines(["user,item,note,stars,time", *TEXTS]), header=1),
    Sample("csv", "reviews", lines(delimited("|")), columns=PLACES),
    Sample(
        "csv",
        "metadata",
        lines(["product_id\tname\tprice", *[f"{i}\t{t}\t{p}" for i, t, p in ITEMS]]),
        header=1,
    ),
]
