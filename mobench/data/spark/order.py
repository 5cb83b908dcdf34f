"""Codes, order and split of the rows that are left, as DataFrames."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from mobench.config import PrepConfig
from mobench.data.plan import cut_instants
from mobench.data.spark.steps import Steps
from mobench.data.split import TEST, TRAIN, VAL
from mobench.seeds import Seeds

DRAWS = 1 << 20
"""Random numbers written at a time."""


def codes(rows: DataFrame, column: str, steps: Steps) -> DataFrame:
    """Return ``column, code``: each id with its code, from 0 in order of first appearance."""
    first = rows.groupBy(column).agg(F.min("position").alias("first"))
    numbered = steps.number(first, "first", f"{column}-codes", "code")
    return numbered.select(column, F.col("code").cast("int").alias("code"))


def coded(rows: DataFrame, users: DataFrame, items: DataFrame) -> DataFrame:
    """Return ``rows`` with codes in place of ids."""
    user = users.withColumnRenamed("code", "user_code")
    item = items.withColumnRenamed("code", "item_code")
    return (
        rows.join(user, "user")
        .join(item, "item")
        .select(
            "position",
            F.col("user_code").alias("user"),
            F.col("item_code").alias("item"),
            "timestamp",
            "rating",
        )
    )


def with_tie(rows: DataFrame, n_rows: int, config: PrepConfig, steps: Steps) -> DataFrame:
    """Return ``rows`` with a column ``tie`` that orders rows of one user with one timestamp.

    At random this is the permutation that the default engine draws, of all rows in source order.
    It is drawn here in one piece, which takes 8 bytes a row.
    """
    if config.tie_break != "random":
        return rows.withColumn("tie", F.col("position"))
    draws = Seeds(config.seed).numpy("tie-break").permutation(n_rows)
    place = steps.where("draws")
    place.mkdir()
    _write_draws(draws, place / "part-0.parquet")
    numbered = steps.number(rows, "position", "in-order", "row")
    drawn = steps.read("draws", "row long, tie long")
    return numbered.join(drawn, "row").drop("row")


def _write_draws(draws: "np.ndarray[tuple[int], np.dtype[np.int64]]", path: Path) -> None:
    schema = pa.schema([("row", pa.int64()), ("tie", pa.int64())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, len(draws), DRAWS):
            tie = draws[start : start + DRAWS]
            row = np.arange(start, start + len(tie))
            writer.write_table(pa.table({"row": row, "tie": tie}, schema=schema))


def split(rows: DataFrame, config: PrepConfig) -> DataFrame:
    """Return the rows sorted by user, time and tie, with ``split``, ``tied`` and ``short``.

    ``tied`` marks the test row of a user for whom the tie rule decided which row is test or val,
    ``short`` one row of each user who has too few to hold any out.
    """
    labelled = _temporal(rows, config) if config.split == "temporal" else _last(rows, config)
    columns = ("user", "item", "timestamp", "rating", "split", "tied", "short")
    return labelled.sort("user", "timestamp", "tie").select(*columns)


def _temporal(rows: DataFrame, config: PrepConfig) -> DataFrame:
    val_from, test_from = cut_instants(config)
    time = F.col("timestamp")
    label = F.when(time < val_from, TRAIN).when(time < test_from, VAL).otherwise(TEST)
    no = F.lit(False)
    return rows.withColumns({"split": label.cast("byte"), "tied": no, "short": no})


def _last(rows: DataFrame, config: PrepConfig) -> DataFrame:
    """Hold out the last two rows (or baskets) of each user with at least three."""
    user = Window.partitionBy("user")
    latest = user.orderBy(F.desc("timestamp"), F.desc("tie"))
    from_end = F.row_number().over(latest)
    rows = rows.withColumn("row_from_end", from_end)
    if config.tie_break == "basket":
        from_end = F.dense_rank().over(user.orderBy(F.desc("timestamp")))
    rows = rows.withColumn("from_end", from_end)
    rows = rows.withColumn("n_units", F.max("from_end").over(user))
    enough = F.col("n_units") >= 3
    label = (
        F.when(enough & (F.col("from_end") == 1), TEST)
        .when(enough & (F.col("from_end") == 2), VAL)
        .otherwise(TRAIN)
    )
    last_row = F.col("row_from_end") == 1
    tied = _tied(latest) if config.tie_break != "basket" else F.lit(False)
    return rows.withColumns(
        {"split": label.cast("byte"), "tied": last_row & enough & tied, "short": last_row & ~enough}
    )


def _tied(latest: "Window") -> Column:
    """Return whether a row has the time of the row before, or that one has the time of its own."""
    before, third = (F.lead("timestamp", n).over(latest) for n in (1, 2))
    return F.coalesce((F.col("timestamp") == before) | (before == third), F.lit(False))
