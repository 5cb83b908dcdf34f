"""The item tables of a dataset: prices, revenue, categories, fairness and popularity groups."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mobench.config import PrepConfig
from mobench.data.catalogue import Catalogue
from mobench.data.fairness import Groups, category_labels, fairness_groups, label_rows
from mobench.data.popularity import popularity_groups, target_shares
from mobench.data.prices import FORMS, fill_prices, transform
from mobench.data.titles import title_categories
from mobench.seeds import Seeds


@dataclass(frozen=True)
class ItemTables:
    """``items.parquet``, ``groups.parquet``, and what the summary says about them."""

    items: pl.DataFrame
    groups: pl.DataFrame
    results: dict[str, Any]


def item_tables(catalogue: Catalogue, n_train: NDArray[np.int32], config: PrepConfig) -> ItemTables:
    """Describe the items and group them.

    Args:
        catalogue: What the metadata says about them ``[I]``, in code order.
        n_train: Train rows of each ``[I]``.
        config: Rules for revenue, categories and groups.

    Raises:
        DataError: Titles or target shares that the config asks for cannot be used.
    """
    labels, level = _categories(catalogue, n_train, config)
    fair = fairness_groups(labels, n_train, config.fair_groups, config.fair_min_share)
    pop = popularity_groups(n_train, config.pop_groups, config.pop_cut)
    pop_target = target_shares(config.target_distribution, _rows(pop, n_train))
    columns = {
        "item": np.arange(len(n_train), dtype=np.int32),
        "item_id": pl.Series(catalogue.ids, dtype=pl.String),
        "title": pl.Series(catalogue.title, dtype=pl.String),
        "category": pl.Series(labels, dtype=pl.String),
        "categories": pl.Series(list(map(_joined, catalogue.paths)), dtype=pl.String),
        "price": pl.Series(catalogue.price, dtype=pl.Float64),
        "revenue": _revenue(catalogue, labels, n_train, config),
        "fair_group": fair.group,
        "pop_group": pop.group,
        "n_train": n_train,
    }
    fair_target = _rows(fair, n_train) / n_train.sum()
    groups = [_table("fair", fair, n_train, fair_target), _table("pop", pop, n_train, pop_target)]
    return ItemTables(
        pl.DataFrame(columns),
        pl.concat(groups),
        {**_price_results(catalogue), **_group_results(catalogue, fair, pop, level)},
    )


def _categories(
    catalogue: Catalogue, n_train: NDArray[np.int32], config: PrepConfig
) -> tuple[Sequence[str | None], str]:
    if config.category_from is None:
        return category_labels(catalogue.paths, n_train, config.fair_level)
    seed = Seeds(config.seed).integer("titles") % 2**32
    n_clusters = int(config.category_from.removeprefix("title:"))
    return title_categories(catalogue.title, n_clusters, seed), "title"


def _revenue(
    catalogue: Catalogue,
    labels: Sequence[str | None],
    n_train: NDArray[np.int32],
    config: PrepConfig,
) -> NDArray[np.float64]:
    codes = label_rows(labels, n_train)[2]
    filled = fill_prices(catalogue.prices, codes, config.missing_price)
    return transform(filled, config.price_transform)


def _joined(paths: tuple[tuple[str, ...], ...]) -> str | None:
    return " | ".join(" > ".join(path) for path in paths) if paths else None


def _rows(groups: Groups, n_train: NDArray[np.int32]) -> NDArray[np.int64]:
    return np.bincount(groups.group, weights=n_train, minlength=len(groups.labels)).astype(np.int64)


def _table(
    kind: str, groups: Groups, n_train: NDArray[np.int32], target: NDArray[np.float64]
) -> pl.DataFrame:
    n_groups = len(groups.labels)
    return pl.DataFrame(
        {
            "kind": pl.repeat(kind, n_groups, dtype=pl.String, eager=True),
            "id": np.arange(n_groups, dtype=np.int16),
            "label": pl.Series(groups.labels, dtype=pl.String),
            "n_items": np.bincount(groups.group, minlength=n_groups),
            "n_train": _rows(groups, n_train),
            "target_share": target,
        }
    )


def _price_results(catalogue: Catalogue) -> dict[str, Any]:
    notes = Counter(catalogue.price_note)
    n_priced = sum(notes[form] for form in FORMS)
    return {
        "price_coverage": n_priced / len(catalogue.ids),
        "price_forms": {form: notes[form] for form in FORMS if notes[form]},
        "price_missing": {k: n for k, n in sorted(notes.items()) if k not in FORMS},
    }


def _group_results(catalogue: Catalogue, fair: Groups, pop: Groups, level: str) -> dict[str, Any]:
    return {
        "category_coverage": sum(map(bool, catalogue.paths)) / len(catalogue.ids),
        "fair_level": level,
        "fair_labels": list(fair.labels),
        "n_fair_groups": len(fair.labels),
        "n_pop_groups": len(pop.labels),
        "repeated_metadata": catalogue.n_repeated,
    }
