"""Smooth Tchebycheff scalarisation: the worst weighted loss, smoothed."""

from collections.abc import Sequence

import numpy as np

from mobench.errors import ConfigError
from mobench.solvers.base import Range, Solver, Vector, simplex


class STCH(Solver):
    """Gradient weights of ``μ log Σ exp(r_k (ℓ_k − z_k) / μ)`` (Lin et al., ICML 2024).

    ``weights = M · r ∘ softmax(r ∘ (ℓ − z) / μ)``; the factor M makes the step comparable with that
    of static weights. Reaches all points of the front, also those that static weights cannot; the
    target is where all r_k (ℓ_k − z_k) are equal, up to μ log M.

    Pitfalls: the curvature grows with 1/μ, so the learning rate must fall with μ; a large μ is
    static weights again, and on a concave front ends at an end; losses must be of comparable size.

    Args:
        smoothness: μ > 0, in units of preference times loss.
        ideal: z, ``[M]``, best values of the losses; 0 if not given.
    """

    needs_gramian = False
    range: Range = "nonnegative"

    def __init__(self, *, smoothness: float = 0.01, ideal: Sequence[float] | None = None) -> None:
        if not 0 < smoothness < np.inf:
            raise ConfigError(f"smoothness '{smoothness}' is none", "it is above 0 and finite.")
        self.smoothness = smoothness
        self.ideal = ideal

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights of the smoothed worst loss."""
        share = simplex(losses, preference)
        if self.ideal is not None and len(self.ideal) != losses.size:
            raise ConfigError(
                f"ideal has {len(self.ideal)} values for {losses.size} objectives",
                "give one value per objective.",
            )
        ideal = np.zeros(losses.size) if self.ideal is None else np.asarray(self.ideal)
        return losses.size * share * softmax(share * (losses - ideal) / self.smoothness)


def softmax(logits: Vector) -> Vector:
    """Return exp(logits) on the simplex; the largest is taken off first, so none overflows."""
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())
