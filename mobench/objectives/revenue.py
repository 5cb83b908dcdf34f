"""Revenue: a train row counts as much as its item brings (MoRec, Eq. 5)."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mobench.errors import ConfigError
from mobench.objectives.base import Objective


class Revenue(Objective):
    """Each interaction is drawn in proportion to the revenue of its item, exactly.

    Every item is its own group, so there are no price bins as in the authors' code, whose masses
    ignore how many rows a bin has. The masses never change.
    """

    name: ClassVar[str] = "rev"
    metric: ClassVar[str] = "rhit"

    def assign(self) -> NDArray[np.int64]:
        """Return each item as its own group."""
        return np.arange(len(self.items.n_train), dtype=np.int64)

    def start_weights(self) -> NDArray[np.float64]:
        """Return revenue × train rows, scaled to sum 1.

        Raises:
            ConfigError: No item with a train row brings revenue.
        """
        mass = self.items.revenue * self.items.n_train
        if not mass.sum() > 0:
            raise ConfigError(
                "the dataset has no prices, so 'rev' cannot be an objective",
                "leave rev out of --objectives, or prepare with --meta.",
            )
        return np.asarray(mass / mass.sum())
