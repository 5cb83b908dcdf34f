"""A sample of each format: the same fifty rows, and the same items."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

ROWS = [
    (
        f"AUSER0000{u}",
        f"B00000000{(u + i * i) % 7}",
        3.0 + (u + i) % 3,
        1_546_300_800_000 + 1000 * (10 * i + u),
    )
    for u in range(10)
    for i in range(5)
]
ITEMS = [(f"B00000000{i}", f"Item {i}", ["Root", f"Leaf {i % 3}"], 5.0 + i) for i in range(7)]


def _lines(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def _amazon_items(place: Path) -> dict[str, Any]:
    keys = ("parent_asin", "title", "categories", "price")
    _lines(place / "meta.jsonl", [dict(zip(keys, item, strict=True)) for item in ITEMS])
    return {"meta": (str(place / "meta.jsonl"),)}


def _items_2018(place: Path) -> dict[str, Any]:
    records = [
        {"asin": item, "title": title, "category": [*path, "</span>", "x"], "price": f"${price}"}
        for item, title, path, price in ITEMS
    ]
    _lines(place / "meta.jsonl", records)
    return {"meta": (str(place / "meta.jsonl"),)}


def _items_2014(place: Path) -> dict[str, Any]:
    records = [
        {"asin": item, "title": title, "categories": [path, ["Other"]], "price": price}
        for item, title, path, price in ITEMS
    ]
    (place / "meta").write_text("".join(f"{record!r}\n" for record in records))
    return {"meta": (str(place / "meta"),)}


def amazon_csv(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    (place / "raw").write_text("user_id,parent_asin,rating,timestamp\n" + text)
    return {"source": (str(place / "raw"),), **_amazon_items(place)}


def amazon_jsonl(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    keys = ("user_id", "parent_asin", "rating", "timestamp")
    _lines(place / "raw", [dict(zip(keys, row, strict=True)) for row in rows])
    return {"source": (str(place / "raw"),), **_amazon_items(place)}


def _old_reviews(place: Path, rows: list[tuple[Any, ...]], **others: Any) -> dict[str, Any]:
    keys = ("reviewerID", "asin", "overall", "unixReviewTime")
    records = [(user, item, rating, time // 1000) for user, item, rating, time in rows]
    _lines(place / "raw", [dict(zip(keys, row, strict=True)) | others for row in records])
    return {"source": (str(place / "raw"),)}


def amazon_2018_jsonl(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    return {**_old_reviews(place, rows, verified=True, vote="2"), **_items_2018(place)}


def amazon_2014_jsonl(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    return {**_old_reviews(place, rows, helpful=[0, 0]), **_items_2014(place)}


def amazon_2018_csv(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    text = "".join(f"{item},{user},{rating},{time // 1000}\n" for user, item, rating, time in rows)
    (place / "raw").write_text(text)
    return {"source": (str(place / "raw"),), **_items_2018(place)}


def amazon_2014_csv(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    text = "".join(f"{user},{item},{rating},{time // 1000}\n" for user, item, rating, time in rows)
    (place / "raw").write_text(text)
    return {"source": (str(place / "raw"),), **_items_2014(place)}


def _text(place: Path, name: str, lines: list[str]) -> str:
    (place / name).write_text("".join(f"{line}\n" for line in lines))
    return str(place / name)


def movielens_100k(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    lines = [f"{user}\t{item}\t{rating}\t{time // 1000}" for user, item, rating, time in rows]
    return {"source": (_text(place, "raw", lines),), **_amazon_items(place)}


def movielens_dat(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    lines = [f"{user}::{item}::{rating}::{time // 1000}" for user, item, rating, time in rows]
    return {"source": (_text(place, "raw", lines),), **_amazon_items(place)}


def movielens_csv(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    lines = [f"{user},{item},{rating},{time // 1000}" for user, item, rating, time in rows]
    raw = _text(place, "raw", ["userId,movieId,rating,timestamp", *lines])
    return {"source": (raw,), **_amazon_items(place)}


def recbole(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    lines = [f"{user}\t{item}\t{rating}\t{time / 1000}" for user, item, rating, time in rows]
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    return {"source": (_text(place, "raw", [header, *lines]),), **_amazon_items(place)}


def parquet(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    names = ("customer_id", "product_id", "score", "ts")
    frame = pl.DataFrame(rows, schema=list(names), orient="row")
    frame.with_columns(pl.col("ts").cast(pl.Datetime("ms"))).write_parquet(place / "raw")
    items = pl.DataFrame(ITEMS, schema=["product_id", "name", "category", "price"], orient="row")
    items.write_parquet(place / "items")
    return {"source": (str(place / "raw"),), "meta": (str(place / "items"),)}


def jsonl(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    _lines(place / "raw", [{"who": u, "itemId": i, "stars": r, "date": t} for u, i, r, t in rows])
    keys = ("itemId", "name", "category", "price")
    _lines(place / "items", [dict(zip(keys, item, strict=True)) for item in ITEMS])
    return {
        "source": (str(place / "raw"),),
        "meta": (str(place / "items"),),
        "columns": ("user=who", "item=itemId"),
    }


def csv(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    lines = [f'"{u}";{r};"{i}";{t}' for u, i, r, t in rows]
    raw = _text(place, "raw", ['"User ID";Score;"Product ID";Time', *lines])
    lines = [f"{i}\t{' > '.join(path)}\t${price:.2f}\t{title}" for i, title, path, price in ITEMS]
    items = _text(place, "items", ["product_id\tcategory\tprice\tname", *lines])
    return {"source": (raw,), "meta": (items,)}


def demo(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    user, item, _, time = zip(*rows, strict=True)
    columns = {"user_id": user, "item_id": item, "timestamp": time}
    pl.DataFrame(columns).write_parquet(place / "demo" / "interactions.parquet")
    columns = {
        "item_id": [item[0] for item in ITEMS],
        "title": [item[1] for item in ITEMS],
        "department": [item[2][0] for item in ITEMS],
        "category": [item[2][1] for item in ITEMS],
        "price": [item[3] for item in ITEMS],
    }
    pl.DataFrame(columns).write_parquet(place / "demo" / "items.parquet")
    return {"source": ("demo",)}


def synthetic(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    return {"source": ("synthetic:rows=400,users=10,items=30,affinity=0",)}


SAMPLES: dict[str, Callable[[Path, list[tuple[Any, ...]]], dict[str, Any]]] = {
    "amazon-2023-csv": amazon_csv,
    "amazon-2023-jsonl": amazon_jsonl,
    "amazon-2018-jsonl": amazon_2018_jsonl,
    "amazon-2018-csv": amazon_2018_csv,
    "amazon-2014-jsonl": amazon_2014_jsonl,
    "amazon-2014-csv": amazon_2014_csv,
    "movielens-100k": movielens_100k,
    "movielens-dat": movielens_dat,
    "movielens-csv": movielens_csv,
    "recbole": recbole,
    "parquet": parquet,
    "jsonl": jsonl,
    "csv": csv,
    "demo": demo,
    "synthetic": synthetic,
}
GENERATED = ("synthetic",)
"""Sources that make their own rows and read none of the sample's."""
