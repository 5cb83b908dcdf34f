"""CAGrad: near the mean gradient, the direction that serves the worst-off objective best."""

import numpy as np
from scipy.optimize import brentq

from mobench.errors import ConfigError
from mobench.solvers.base import Range, Solver, Vector, simplex, symmetric
from mobench.solvers.min_norm import least_squares, root, shortest

TINY = 1e-7
"""A ‖g_w‖ below this share of the smallest gradient counts as 0."""


class CAGrad(Solver):
    """``max_d min_k ⟨g_k, d⟩`` with ‖d − g_0‖ ≤ c‖g_0‖ (Liu et al., NeurIPS 2021, Algorithm 1).

    The dual is min over the simplex of ⟨g_w, g_0⟩ + s‖g_w‖ with s = c‖g_0‖, and
    d = g_0 + s·g_w/‖g_w‖. g_0 is the preference-weighted mean; the paper's is the plain one.
    As ‖g_w‖ = min over τ > 0 of (‖g_w‖²/τ + τ)/2, for a fixed τ the dual is a min-norm problem for
    the vectors g_k + (τ/s)·g_0, and τ is the root of τ = ‖g_w(τ)‖: exact, with no conic solver.

    c = 0 is the mean (static weights). Where g_w = 0 solves the dual, every d with ⟨g_k, d⟩ ≥ 0 in
    the ball does; the one nearest g_0 is taken. Weights sum to more than 1.

    Args:
        c: Radius, in [0, 1): the paper has 0.4 to 0.5.
    """

    needs_gramian = True
    range: Range = "nonnegative"

    def __init__(self, *, c: float = 0.4) -> None:
        if not 0 <= c < 1:
            raise ConfigError(f"c '{c}' is no radius", "it is in [0, 1).")
        self.c = c

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights of the conflict-averse direction."""
        share = simplex(losses, preference)
        exact = symmetric(losses, gramian)
        gradients = root(exact)
        mean = gradients @ share
        radius = self.c * float(np.linalg.norm(mean))
        if radius == 0:
            return share
        return share + _pull(gradients, mean, radius, exact)


def _pull(gradients: Vector, mean: Vector, radius: float, gramian: Vector) -> Vector:
    """Return s·w/‖g_w‖, ``[M]``: what pulls the mean towards the worst-off.

    Args:
        gradients: One per column, ``[D, M]``.
        mean: g_0, ``[D]``.
        radius: s > 0.
        gramian: For the message.
    """

    def weights(length: float) -> Vector:
        return shortest(gradients + (length / radius) * mean[:, None], gramian)

    def excess(length: float) -> float:
        return length - float(np.linalg.norm(gradients @ weights(length)))

    norms = np.linalg.norm(gradients, axis=0)
    low, high = TINY * float(norms[norms > 0].min()), 2 * float(norms.max())
    if excess(low) >= 0:  # g_w = 0: the nearest point of the dual cone
        return least_squares(gradients, -mean, gramian)
    length = brentq(excess, low, high, xtol=1e-12 * low, rtol=1e-13)
    solution = weights(length)
    return np.asarray(solution * radius / np.linalg.norm(gradients @ solution))
