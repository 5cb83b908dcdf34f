"""Config of ``mobench prep``."""

from typing import Literal, Self

from pydantic import model_validator

from mobench.config.base import Config, Explained, option

COLUMNS = ("user", "item", "rating", "time", "title", "price", "category")
"""What ``columns`` can give a name to."""


class PrepConfig(Config):
    """How raw reviews become a dataset (filter, k-core, split, items)."""

    source: tuple[str, ...] = option((), moves=False)
    """Raw review files, or the name of a built-in or public set."""
    meta: tuple[str, ...] = option((), "Source", moves=False)
    """Metadata file(s) with prices and categories."""
    format: Literal[
        "auto",
        "amazon-2023-csv",
        "amazon-2023-jsonl",
        "amazon-2018-jsonl",
        "amazon-2018-csv",
        "amazon-2014-jsonl",
        "amazon-2014-csv",
        "movielens-100k",
        "movielens-dat",
        "movielens-csv",
        "recbole",
        "parquet",
        "jsonl",
        "csv",
        "demo",
        "synthetic",
    ] = option("auto", "Source")
    """Format of the review files; detected from their content."""
    columns: tuple[str, ...] = option((), "Source")
    """What columns are called: user=…,item=…,rating=…,time=…,title=…,price=…,category=…"""
    time_unit: Literal["auto", "s", "ms", "us", "iso"] = option("auto", "Source")
    """Unit of numbers in the time column; auto decides by magnitude."""
    max_rejected: float = option(0.01, "Source", ge=0, le=1)
    """Largest share of unusable rows before prep refuses."""
    min_rating: float = option(3.0, "Filter")
    """Keep rows rated at least this; sources without ratings keep all."""
    duplicates: Literal["latest", "first", "keep"] = option("latest", "Filter")
    """Which of several rows of one (user, item) to keep."""
    k_core: int = option(5, "Filter", ge=1)
    """Users and items keep at least this many rows."""
    user_core: int | None = option(None, "Filter", ge=1)
    """Rows that a user needs, where it is not --k-core."""
    item_core: int | None = option(None, "Filter", ge=1)
    """Rows that an item needs, where it is not --k-core."""
    max_core_rounds: int = option(0, "Filter", ge=0)
    """Stop the k-core after so many rounds; 0 runs until nothing changes."""
    split: Literal["leave-one-out", "temporal"] = option("leave-one-out", "Split")
    """Last row per user is test and the one before val, or a cut in time."""
    val_from: str | None = option(None, "Split")
    """Temporal split: first instant of val (ISO date, or a number in the time unit)."""
    test_from: str | None = option(None, "Split")
    """Temporal split: first instant of test."""
    tie_break: Literal["source", "random", "basket"] = option("source", "Split")
    """Order of a user's rows with equal time; the demo uses random."""
    missing_price: Literal["zero", "category-median", "drop"] = option("category-median", "Items")
    """Revenue of an item without a price."""
    price_transform: str = option("none", "Items", pattern=r"^(none|log1p|winsor:0?\.\d+)$")
    """Revenue from price: none, log1p, or winsor:Q (cut at that quantile)."""
    fair_level: str = option("auto", "Items", pattern=r"^(auto|leaf|\d+)$")
    """Level of the category path that makes the fairness groups: auto, leaf, or 0, 1, …"""
    fair_groups: int = option(10, "Items", ge=1, le=1000)
    """At most so many fairness groups, 'Other' included."""
    fair_min_share: float = option(0.02, "Items", ge=0, le=1)
    """A group holds at least this share of the train rows."""
    category_from: str | None = option(None, "Items", pattern=r"^title:\d+$")
    """title:N makes N categories from the titles."""
    pop_groups: int = option(10, "Items", ge=1, le=1000)
    """Number of popularity groups."""
    pop_cut: Literal["items", "mass"] = option("items", "Items")
    """Popularity groups of equal item count, or of equal train rows."""
    target_distribution: str = option("train", "Items")
    """Wanted shares of the popularity groups: train, uniform, or a file with group,share."""
    seed: int = option(0, "Run", ge=0)
    """Seed of random tie-breaks and of categories made from titles."""
    engine: Literal["auto", "numpy", "numba", "spark"] = option("auto", "Run", moves=False)
    """What computes: numpy, numba (an extra; auto takes it for many rows), or spark (an extra)."""
    memory: float | None = option(None, "Run", moves=False, gt=0)
    """GB for rows (default: half of the memory), more use the disk; of spark its driver's heap."""

    @model_validator(mode="after")
    def _check_columns(self) -> Self:
        """Refuse what is not ``user=NAME`` and the like, or says two things about one column."""
        keys = [text.partition("=")[0] for text in self.columns]
        for key, text in zip(keys, self.columns, strict=True):
            if key not in COLUMNS or not text.partition("=")[2]:
                hint = f"write user=NAME,item=NAME; known are {', '.join(COLUMNS)}."
                raise Explained(f"--columns '{text}' is not understood", hint)
            if keys.count(key) > 1:
                raise Explained(f"--columns names '{key}' twice", "leave one out.")
        return self

    def column_names(self) -> dict[str, str]:
        """Return the names that ``columns`` gives."""
        return dict(text.split("=", 1) for text in self.columns)
