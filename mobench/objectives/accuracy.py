"""Accuracy: every train row counts the same."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mobench.objectives.base import Objective


class Accuracy(Objective):
    """One group that holds all items, so that rows are uniform."""

    name: ClassVar[str] = "acc"
    metric: ClassVar[str] = "hit"

    def assign(self) -> NDArray[np.int64]:
        """Return one group for all."""
        return np.zeros(len(self.items.n_train), dtype=np.int64)

    def start_weights(self) -> NDArray[np.float64]:
        """Return all mass in the one group."""
        return np.ones(1)
