"""UW: losses weighted by learned uncertainties."""

from typing import Any

import numpy as np

from mobench.solvers.base import Range, Solver, Vector, simplex
from mobench.solvers.learned import Learned


class UW(Solver):
    """``weights = ½ exp(−s)``, s learned with Σ (½ exp(−s_k) ℓ_k + ½ s_k) (Kendall, CVPR 2018).

    s_k = log σ_k² tends to log ℓ_k, so each weighted loss to ½. The preference has no part in it.
    torchjd's ``UW`` leaves s to the model's optimiser; here Adam of its own, with one state that
    is saved.

    Pitfall: balances the sizes of the losses, whatever their gradients; a loss near 0 ends with a
    large weight.

    Args:
        learning_rate: Of s.
    """

    needs_gramian = False
    range: Range = "nonnegative"
    uses_preference = False

    def __init__(self, *, learning_rate: float = 1e-3) -> None:
        self.log_variances = Learned(learning_rate)

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights and take the step of s; one call is one step."""
        simplex(losses, preference)
        weights = np.exp(-self.log_variances.values(losses.size)) / 2
        self.log_variances.step(0.5 - weights * losses)
        return np.asarray(weights)

    def state_dict(self) -> dict[str, Any]:
        """Return s and its optimiser."""
        return self.log_variances.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.log_variances.load_state_dict(state)
