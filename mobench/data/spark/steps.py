"""Results of stages on disk: what follows starts from Parquet, not from all that went before."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

GLOB = re.compile(r"[][{}*?\\]")
"""What Spark takes for a pattern in a path that it reads."""
PLACE_BITS = 33
"""``monotonically_increasing_id`` is the partition, then 33 bits for the row in it."""


@dataclass(frozen=True)
class Steps:
    """A folder with one partitioned Parquet table per finished step.

    This is the checkpoint of every stage and of every round of the k-core: plans stay short, a
    lost worker costs one step, and nothing is held in memory.

    Attributes:
        spark: The session.
        folder: Visible to all workers under the same path; emptied by whoever made it.
    """

    spark: SparkSession
    folder: Path

    def settle(self, frame: DataFrame, name: str) -> DataFrame:
        """Compute ``frame`` and return it as read from disk."""
        frame.write.parquet(f"file://{self.where(name)}")
        return self.read(name, frame.schema)

    def read(self, name: str, schema: StructType | str) -> DataFrame:
        """Return a step as read from disk."""
        place = GLOB.sub(r"\\\g<0>", str(self.where(name)))
        return self.spark.read.schema(schema).parquet(f"file://{place}")

    def where(self, name: str) -> Path:
        """Return the folder of a step."""
        return self.folder.absolute() / name

    def drop(self, name: str) -> None:
        """Remove a step that nothing reads any more."""
        shutil.rmtree(self.where(name))

    def parts(self, name: str) -> list[Path]:
        """Return the files of a step in the order of its rows, if it was sorted."""
        found = self.where(name).glob("part-*.parquet")
        return sorted(found, key=lambda part: (int(part.name.split("-")[1]), part.name))

    def n_rows(self, name: str) -> int:
        """Return the number of rows of a step, from the footers of its files."""
        return sum(pq.read_metadata(part).num_rows for part in self.parts(name))

    def number(self, frame: DataFrame, order: str, name: str, column: str) -> DataFrame:
        """Settle ``frame`` with a further column: 0, 1, … in the order of another column.

        Partitions are numbered by their sizes, so no single task sees all rows.
        """
        marked = frame.sort(order).withColumn("place", F.monotonically_increasing_id())
        settled = self.settle(marked, name)
        part = F.shiftright("place", PLACE_BITS).alias("part")
        sizes = settled.groupBy(part).agg(F.count(F.lit(1)).alias("n"))
        start = (F.sum("n").over(Window.orderBy("part")) - F.col("n")).alias("start")
        within = F.col("place").bitwiseAND((1 << PLACE_BITS) - 1)
        numbered = settled.withColumn("part", part).join(
            F.broadcast(sizes.select("part", start)), "part"
        )
        return numbered.withColumn(column, F.col("start") + within).drop("part", "place", "start")


def count_rows(condition: Column) -> Column:
    """Return an aggregate: the number of rows for which ``condition`` holds."""
    return F.coalesce(F.sum(F.when(condition, 1).otherwise(0)), F.lit(0))
