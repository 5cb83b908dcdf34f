"""MGDA: the shortest vector in the convex hull of the gradients, exactly."""

import numpy as np
from scipy.optimize import nnls

from mobench.solvers.base import Range, Solver, Vector, simplex, symmetric, unsolved

INDEFINITE = 1e-3
"""Cosines from float32 gradients are off by about 1e-6; a worse spectrum is no rounding."""

KKT_TOLERANCE = 1e-6
"""How far a gradient may stay behind the solution, in units of the vectors that cancel."""


class MGDA(Solver):
    """``argmin wᵀ G w`` over the simplex (Désidéri 2012; Sener & Koltun, NeurIPS 2018).

    The direction Σ w_k g_k then reduces every loss, or is 0 at a Pareto-stationary point. The
    preference has no part in it. As gradients are not normalised, the weights follow the smallest
    one.

    Not Frank–Wolfe, which stops early where gradient norms differ (measured: up to 320 times the
    optimum); see ``min_norm``.
    """

    needs_gramian = True
    range: Range = "simplex"

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the min-norm weights."""
        simplex(losses, preference)  # a bad preference is an error here, too
        return min_norm(symmetric(losses, gramian))


def min_norm(gramian: Vector) -> Vector:
    """Return ``argmin wᵀ G w`` over the simplex, ``[M]``; finite and exact also if G is singular.

    Non-negative least squares on a homogenised problem: min over y ≥ 0 of yᵀGy/s + (1 − Σy)² has
    y ∝ w for every s > 0, since over y = t·w the minimum is q/(1 + q) with q = wᵀGw/s. With
    G = DCD, D the gradient norms and C their cosines, z = Dy/√s gives columns of equal length,
    whatever the norms: [√C; √s/d] z ≈ [0; 1], s = the smallest squared norm.

    Where several w are optimal (linearly dependent gradients) it is one of them; the direction is
    the same. Zero gradients share the weight.

    Args:
        gramian: ``[M, M]`` symmetric, diagonal at least 0.

    Raises:
        TrainingError: It is not positive semidefinite, or the solver failed.
    """
    norms = np.sqrt(gramian.diagonal())
    is_zero = norms == 0
    if is_zero.any():  # the hull holds the zero vector itself
        return np.asarray(is_zero / is_zero.sum())
    root = _root(gramian / norms[:, None] / norms, gramian)
    scale = norms.min() / norms
    matrix = np.vstack([root, scale])
    wanted = np.append(np.zeros(len(norms)), 1.0)
    try:
        z, _ = nnls(matrix, wanted)
    except RuntimeError as error:
        raise unsolved("least squares did not converge", gramian) from error
    y = z * scale
    weights = np.asarray(y / y.sum())
    if not kkt_residual(gramian, weights) <= KKT_TOLERANCE:  # also if it is nan
        raise unsolved("the least-squares solution is not optimal", gramian)
    return weights


def kkt_residual(gramian: Vector, weights: Vector) -> float:
    """Return how far weights on the simplex are from optimal, at least 0 and without a unit.

    At the optimum (Gw)_k ≥ wᵀGw for every k. The residual is the largest shortfall, each in units
    of its gradient's norm times Σ w_j ‖g_j‖, that is, of the terms which cancel in it.
    """
    norms = np.sqrt(gramian.diagonal())
    products = gramian @ weights
    shortfall = weights @ products - products
    return max(0.0, float((shortfall / (norms * (weights @ norms))).max()))


def _root(cosines: Vector, gramian: Vector) -> Vector:
    """Return R with RᵀR = ``cosines``, ``[M, M]``."""
    values, vectors = np.linalg.eigh(cosines)
    if values[0] < -INDEFINITE:
        raise unsolved(f"smallest eigenvalue of the cosines is {values[0]:.2g}", gramian)
    return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T)
