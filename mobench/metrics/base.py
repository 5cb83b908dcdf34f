"""What a metric is, and the one record that every metric can be computed from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobench.errors import ConfigError, DataError


@dataclass(frozen=True)
class Outcome:
    """The result of a full ranking: all that metrics need, nothing of models or data sets.

    Shapes: U held-out rows (of one user each, unless ``user`` says otherwise), K the longest list,
    I items, G fairness groups, P popularity groups.

    Attributes:
        target: Held-out item of each user, ``[U]`` int.
        rank: Rank of the target among all unmasked items, from 1, ``[U]`` int.
        lists: Recommended items, best first, ``[U, K]`` int; −1 fills short lists.
        price: Price of each item, missing = 0, ``[I]`` float.
        fair_group: Fairness group of each item, ``[I]`` int in [0, G).
        pop_group: Popularity group of each item, ``[I]`` int in [0, P).
        n_train: Train rows of each item, ``[I]`` int.
        target_share: Wanted share of slots per popularity group, ``[P]``, sums to 1.
        user: User of each row, ``[U]`` int: equal where rows are of one user, who has one list.
            ``None`` where every row has a user of its own.
        profile: What each row's user had before, in rows per fairness group, ``[U, G]``. ``None``
            where that is not known: metrics that need it are ``nan``.

    Raises:
        DataError: Nothing to measure (no user, no recommended item), or arrays that do not fit
            each other.
    """

    target: NDArray[np.int32]
    rank: NDArray[np.int32]
    lists: NDArray[np.int32]
    price: NDArray[np.float64]
    fair_group: NDArray[np.int16]
    pop_group: NDArray[np.int16]
    n_train: NDArray[np.int32]
    target_share: NDArray[np.float64]
    user: NDArray[np.int32] | None = None
    profile: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        # Once per ranking, so that every metric may rely on it.
        n_users, n_items = len(self.target), len(self.price)
        if n_users == 0:
            raise DataError("no user has a held-out item", "choose a split that has rows.")
        _require(len(self.rank) == n_users, "ranks and targets differ in length")
        _require(self.lists.ndim == 2 and len(self.lists) == n_users, "one list per target needed")
        _require(bool((self.lists >= 0).any()), "no list holds an item")
        _require(-1 <= self.lists.min() <= self.lists.max() < n_items, "a list holds unknown items")
        _require(0 <= self.target.min() <= self.target.max() < n_items, "a target is unknown")
        _require(
            self.user is None or len(self.user) == n_users, "users and targets differ in length"
        )
        n_rows = n_users if self.profile is None else len(self.profile)
        _require(n_rows == n_users, "profiles and targets differ in length")
        _require(self.rank.min() >= 1, "a rank is below 1")
        per_item = (self.fair_group, self.pop_group, self.n_train)
        _require(
            all(len(column) == n_items for column in per_item), "item columns differ in length"
        )
        _require(self.pop_group.max() < len(self.target_share), "a popularity group has no target")

    @property
    def person(self) -> NDArray[np.int64]:
        """The users as numbers from 0, ``[U]``."""
        if self.user is None:
            return np.arange(len(self.target))
        return np.unique(self.user, return_inverse=True)[1]

    @property
    def n_users(self) -> int:
        """How many users there are; each may have several rows."""
        return len(self.target) if self.user is None else len(np.unique(self.user))

    def top(self, k: int) -> NDArray[np.int32]:
        """Return the lists cut at ``k``, ``[U, k]``.

        Raises:
            ConfigError: ``k`` is not in 1..K.
        """
        longest = self.lists.shape[1]
        if not 1 <= k <= longest:
            raise ConfigError(f"k = '{k}' is not in 1..{longest}", f"lists hold {longest} items.")
        return self.lists[:, :k]


def _require(holds: bool | np.bool_, problem: str) -> None:
    if not holds:
        raise DataError(f"the recommendations do not fit the dataset: {problem}")


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
