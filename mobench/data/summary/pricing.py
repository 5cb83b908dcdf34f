"""What is known about the prices of a dataset's items."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobench.data.summary.distributions import histogram, price_edges

QUANTILES = {"min": 0, "p10": 0.1, "p25": 0.25, "median": 0.5, "p75": 0.75, "p90": 0.9, "max": 1}


@dataclass(frozen=True)
class Prices:
    """Prices, each item counted once.

    Attributes:
        items: Items with a price.
        coverage: Their share of all items, in [0, 1].
        train_coverage: Share of the train rows that are on them, in [0, 1].
        forms: How prices were written, with items.
        missing: Why there is no price, with items.
        missing_rule: What revenue such an item counts with.
        quantiles: By name, interpolated linearly; empty where nothing has a price.
        edges: Edges of the histogram ``[B + 1]``, round numbers on a log scale.
        counts: Items in each bin ``[B]``, a price at an edge in the upper one.
    """

    items: int
    coverage: float
    train_coverage: float
    forms: dict[str, int]
    missing: dict[str, int]
    missing_rule: str
    quantiles: dict[str, float]
    edges: list[float]
    counts: list[int]


def price_facts(
    items: Mapping[str, NDArray[Any]], results: Mapping[str, Any], missing_rule: str
) -> Prices:
    """Describe the prices.

    Args:
        items: Columns ``price`` (NaN where it is missing) and ``n_train`` of the items ``[I]``.
        results: Results of prep, for how prices were written.
        missing_rule: The setting ``missing_price`` of prep.
    """
    known = priced(items["price"])
    prices, n_train = items["price"][known].astype(np.float64), items["n_train"].astype(np.int64)
    levels = np.quantile(prices, list(QUANTILES.values())).tolist() if len(prices) else []
    edges = price_edges(prices) if len(prices) else []
    return Prices(
        items=len(prices),
        coverage=len(prices) / len(known),
        train_coverage=float(n_train[known].sum() / n_train.sum()),
        forms=results["price_forms"],
        missing=results["price_missing"],
        missing_rule=missing_rule,
        quantiles=dict(zip(QUANTILES, levels, strict=False)),
        edges=edges,
        counts=histogram(prices, edges) if edges else [],
    )


def priced(price: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which items have a price ``[I]``; a column without any may hold no numbers at all."""
    return ~np.isnan(price.astype(np.float64))
