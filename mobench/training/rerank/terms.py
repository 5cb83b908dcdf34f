"""What the terms of a mix give each item, in [0, 1]; 1 is what a term would put first.

The score itself, scaled per user, is the first term of every mix (see ``models/reranked.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobench.data.dataset import Items
from mobench.objectives import Settings, Validation

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """What the terms are made of: items, wishes, and how the base did on validation.

    Attributes:
        items: The items of the dataset.
        target_share: Q, wanted share of slots per popularity group, ``[P]``.
        base: The base's pass over validation.
        settings: Cutoffs and the least size of a group.
    """

    items: Items
    target_share: Vector
    base: Validation
    settings: Settings


def price(seen: Seen) -> Vector:
    """Return log(1 + price) over the largest, ``[I]``; 0 where it is missing.

    A list that maximises expected revenue orders by probability × price (Azaria et al., "Movie
    recommender system for profit maximization", RecSys 2013); in a sum that is the logarithm.
    """
    worth = np.log1p(seen.items.price)
    return np.asarray(worth / max(worth.max(), np.finfo(np.float64).tiny))


def group_deficit(seen: Seen) -> Vector:
    """Return how far each item's fairness group lags behind in the base's Hit, ``[I]``.

    (h_best − h_g) / (h_best − h_worst) with h the Hit@k of validation targets in the group: 1 for
    the group that is served worst, 0 for the best, and 0 for groups with fewer than
    ``min_group_size`` targets, of which nobody can tell.
    """
    group = seen.items.fair_group.astype(np.int64)
    of_target = group[seen.base.target]
    n_groups = int(group.max()) + 1
    n = np.bincount(of_target, minlength=n_groups)
    hits = np.bincount(of_target[seen.base.rank <= seen.settings.k], minlength=n_groups)
    judged = n >= max(seen.settings.min_group_size, 1)
    if not judged.any():
        return np.zeros(len(group))
    rate = hits / np.maximum(n, 1)
    deficit = _scaled(rate[judged].max() - rate, judged)
    return np.asarray(deficit[group])


def popularity_gap(seen: Seen) -> Vector:
    """Return how much more of each item's popularity group is wanted than given, ``[I]``.

    Q_p − P_p, P the shares of the slots of the base's lists at ``align_k``, scaled to [0, 1] over
    the groups. Steck ("Calibrated recommendations", RecSys 2018) builds each list towards a wanted
    distribution; this is its marginal, one price for a slot of each group over all lists.
    """
    group = seen.items.pop_group.astype(np.int64)
    slots = seen.base.lists[:, : seen.settings.align_k]
    given = np.bincount(group[slots[slots >= 0]], minlength=len(seen.target_share))
    gap = seen.target_share - given / max(given.sum(), 1)
    return np.asarray(_scaled(gap, np.ones(len(gap), np.bool_))[group])


TERMS: Mapping[str, Callable[[Seen], Vector]] = {
    "rev": price,
    "fair": group_deficit,
    "align": popularity_gap,
}
"""The term that serves each objective after accuracy."""


def _scaled(values: Vector, counted: NDArray[np.bool_]) -> Vector:
    """Return values scaled to [0, 1] over those that count; 0 for others, or if all are equal."""
    low, high = values[counted].min(), values[counted].max()
    span = high - low
    return np.asarray(np.where(counted & (span > 0), (values - low) / (span or 1.0), 0.0))
