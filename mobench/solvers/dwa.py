"""DWA: more weight for what descends slowly."""

from typing import Any

import numpy as np

from mobench.errors import ConfigError, TrainingError
from mobench.solvers.base import Range, Solver, Vector, simplex
from mobench.solvers.stch import softmax


class DWA(Solver):
    """``weights = softmax(ℓ̄(t−1) / ℓ̄(t−2) / T)`` (Liu et al., CVPR 2019, Dynamic Weight Average).

    ℓ̄(t) is the mean loss of epoch t; the first two epochs are uniform. The paper multiplies by M.
    The preference has no part in it. Not through torchjd, whose history lies in private attributes
    that no state_dict holds.

    Args:
        temperature: T > 0; the larger, the more uniform.
    """

    needs_gramian = False
    range: Range = "simplex"
    uses_preference = False

    def __init__(self, *, temperature: float = 2.0) -> None:
        if not 0 < temperature < np.inf:
            raise ConfigError(f"temperature '{temperature}' is none", "it is above 0 and finite.")
        self.temperature = temperature
        self.total: list[float] = []
        self.count = 0
        self.means: list[list[float]] = []

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights of this epoch, and add the losses to its mean."""
        simplex(losses, preference)
        self.total = (losses + np.asarray(self.total)).tolist() if self.total else losses.tolist()
        self.count += 1
        if len(self.means) < 2:
            return np.full(losses.size, 1 / losses.size)
        before, last = np.array(self.means)
        if not (before > 0).all():
            raise TrainingError(f"no weights: DWA divides by mean losses, got '{before.tolist()}'")
        return softmax(last / before / self.temperature)

    def end_epoch(self) -> None:
        """Add the epoch's mean losses to the history of two."""
        if self.count:
            self.means = [*self.means, (np.array(self.total) / self.count).tolist()][-2:]
        self.total, self.count = [], 0

    def state_dict(self) -> dict[str, Any]:
        """Return the sums of this epoch and the means of the last two."""
        return {"total": self.total, "count": self.count, "means": self.means}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.total, self.count, self.means = state["total"], state["count"], state["means"]
