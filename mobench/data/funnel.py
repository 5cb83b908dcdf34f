"""From coded rows to the rows of a dataset: the filters in order, each a row of the funnel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mobench.config import PrepConfig
from mobench.data.catalogue import Catalogue
from mobench.data.codes import Codes, renumber
from mobench.data.filters import Core, Left, drop_repeats
from mobench.data.ingest import ROW_BYTES, Coded
from mobench.data.schema import Rejects
from mobench.data.store import Parts, Rows, whole
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
FindCore = Callable[[Parts[Rows], int, int, int], Core]
"""Reduces parts to their k-core, given the rows that users and items need, and most rounds."""


@dataclass(frozen=True)
class Selection:
    """What is left after the filters.

    Attributes:
        rows: In source order, with dense codes in order of first appearance.
        user_ids: Raw id of each user code.
        catalogue: Metadata of the items, in code order.
        funnel: What each stage left.
        core: What each round of the k-core left that dropped something.
    """

    rows: Rows
    user_ids: pl.Series
    catalogue: Catalogue
    funnel: Funnel
    core: tuple[Left, ...]


def select(
    coded: Coded,
    rejects: Rejects,
    config: PrepConfig,
    read_catalogue: ReadCatalogue,
    core: FindCore,
    memory: float,
) -> Selection:
    """Filter valid rows.

    Args:
        coded: The rows rated high enough.
        rejects: The rows that were read and could not be used.
        config: The filters.
        read_catalogue: Reads the metadata, once: of the items that are left, or before the k-core
            where items without a price are dropped.
        core: Finds the k-core.
        memory: Bytes for rows.

    Raises:
        DataError: Nothing is left, or more than memory holds.
    """
    funnel = Funnel()
    parts, ids = coded.parts, coded.item_ids
    _before_core(coded, rejects, config, funnel)
    catalogue = None
    if config.missing_price == "drop":
        catalogue = read_catalogue(ids.to_list())
        priced = has_prices(catalogue)
        parts.update(lambda rows: rows.take(priced[rows.item]))
        funnel.add("price known", counts(parts))
    left = _core(parts, config, funnel, core)
    if (n_rows := funnel.rows[-1]) * ROW_BYTES > memory:
        message = f"{n_rows:,} rows are left, more than {memory / 1e9:g} GB of memory hold"
        raise DataError(message, "raise --memory, filter more, or use --engine spark.")
    rows = whole(parts)
    user, user_order = renumber(rows.user)
    item, item_order = renumber(rows.item)
    if catalogue is None:
        catalogue = read_catalogue(ids.gather(item_order).to_list())
    else:
        catalogue = catalogue.take(item_order)
    rows = Rows(user, item, rows.timestamp, rows.rating)
    return Selection(rows, coded.user_ids.gather(user_order), catalogue, funnel, left)


def has_prices(catalogue: Catalogue) -> NDArray[np.bool_]:
    """Return which items have a price ``[I]``.

    Raises:
        DataError: None has.
    """
    priced = ~np.isnan(catalogue.prices)
    if not priced.any():
        message = "no item has a price, so --missing-price drop leaves nothing"
        raise DataError(message, "name metadata with --meta, or use another --missing-price.")
    return priced


def core_stage(config: PrepConfig, rounds: int, converged: bool) -> str:
    """Return what the funnel calls the k-core."""
    k_user, k_item = core_sizes(config)
    size = f"{k_user}-core" if k_user == k_item else f"{k_user}/{k_item}-core"
    more = "" if converged else ", stopped"
    return f"{size} ({rounds} round{'s' * (rounds != 1)}{more})"


def core_results(left: Sequence[Left]) -> dict[str, Any]:
    """Return what the summary says about the k-core: its rounds, and what each left."""
    return {"core_rounds": len(left), "core_left": [list(counts) for counts in left]}


def core_sizes(config: PrepConfig) -> tuple[int, int]:
    """Return the rows that a user and an item need."""
    return config.user_core or config.k_core, config.item_core or config.k_core


def counts(parts: Parts[Rows]) -> tuple[int, int, int]:
    """Return the numbers of rows, users and items."""
    n_rows, users, items = 0, np.zeros(0, np.bool_), np.zeros(0, np.bool_)
    for rows in parts:
        n_rows += len(rows)
        users, items = _with(users, rows.user), _with(items, rows.item)
    return n_rows, int(users.sum()), int(items.sum())


def _with(seen: NDArray[np.bool_], codes: Codes) -> NDArray[np.bool_]:
    """Return which codes were seen, those of another part included."""
    found = np.zeros(max(len(seen), int(codes.max(initial=-1)) + 1), np.bool_)
    found[: len(seen)] = seen
    found[codes] = True
    return found


def _before_core(coded: Coded, rejects: Rejects, config: PrepConfig, funnel: Funnel) -> None:
    users, items = coded.user_ids, coded.item_ids
    funnel.add("read", _read_counts(coded.n_rows, users, items, rejects))
    funnel.add("valid rows", (coded.n_rows, len(users), len(items)))
    rating = f"rating ≥ {config.min_rating:g}" if coded.is_rated else "no ratings"
    left = counts(coded.parts)
    funnel.add(rating, left)
    if config.duplicates != "keep":
        keep = config.duplicates
        coded.parts.update(lambda rows: drop_repeats(rows, keep))
        if sum(map(len, coded.parts)) < left[0]:
            left = counts(coded.parts)
    funnel.add(REPEATS[config.duplicates], left)


def _read_counts(
    n_rows: int, users: pl.Series, items: pl.Series, rejects: Rejects
) -> tuple[int, int, int]:
    """Return the counts of all rows, rejected ones included as far as their ids could be read."""
    more_users = _n_new({row.user for row in rejects.listed}, users)
    more_items = _n_new({row.item for row in rejects.listed}, items)
    return n_rows + len(rejects), len(users) + more_users, len(items) + more_items


def _n_new(ids: set[str | None], known: pl.Series) -> int:
    found = pl.Series(list(ids - {None}), dtype=pl.String)
    return len(found) - int(found.is_in(known.implode()).sum()) if len(found) else 0


def _core(
    parts: Parts[Rows], config: PrepConfig, funnel: Funnel, find: FindCore
) -> tuple[Left, ...]:
    core = find(parts, *core_sizes(config), config.max_core_rounds)
    funnel.add(core_stage(config, core.rounds, core.converged), counts(parts))
    return core.left
