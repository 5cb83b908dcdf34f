"""Pareto MTL: descend within a region of the loss space around the user's wish."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mobench.errors import ConfigError, TrainingError
from mobench.solvers.base import Range, Solver, Vector, simplex, symmetric
from mobench.solvers.min_norm import root, shortest

FLOOR = 1e-3
"""ε in u ∝ 1/(r + ε): how far a wish of 0 may bend a vector towards its axis."""


class ParetoMTL(Solver):
    """Min-norm weights under region constraints (Lin et al., NeurIPS 2019, Algorithm 1).

    Each wish r of the front has a unit vector u ∝ 1/(r + ε) in loss space: the more important an
    objective, the smaller its loss shall be (the paper gives u itself). Region k holds the losses
    with ⟨u_j, ℓ⟩ ≤ ⟨u_k, ℓ⟩ for all j, so the constraints are ⟨u_j − u_k, ℓ⟩ ≤ 0; A holds those
    that are broken. Phase 1, until A was empty once or its share of the steps is used up:
    the min-norm point of {∇ constraint j}. Phase 2: that of {∇ℓ_i} ∪ {∇ constraint j}.
    Weights of losses are then λ_i + Σ_j μ_j (u_ji − u_ki), and may be negative.

    Pitfalls: an extreme region may be empty; without phase 1 half of the runs end elsewhere; losses
    must be positive and of comparable size; sum-to-one vectors (in some implementations) leave most
    regions empty; A is tested on a moving average of the losses, as batches make it flicker. With
    no other wish than the user's it is MGDA.

    Args:
        preferences: All wishes of the front, ``[N, M]``.
        steps: Steps of the training.
        initial_share: Largest share of the steps for phase 1 (the paper's toy: a fifth).
        decay: Weight of the past in the moving average, in [0, 1).
    """

    needs_gramian = True
    range: Range = "free"

    def __init__(
        self,
        preferences: Sequence[Sequence[float]],
        steps: int,
        *,
        initial_share: float = 0.2,
        decay: float = 0.9,
    ) -> None:
        if not 0 <= initial_share <= 1 or not 0 <= decay < 1:
            raise ConfigError(
                f"initial_share '{initial_share}' or decay '{decay}' out of range",
                "initial_share is in [0, 1] and decay in [0, 1).",
            )
        if not len(preferences):
            raise ConfigError("Pareto MTL has no wishes to compare", "give at least one.")
        ones = np.ones(len(preferences[0]))
        self.vectors = np.array(
            [loss_vector(simplex(ones, np.asarray(r, dtype=np.float64))) for r in preferences]
        )
        self.decay = decay
        self.left = int(initial_share * steps)
        self.smooth: Vector | None = None

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights of the losses; one call is one step."""
        own = loss_vector(simplex(losses, preference))
        exact = symmetric(losses, gramian)
        if losses.size != self.vectors.shape[1] or (losses < 0).any():
            raise TrainingError(
                f"no region holds the losses '{losses.tolist()}'",
                f"Pareto MTL needs {self.vectors.shape[1]} losses that are at least 0.",
            )
        broken = self._broken(self.vectors - own, losses)
        self.left = self.left - 1 if len(broken) else 0
        rows = broken if self.left > 0 else np.vstack([np.eye(losses.size), broken])
        return np.asarray(shortest(root(exact) @ rows.T, exact) @ rows)

    def _broken(self, normals: Vector, losses: Vector) -> Vector:
        """Return the rows u_j − u_k of the constraints that the smoothed losses break."""
        past = losses if self.smooth is None else self.smooth
        self.smooth = self.decay * past + (1 - self.decay) * losses
        rounding = 1e-12 * np.linalg.norm(self.smooth)
        return np.asarray(normals[normals @ self.smooth > rounding])

    def state_dict(self) -> dict[str, Any]:
        """Return the moving average and the steps left for phase 1."""
        return {"left": self.left, "smooth": None if self.smooth is None else self.smooth.tolist()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.left = state["left"]
        self.smooth = None if state["smooth"] is None else np.array(state["smooth"])


def loss_vector(share: Vector) -> Vector:
    """Return the unit vector u ∝ 1/(r + ε) of a wish on the simplex, ``[M]``."""
    inverse = 1 / (share + FLOOR)
    return np.asarray(inverse / np.linalg.norm(inverse))
