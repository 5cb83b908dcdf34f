"""OMD-TCH: the worst weighted loss by online mirror descent."""

from typing import Any

import numpy as np

from mobench.errors import ConfigError
from mobench.solvers.base import Range, Solver, Vector, simplex
from mobench.solvers.stch import softmax


class OMDTCH(Solver):
    """``min_θ max_λ Σ λ_k r_k ℓ_k`` over the simplex (Liu et al., TMLR 2026, Algorithm 1).

    ``weights = M · λ ∘ r``, then ``λ_k ∝ λ_k exp(η r_k ℓ_k)``; λ starts uniform, so that the first
    weights are static ones.

    Pitfall: it is the *mean* of the parameters over the steps that approaches the target, at
    √(log M / T); the last ones circle around it and on a concave front end at an end.

    Args:
        rate: η > 0 per step.
    """

    needs_gramian = False
    range: Range = "nonnegative"
    needs_average = True

    def __init__(self, *, rate: float = 0.1) -> None:
        if not 0 < rate < np.inf:
            raise ConfigError(f"rate '{rate}' is none", "it is above 0 and finite.")
        self.rate = rate
        self.logits: Vector | None = None

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights and take the step of λ; one call is one step."""
        share = simplex(losses, preference)
        logits = np.zeros(losses.size) if self.logits is None else self.logits
        self.logits = logits + self.rate * share * losses
        self.logits -= self.logits.max()
        return losses.size * softmax(logits) * share

    def state_dict(self) -> dict[str, Any]:
        """Return log λ up to a constant."""
        return {"logits": None if self.logits is None else self.logits.tolist()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.logits = None if state["logits"] is None else np.array(state["logits"])
