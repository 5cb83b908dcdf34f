"""What an objective is: groups of items, the masses they start with, and a signal per epoch."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mobench.data.dataset import Items


@dataclass(frozen=True)
class Validation:
    """What one pass over the validation split yields, for V users with a target.

    Attributes:
        target: Held-out items, ``[V]``.
        rank: Their ranks from 1, ``[V]``.
        loss: Loss of each, in evaluation mode with fixed negatives, ``[V]``.
        lists: Recommended items, ``[V, K]``, as long as the longest list that an objective reads.
    """

    target: NDArray[np.int32]
    rank: NDArray[np.int32]
    loss: NDArray[np.float64]
    lists: NDArray[np.int32]


@dataclass(frozen=True)
class Settings:
    """The options that objectives read (see ``TrainConfig`` for their meaning)."""

    k: int = 10
    fair_signal: Literal["loss", "hit", "ndcg"] = "hit"
    min_group_size: int = 20
    align_k: int = 10
    dead_band: float = 1e-3


class Objective(ABC):
    """A wish, expressed as sampling masses over groups of items.

    Args:
        items: The items of the dataset.
        target_share: Wanted share of slots per popularity group, ``[P]``.
        settings: Options.

    Attributes:
        name: Name on the command line.
        metric: The metric that it is meant to move.
        adaptive: Whether its masses change between epochs.
        groups: Group of each item, ``[I]`` int in [0, G).
    """

    name: ClassVar[str]
    metric: ClassVar[str]
    adaptive: ClassVar[bool] = False

    def __init__(self, items: Items, target_share: NDArray[np.float64], settings: Settings) -> None:
        self.items = items
        self.target_share = target_share
        self.settings = settings
        self.groups = self.assign()

    @abstractmethod
    def assign(self) -> NDArray[np.int64]:
        """Return the group of each item, ``[I]``."""

    @abstractmethod
    def start_weights(self) -> NDArray[np.float64]:
        """Return the mass of each group before the first update, ``[G]``, on the simplex."""

    def signal(self, validation: Validation) -> NDArray[np.int8]:
        """Return −1, 0 or 1 per group, ``[G]``: less of it, leave it, more of it."""
        return np.zeros(self.n_groups, dtype=np.int8)

    @property
    def n_groups(self) -> int:
        """G: the number of groups."""
        return int(self.groups.max()) + 1

    def train_share(self) -> NDArray[np.float64]:
        """Return each group's share of the train rows, ``[G]``."""
        mass = np.bincount(self.groups, weights=self.items.n_train, minlength=self.n_groups)
        return np.asarray(mass / mass.sum())
