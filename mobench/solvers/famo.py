"""FAMO: all losses shall fall at the same rate."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mobench.errors import ConfigError, TrainingError
from mobench.solvers.base import Range, Solver, Vector, simplex
from mobench.solvers.learned import Learned
from mobench.solvers.stch import softmax

EPSILON = 1e-8


class FAMO(Solver):
    """``w_k ∝ z_k / (ℓ_k − b_k + ε)``, z = softmax(ξ) (Liu et al., NeurIPS 2023, FAMO).

    That is the gradient of c Σ z_k log(ℓ_k − b_k + ε) with c such that Σ w = 1. After the step ξ
    takes one of Adam with the gradient (∂z/∂ξ)ᵀ δ, δ_k = log(ℓ_k before) − log(ℓ_k after) on the
    *same* batch: less weight for what fell fastest. The preference has no part in it.
    Not through torchjd, whose losses in between and optimiser no state_dict holds.

    Pitfalls: dropout and negatives must be the same before and after; a loss at its bound takes
    all the weight.

    Args:
        bounds: b, lower bounds of the losses, ``[M]``; 0 if not given.
        learning_rate: Of ξ (paper: 0.025).
        weight_decay: Of ξ (paper: 0.001; its code: 1e-5).
    """

    needs_gramian = False
    range: Range = "simplex"
    uses_preference = False
    needs_after = True

    def __init__(
        self,
        *,
        bounds: Sequence[float] | None = None,
        learning_rate: float = 0.025,
        weight_decay: float = 1e-3,
    ) -> None:
        self.bounds = bounds
        self.logits = Learned(learning_rate, weight_decay)
        self.before: Vector | None = None

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights, and remember the losses until ``observe``."""
        simplex(losses, preference)
        self.before = self._above(losses)
        weights = softmax(self.logits.values(losses.size)) / self.before
        return np.asarray(weights / weights.sum())

    def observe(self, losses: Vector) -> None:
        """Move the logits by how far each loss fell.

        Raises:
            TrainingError: There were no losses before the step, or one is below its bound.
        """
        if self.before is None:
            raise TrainingError("FAMO saw no losses before the step")
        fall = np.log(self.before) - np.log(self._above(losses))
        shares = softmax(self.logits.values(losses.size))
        self.logits.step(shares * (fall - shares @ fall))
        self.before = None

    def _above(self, losses: Vector) -> Vector:
        """Return how far the losses are above their bounds."""
        if self.bounds is not None and len(self.bounds) != losses.size:
            raise ConfigError(
                f"bounds has {len(self.bounds)} values for {losses.size} objectives",
                "give one value per objective.",
            )
        above = losses - (0.0 if self.bounds is None else np.asarray(self.bounds))
        if not (above >= 0).all():
            raise TrainingError(f"no weights: a loss is below its bound: '{losses.tolist()}'")
        return np.asarray(above + EPSILON)

    def state_dict(self) -> dict[str, Any]:
        """Return the logits with their optimiser, and the losses before the step."""
        before = None if self.before is None else self.before.tolist()
        return {"logits": self.logits.state_dict(), "before": before}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.logits.load_state_dict(state["logits"])
        self.before = None if state["before"] is None else np.array(state["before"])
