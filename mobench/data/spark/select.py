"""The filters of prep in order, each a row of the funnel (``data.funnel`` with DataFrames)."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from mobench.config import PrepConfig
from mobench.data.catalogue import Catalogue
from mobench.data.filters import Left
from mobench.data.funnel import REPEATS, Funnel, core_sizes, core_stage, has_prices
from mobench.data.reading import Reader
from mobench.data.schema import Rejects
from mobench.data.spark.stages import (
    counts,
    drop_repeats,
    is_rated,
    k_core,
    rated_at_least,
)
from mobench.data.spark.steps import Steps

Counts = tuple[int, int, int]


@dataclass(frozen=True)
class Selected:
    """What is left after the filters.

    Attributes:
        rows: With raw ids and positions, in no order.
        counts: Rows, users and items of it.
        core: What each round of the k-core left that dropped something.
        catalogue: Metadata, where a filter needed it already.
    """

    rows: DataFrame
    counts: Counts
    core: tuple[Left, ...]
    catalogue: Catalogue | None

    def catalogue_of(self, ids: list[str], reader: Reader) -> Catalogue:
        """Return the metadata of the items with the given ids."""
        if self.catalogue is None:
            return reader.catalogue(ids)
        place = {item_id: n for n, item_id in enumerate(self.catalogue.ids)}
        return self.catalogue.take(np.array([place[item_id] for item_id in ids]))


def select(valid: DataFrame, reader: Reader, funnel: Funnel, steps: Steps) -> Selected:
    """Filter valid rows.

    Args:
        valid: The usable rows, with their positions.
        reader: Knows the filters and the rejected rows, and reads the metadata.
        funnel: Takes what each stage leaves.
        steps: Takes the results of the stages.

    Raises:
        DataError: Nothing is left.
    """
    config = reader.plan.config
    found = counts(valid)
    funnel.add("read", _read_counts(valid, found, reader.rejects))
    funnel.add("valid rows", found)
    rows = drop_repeats(_rated(valid, config, found, funnel), config.duplicates)
    name, catalogue = "one-per-pair", None
    rows = steps.settle(rows, name)
    funnel.add(REPEATS[config.duplicates], counts(rows))
    if config.missing_price == "drop":
        catalogue = reader.catalogue(_ids(valid))
        rows = steps.settle(rows.join(_priced(catalogue, steps), "item", "left_semi"), "priced")
        steps.drop(name)
        name = "priced"
        funnel.add("price known", counts(rows))
    core = k_core(rows, *core_sizes(config), config.max_core_rounds, steps, name)
    left = counts(core.rows)
    funnel.add(core_stage(config, len(core.left), core.converged), left)
    return Selected(core.rows, left, core.left, catalogue)


def _read_counts(valid: DataFrame, found: Counts, rejects: Rejects) -> Counts:
    """Return the counts of all rows, rejected ones included as far as their ids could be read."""
    more_users = _unknown(valid, "user", {row.user for row in rejects.listed})
    more_items = _unknown(valid, "item", {row.item for row in rejects.listed})
    return found[0] + len(rejects), found[1] + more_users, found[2] + more_items


def _unknown(valid: DataFrame, side: str, ids: set[str | None]) -> int:
    """Return how many of the ids no valid row has."""
    wanted = pa.table({side: pa.array(ids - {None}, pa.string())})
    if not wanted.num_rows:
        return 0
    frame = valid.sparkSession.createDataFrame(wanted)
    return int(frame.join(valid, side, "left_anti").count())


def _rated(rows: DataFrame, config: PrepConfig, found: Counts, funnel: Funnel) -> DataFrame:
    if not is_rated(rows):
        funnel.add("no ratings", found)
        return rows
    rows = rated_at_least(rows, config.min_rating)
    funnel.add(f"rating ≥ {config.min_rating:g}", counts(rows))
    return rows


def _ids(rows: DataFrame) -> list[str]:
    """Return the distinct item ids."""
    return list(rows.select("item").distinct().toArrow()["item"].to_pylist())


def _priced(catalogue: Catalogue, steps: Steps) -> DataFrame:
    """Return the ids of the items with a price.

    Raises:
        DataError: None has.
    """
    ids = [one for one, has in zip(catalogue.ids, has_prices(catalogue), strict=True) if has]
    return steps.spark.createDataFrame(pa.table({"item": pa.array(ids, pa.string())}))
