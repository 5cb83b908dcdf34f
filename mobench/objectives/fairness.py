"""Fairness: more of the group that the model serves worst (MoRec, Eq. 7 and 8)."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from mobench.objectives.base import Objective, Validation


class Fairness(Objective):
    """Masses start at the group sizes; the worst group of each epoch gains.

    Worst means the lowest Hit on validation, or with ``fair_signal`` loss, as in the paper, the
    largest mean loss. Loss is a poor stand-in: on Electronics 2023 the group with the worst loss
    had the worst Hit in 22 % of the epochs, and Hit as the signal gave more validation Imp in
    every seed. The authors' code divides each group's sum of losses by the size of the whole
    split, which picks the largest group instead of the worst one.
    """

    name: ClassVar[str] = "fair"
    metric: ClassVar[str] = "min_hit"
    adaptive: ClassVar[bool] = True

    def assign(self) -> NDArray[np.int64]:
        """Return the fairness group of each item."""
        return self.items.fair_group.astype(np.int64)

    def start_weights(self) -> NDArray[np.float64]:
        """Return the groups' shares of the train rows."""
        return self.train_share()

    def signal(self, validation: Validation) -> NDArray[np.int8]:
        """Return +1 for the worst group that is large enough to be judged, 0 for the others."""
        group = self.groups[validation.target]
        counts = np.bincount(group, minlength=self.n_groups)
        badness = np.bincount(group, weights=self._badness(validation), minlength=self.n_groups)
        judged = counts >= max(self.settings.min_group_size, 1)
        answer = np.zeros(self.n_groups, dtype=np.int8)
        if judged.any():
            means = np.where(judged, badness / np.maximum(counts, 1), -np.inf)
            answer[means.argmax()] = 1
        return answer

    def _badness(self, validation: Validation) -> NDArray[np.float64]:
        """Return what is averaged per group: larger is worse, ``[V]``."""
        if self.settings.fair_signal == "loss":
            return validation.loss
        hit = validation.rank <= self.settings.k
        gain = hit / np.log2(1 + validation.rank) if self.settings.fair_signal == "ndcg" else hit
        return -np.asarray(gain, dtype=np.float64)
