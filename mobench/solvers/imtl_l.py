"""IMTL-L: losses weighted by learned scales."""

from typing import Any

import numpy as np

from mobench.solvers.base import Range, Solver, Vector, simplex
from mobench.solvers.learned import Learned


class IMTLL(Solver):
    """``weights = exp(s)``, s learned with Σ (exp(s_k) ℓ_k − s_k) (Liu et al., ICLR 2021, IMTL-L).

    Each weighted loss tends to 1. The objective is twice UW's at −s; under Adam, which ignores the
    factor, both take the same path up to a factor 2 in the weights. The preference has no part in
    it. Not through torchjd for the same reason as ``UW``.

    Args:
        learning_rate: Of s.
    """

    needs_gramian = False
    range: Range = "nonnegative"
    uses_preference = False

    def __init__(self, *, learning_rate: float = 1e-3) -> None:
        self.log_scales = Learned(learning_rate)

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights and take the step of s; one call is one step."""
        simplex(losses, preference)
        weights = np.exp(self.log_scales.values(losses.size))
        self.log_scales.step(weights * losses - 1)
        return np.asarray(weights)

    def state_dict(self) -> dict[str, Any]:
        """Return s and its optimiser."""
        return self.log_scales.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.log_scales.load_state_dict(state)
