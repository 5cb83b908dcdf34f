"""``prep --engine spark``: the stages of ``data.prep``, from the files to the tables."""

import shutil
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mobench.artifacts import Draft
from mobench.data.frames import write_frame
from mobench.data.funnel import Funnel, core_results
from mobench.data.items import ItemTables, item_tables
from mobench.data.reading import Reader
from mobench.data.spark.order import coded, codes, split, with_tie
from mobench.data.spark.outcome import check_sizes, split_counts, split_results
from mobench.data.spark.read import read_reviews
from mobench.data.spark.select import Selected, select
from mobench.data.spark.session import spark_session
from mobench.data.spark.steps import Steps
from mobench.data.spark.write import interactions, users, write_parts
from mobench.data.split import TRAIN
from mobench.data.tables import funnel_table


def fill(draft: Draft, reader: Reader) -> dict[str, Any]:
    """Run all stages, write all tables but the rejected rows, and return the results.

    Args:
        draft: Takes the tables; its folder must be the same for all workers, as must the files.
        reader: What to read; afterwards it knows the rejected rows and the numbers of rows.

    Raises:
        DataError: Raw data that cannot be used.
        ArtifactError: Spark failed.
    """
    folder = draft.work / "spark"
    folder.mkdir()
    with spark_session(reader.plan.config.memory) as spark:
        results = _fill(draft, reader, Steps(spark, folder))
    shutil.rmtree(folder)
    return results


def _fill(draft: Draft, reader: Reader, steps: Steps) -> dict[str, Any]:
    config, track, funnel = reader.plan.config, reader.track, Funnel()
    valid = read_reviews(reader, steps)
    track("filtering")
    chosen = select(valid, reader, funnel, steps)
    track("splitting")
    user_codes, item_codes = (codes(chosen.rows, side, steps) for side in ("user", "item"))
    n_rows, n_users, n_items = chosen.counts
    rows = with_tie(coded(chosen.rows, user_codes, item_codes), n_rows, config, steps)
    final = steps.settle(split(rows, config), "split")
    counts = split_counts(final)
    check_sizes(counts, config)
    track("grouping items")
    items = _items(final, item_codes, n_items, chosen, reader)
    track("writing")
    write_parts(draft, "interactions.parquet", steps.parts("split"), interactions)
    train = final.where(F.col("split") == TRAIN).groupBy("user").count()
    steps.settle(_users(user_codes, train), "users")
    write_parts(draft, "users.parquet", steps.parts("users"), users)
    write_frame(draft, "items.parquet", items.items)
    write_frame(draft, "groups.parquet", items.groups)
    write_frame(draft, "funnel.parquet", funnel_table(funnel))
    sizes = {"n_users": n_users, "n_items": n_items, **core_results(chosen.core)}
    return {**sizes, **split_results(counts, config), **items.results}


def _items(
    final: DataFrame, item_codes: DataFrame, n_items: int, chosen: Selected, reader: Reader
) -> ItemTables:
    """Return the item tables, which are made here: the catalogue fits one machine."""
    ids = item_codes.sort("code").select("item").toArrow()["item"]
    train = final.where(F.col("split") == TRAIN).groupBy("item").count().toArrow()
    return item_tables(
        chosen.catalogue_of(ids.to_pylist(), reader),
        _by_code(train["item"], train["count"], n_items),
        reader.plan.config,
    )


def _by_code(code: pa.ChunkedArray, count: pa.ChunkedArray, n: int) -> NDArray[np.int32]:
    """Return the counts ``[n]`` by code, 0 where there is none."""
    found = np.zeros(n, np.int32)
    found[code.to_numpy()] = count.to_numpy()
    return found


def _users(user_codes: DataFrame, train: DataFrame) -> DataFrame:
    """Return ``users.parquet``, partitioned."""
    n_train = F.coalesce(F.col("count"), F.lit(0)).cast("int").alias("n_train")
    joined = user_codes.join(train.withColumnRenamed("user", "code"), "code", "left")
    return joined.sort("code").select(
        F.col("code").alias("user"), F.col("user").alias("user_id"), n_train
    )
