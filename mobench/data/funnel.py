"""From coded rows to the rows of a dataset: the filters in order, each a row of the funnel."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from mobench.config import PrepConfig
from mobench.data.catalogue import Catalogue
from mobench.data.codes import encode, renumber
from mobench.data.filters import Rows, drop_repeats, k_core, rated_at_least
from mobench.data.schema import Rejects
from mobench.errors import DataError

REPEATS = {"latest": "latest per pair", "first": "first per pair", "keep": "repeats kept"}


@dataclass
class Funnel:
    """How many rows, users and items each stage leaves (``funnel.parquet``)."""

    stage: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    users: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)

    def add(self, stage: str, counts: tuple[int, int, int]) -> None:
        """Take the counts after a stage.

        Raises:
            DataError: It leaves no row.
        """
        if not counts[0]:
            raise DataError(
                f"no row is left after '{stage}'",
                "loosen the filters (--min-rating, --k-core), or give more data.",
            )
        self.stage.append(stage)
        for column, count in zip((self.rows, self.users, self.items), counts, strict=True):
            column.append(count)


ReadCatalogue = Callable[[list[str]], Catalogue]
"""Returns what the metadata says about the items with the given ids."""


@dataclass(frozen=True)
class Selection:
    """What is left after the filters.

    Attributes:
        rows: In source order, with dense codes in order of first appearance.
        user_ids: Raw id of each user code.
        catalogue: Metadata of the items, in code order.
        funnel: What each stage left.
        core_rounds: Rounds of the k-core that dropped something.
    """

    rows: Rows
    user_ids: pl.Series
    catalogue: Catalogue
    funnel: Funnel
    core_rounds: int


def select(
    frame: pl.DataFrame, rejects: Rejects, config: PrepConfig, read_catalogue: ReadCatalogue
) -> Selection:
    """Filter valid rows.

    Args:
        frame: Rows of the schema ``REVIEWS`` in source order.
        rejects: The rows that were read and are not among them.
        config: The filters.
        read_catalogue: Reads the metadata, once: of the items that are left, or before the k-core
            where items without a price are dropped.

    Raises:
        DataError: Nothing is left.
    """
    funnel = Funnel()
    users, items = encode(frame["user"]), encode(frame["item"])
    funnel.add("read", _read_counts(frame.height, users.ids, items.ids, rejects))
    rating = frame["rating"].fill_null(np.nan).to_numpy()
    rows = Rows(users.codes, items.codes, frame["timestamp"].to_numpy(), rating)
    funnel.add("valid rows", rows.counts())
    rows = _before_core(rows, config, funnel)
    catalogue = None
    if config.missing_price == "drop":
        catalogue = read_catalogue(items.ids.to_list())
        rows = rows.take(~np.isnan(catalogue.prices)[rows.item])
        funnel.add("price known", rows.counts())
    rows, rounds = _core(rows, config, funnel)
    user, user_order = renumber(rows.user)
    item, item_order = renumber(rows.item)
    if catalogue is None:
        catalogue = read_catalogue(items.ids.gather(item_order).to_list())
    else:
        catalogue = catalogue.take(item_order)
    rows = Rows(user, item, rows.timestamp, rows.rating)
    return Selection(rows, users.ids.gather(user_order), catalogue, funnel, rounds)


def _read_counts(
    n_rows: int, users: pl.Series, items: pl.Series, rejects: Rejects
) -> tuple[int, int, int]:
    """Return the counts of all rows, rejected ones included as far as their ids could be read."""
    more_users = {row.user for row in rejects.listed} - {None, *users} if rejects.listed else ()
    more_items = {row.item for row in rejects.listed} - {None, *items} if rejects.listed else ()
    return n_rows + len(rejects), len(users) + len(more_users), len(items) + len(more_items)


def _before_core(rows: Rows, config: PrepConfig, funnel: Funnel) -> Rows:
    rated = not np.isnan(rows.rating).all()
    rows = rated_at_least(rows, config.min_rating)
    funnel.add(f"rating ≥ {config.min_rating:g}" if rated else "no ratings", rows.counts())
    rows = drop_repeats(rows, config.duplicates)
    funnel.add(REPEATS[config.duplicates], rows.counts())
    return rows


def _core(rows: Rows, config: PrepConfig, funnel: Funnel) -> tuple[Rows, int]:
    k_user, k_item = config.user_core or config.k_core, config.item_core or config.k_core
    core = k_core(rows.user, rows.item, k_user, k_item, config.max_core_rounds)
    rows = rows.take(core.rows)
    more = "" if core.converged else ", stopped"
    size = f"{k_user}-core" if k_user == k_item else f"{k_user}/{k_item}-core"
    stage = f"{size} ({core.rounds} round{'s' * (core.rounds != 1)}{more})"
    funnel.add(stage, rows.counts())
    return rows, core.rounds
