"""MGDA: the shortest vector in the convex hull of the gradients, exactly."""

from collections.abc import Sequence

import numpy as np

from mobench.errors import ConfigError
from mobench.solvers.base import Range, Solver, Vector, simplex, symmetric, unsolved
from mobench.solvers.min_norm import KKT_TOLERANCE, kkt_residual, min_norm, root, shortest


class MGDA(Solver):
    """``argmin wᵀ G w`` over the simplex (Désidéri 2012; Sener & Koltun, NeurIPS 2018).

    The direction Σ w_k g_k then reduces every loss, or is 0 at a Pareto-stationary point. The
    preference has no part in it. As gradients are not normalised, the weights follow the smallest
    one (see ``normalise``).

    With minimum weights c it is PE-LTR (Lin et al., RecSys 2019; here solved exactly): no
    objective has less than its share, and the direction may raise a loss.

    Not Frank–Wolfe, which stops early where gradient norms differ (measured: up to 320 times the
    optimum); see ``min_norm``.

    Args:
        min_weights: c, at least 0 and at most 1 together: one for all, or one per objective.
    """

    needs_gramian = True
    range: Range = "simplex"
    uses_preference = False

    def __init__(self, *, min_weights: float | Sequence[float] = 0.0) -> None:
        self.min_weights = np.asarray(min_weights, dtype=np.float64)
        if not (self.min_weights >= 0).all() or not self.min_weights.sum() <= 1:
            raise ConfigError(
                f"min_weights '{self.min_weights.tolist()}' leave no weights",
                "they are at least 0 and sum to at most 1.",
            )

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the min-norm weights."""
        simplex(losses, preference)  # a bad preference is an error here, too
        exact = symmetric(losses, gramian)
        if not self.min_weights.any():
            return min_norm(exact)
        return floored(exact, self._floors(losses.size))

    def _floors(self, m: int) -> Vector:
        """Return c, ``[M]``."""
        if (
            self.min_weights.shape not in ((), (m,))
            or np.broadcast_to(self.min_weights, m).sum() > 1
        ):
            raise ConfigError(
                f"min_weights '{self.min_weights.tolist()}' do not fit {m} objectives",
                "give one value, or one per objective, at most 1 together.",
            )
        return np.broadcast_to(self.min_weights, m)


def floored(gramian: Vector, floors: Vector) -> Vector:
    """Return ``argmin wᵀ G w`` over the simplex with w ≥ c, ``[M]``.

    With w = c + (1 − Σc)·v the direction is Σ v_k h_k, h_k = Σ_j c_j g_j + (1 − Σc)·g_k: v is the
    min-norm solution for the vectors h.

    Args:
        gramian: ``[M, M]`` symmetric, diagonal at least 0.
        floors: c, at least 0, at most 1 together, ``[M]``.

    Raises:
        TrainingError: G is not positive semidefinite, or the solver failed.
    """
    gradients, rest = root(gramian), 1 - floors.sum()
    if rest <= 0:
        return np.asarray(floors / floors.sum())
    weights = floors + rest * shortest((gradients @ floors)[:, None] + rest * gradients, gramian)
    has_gradient = gramian.diagonal() > 0
    if has_gradient.all() and not kkt_residual(gramian, weights, floors) <= KKT_TOLERANCE:
        raise unsolved("the least-squares solution is not optimal", gramian)
    return np.asarray(weights / weights.sum())
