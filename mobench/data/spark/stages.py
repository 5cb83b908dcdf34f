"""The filters of ``data.funnel`` as DataFrames; every frame keeps the position of its rows."""

from dataclasses import dataclass
from typing import Literal

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from mobench.data.filters import Left
from mobench.data.spark.steps import Steps


def counts(rows: DataFrame) -> tuple[int, int, int]:
    """Return the numbers of rows, users and items."""
    numbers = (F.count(F.lit(1)), F.count_distinct("user"), F.count_distinct("item"))
    n_rows, n_users, n_items = rows.agg(*numbers).collect()[0]
    return n_rows, n_users, n_items


def rated_at_least(rows: DataFrame, minimum: float) -> DataFrame:
    """Return the rows rated at least ``minimum``, and those without a rating."""
    return rows.where(F.col("rating").isNull() | (F.col("rating") >= minimum))


def is_rated(rows: DataFrame) -> bool:
    """Return whether any row has a rating."""
    return not rows.where(F.col("rating").isNotNull()).select("position").isEmpty()


def drop_repeats(rows: DataFrame, keep: Literal["latest", "first", "keep"]) -> DataFrame:
    """Return one row per (user, item): the latest (of equals the later row) or the first."""
    if keep == "keep":
        return rows
    times = [F.col("timestamp"), F.col("position")]
    order = [time.desc() for time in times] if keep == "latest" else times
    rank = F.row_number().over(Window.partitionBy("user", "item").orderBy(*order))
    return rows.withColumn("rank", rank).where("rank = 1").drop("rank")


@dataclass(frozen=True)
class Core:
    """A k-core; see ``data.filters.Core``.

    Attributes:
        rows: What stays.
        name: The step that holds it.
        left: What each of the rounds left that dropped something.
        converged: Whether another round would drop nothing.
    """

    rows: DataFrame
    name: str
    left: tuple[Left, ...]
    converged: bool


def k_core(
    rows: DataFrame, k_user: int, k_item: int, max_rounds: int, steps: Steps, name: str
) -> Core:
    """Drop users with fewer than ``k_user`` rows, then items likewise, again and again.

    Every round ends on disk, and what it began from is removed, so the plan of round 50 is as
    short as that of round 1.

    Args:
        rows: A settled frame.
        k_user: Rows that a user needs.
        k_item: Rows that an item needs.
        max_rounds: Stop after so many rounds; 0 goes on until nothing changes.
        steps: Takes the rounds.
        name: The step that holds ``rows``.
    """
    left: list[Left] = []
    n_rows = steps.n_rows(name)
    while True:
        new = f"core-{len(left) + 1}"
        kept = steps.settle(_enough(_enough(rows, "user", k_user), "item", k_item), new)
        n_kept = steps.n_rows(new)
        if n_kept == n_rows or (max_rounds and len(left) == max_rounds):
            steps.drop(new)
            return Core(rows, name, tuple(left), converged=n_kept == n_rows)
        steps.drop(name)
        rows, n_rows, name = kept, n_kept, new
        left.append(counts(rows))


def _enough(rows: DataFrame, column: str, k: int) -> DataFrame:
    """Drop the ids with fewer than ``k`` rows; they become few soon, and few are sent around."""
    few = rows.groupBy(column).count().where(F.col("count") < k).select(column)
    return rows.join(few, column, "left_anti")
