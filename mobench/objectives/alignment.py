"""Popularity alignment: recommended shares follow the wanted ones (MoRec, Eq. 9 to 11)."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mobench.objectives.base import Objective, Validation


class Alignment(Objective):
    """Popularity groups that get too many slots lose mass, those that get too few gain."""

    name: ClassVar[str] = "align"
    metric: ClassVar[str] = "pop_kl"
    adaptive: ClassVar[bool] = True

    def assign(self) -> NDArray[np.int64]:
        """Return the popularity group of each item."""
        return self.items.pop_group.astype(np.int64)

    def start_weights(self) -> NDArray[np.float64]:
        """Return the groups' shares of the train rows."""
        return self.train_share()

    def signal(self, validation: Validation) -> NDArray[np.int8]:
        """Return the sign of wanted minus given share, 0 within the dead band.

        The literal rule has no dead band and so never rests, not even at equality.
        """
        slots = validation.lists[:, : self.settings.align_k]
        given = np.bincount(self.groups[slots[slots >= 0]], minlength=self.n_groups)
        gap = self.target_share - given / given.sum()
        signs = np.where(np.abs(gap) <= self.settings.dead_band, 0, np.sign(gap))
        return signs.astype(np.int8)
