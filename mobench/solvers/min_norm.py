"""The shortest vector in a convex hull, exactly, from inner products alone."""

import numpy as np
from scipy.optimize import nnls

from mobench.solvers.base import Vector, unsolved

INDEFINITE = 1e-3
"""Cosines from float32 gradients are off by about 1e-6; a worse spectrum is no rounding."""

KKT_TOLERANCE = 1e-6
"""How far a gradient may stay behind the solution, in units of the vectors that cancel."""


def min_norm(gramian: Vector) -> Vector:
    """Return ``argmin wᵀ G w`` over the simplex, ``[M]``; finite and exact also if G is singular.

    Where several w are optimal (linearly dependent gradients) it is one of them; the direction is
    the same. Zero gradients share the weight.

    Args:
        gramian: ``[M, M]`` symmetric, diagonal at least 0.

    Raises:
        TrainingError: It is not positive semidefinite, or the solver failed.
    """
    is_zero = gramian.diagonal() == 0
    if is_zero.any():  # the hull holds the zero vector itself
        return np.asarray(is_zero / is_zero.sum())
    weights = shortest(root(gramian), gramian)
    if not kkt_residual(gramian, weights) <= KKT_TOLERANCE:  # also if it is nan
        raise unsolved("the least-squares solution is not optimal", gramian)
    return weights


def shortest(vectors: Vector, gramian: Vector) -> Vector:
    """Return weights on the simplex ``[N]`` that make Σ w_k v_k as short as can be.

    Non-negative least squares on a homogenised problem: min over y ≥ 0 of ‖Vy‖²/s + (1 − Σy)² has
    y ∝ w for every s > 0, since over y = t·w the minimum is q/(1 + q) with q = ‖Vw‖²/s. With
    columns scaled to unit length, z = ‖v‖y/√s, whatever the norms: [V/‖v‖; √s/‖v‖] z ≈ [0; 1],
    s = the smallest squared norm.

    Args:
        vectors: The corners of the hull as columns, ``[D, N]``.
        gramian: Where they come from, for the message.

    Raises:
        TrainingError: Least squares did not converge.
    """
    norms = np.linalg.norm(vectors, axis=0)
    is_zero = norms == 0
    if is_zero.any():
        return np.asarray(is_zero / is_zero.sum())
    scale = norms.min() / norms
    z = least_squares(
        np.vstack([vectors / norms, scale]), np.append(np.zeros(len(vectors)), 1.0), gramian
    )
    y = z * scale
    return np.asarray(y / y.sum())


def least_squares(matrix: Vector, wanted: Vector, gramian: Vector) -> Vector:
    """Return ``argmin ‖matrix · z − wanted‖`` over z ≥ 0.

    Raises:
        TrainingError: It did not converge; with the Gramian behind it.
    """
    try:
        z, _ = nnls(matrix, wanted)
    except RuntimeError as error:
        raise unsolved("least squares did not converge", gramian) from error
    return np.asarray(z)


def kkt_residual(gramian: Vector, weights: Vector, floors: Vector | float = 0.0) -> float:
    """Return how far weights on the simplex are from optimal, at least 0 and without a unit.

    At the optimum no (Gw)_k is below their mean over what the weights have above the floors. The
    residual is the largest shortfall, each in units of its gradient's norm times Σ w_j ‖g_j‖, that
    is, of the terms which cancel in it.
    """
    norms = np.sqrt(gramian.diagonal())
    products = gramian @ weights
    free = weights - floors
    shortfall = free @ products / free.sum() - products
    return max(0.0, float((shortfall / (norms * (weights @ norms))).max()))


def root(gramian: Vector) -> Vector:
    """Return R with RᵀR = the Gramian, ``[M, M]``: column k stands for gradient k.

    Raises:
        TrainingError: It is not positive semidefinite.
    """
    norms = np.sqrt(gramian.diagonal())
    units = np.where(norms > 0, norms, 1.0)
    values, vectors = np.linalg.eigh(gramian / units[:, None] / units)
    if values[0] < -INDEFINITE:
        raise unsolved(f"smallest eigenvalue of the cosines is {values[0]:.2g}", gramian)
    return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T * norms)
