"""What a metric is, and the one record that every metric can be computed from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Outcome:
    """The result of a full ranking: all that metrics need, nothing of models or data sets.

    Shapes: U users with a target, K the longest list, I items, G fairness groups, P popularity
    groups.

    Attributes:
        target: Held-out item of each user, ``[U]`` int.
        rank: Rank of the target among all unmasked items, from 1, ``[U]`` int.
        lists: Recommended items, best first, ``[U, K]`` int; −1 fills short lists.
        price: Price of each item, missing = 0, ``[I]`` float.
        fair_group: Fairness group of each item, ``[I]`` int in [0, G).
        pop_group: Popularity group of each item, ``[I]`` int in [0, P).
        n_train: Train rows of each item, ``[I]`` int.
        target_share: Wanted share of slots per popularity group, ``[P]``, sums to 1.
    """

    target: NDArray[np.int32]
    rank: NDArray[np.int32]
    lists: NDArray[np.int32]
    price: NDArray[np.float64]
    fair_group: NDArray[np.int16]
    pop_group: NDArray[np.int16]
    n_train: NDArray[np.int32]
    target_share: NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """A metric with its direction; ``compute(outcome, k)`` gives its value.

    Attributes:
        name: Code name without the cutoff, such as ``min_hit``.
        label: Column title, such as ``min-Hit``.
        higher_is_better: Direction (data, never assumed).
        compute: Value of the metric at cutoff k ≤ K.
        percent: Whether tables print it times 100, as the paper does.
    """

    name: str
    label: str
    higher_is_better: bool
    compute: Callable[[Outcome, int], float]
    percent: bool = True
