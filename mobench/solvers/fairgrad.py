"""FairGrad: α-fair rates of descent, by Newton's method."""

import numpy as np

from mobench.errors import ConfigError
from mobench.solvers.base import Range, Solver, Vector, simplex, symmetric, unsolved

ITERATIONS = 200
CONVERGED = 1e-12
SHORTEST = 1e-12
RESIDUAL = 1e-8
"""Largest relative error of the condition that is let pass."""


class FairGrad(Solver):
    """w > 0 with ``G w = p · w^(−1/α)`` (Ban & Ji, ICML 2024, Eq. 4), p = M · preference.

    Rate of descent k is (Gw)_k. α → 0 is the weighted sum, 1 proportional fairness (Nash-MTL),
    ∞ max-min. The paper has p = 1, that is, equal wishes; p weights the utilities as in weighted
    α-fairness (Mo & Walrand, 2000). The equation is where ½wᵀGw − Σ p_k φ(w_k), φ' = w^(−1/α), is
    smallest, a convex problem: Newton's method with a line search, on variables scaled such that
    orthogonal gradients are solved by 1.

    Pitfalls: no solution at a Pareto-stationary point, which is an error; objectives without a
    gradient or a wish get weight 0; weights scale with gradients as 1/‖g‖^(2α/(1 + α)).

    Args:
        alpha: α > 0.
    """

    needs_gramian = True
    range: Range = "nonnegative"

    def __init__(self, *, alpha: float = 2.0) -> None:
        if not 0 < alpha < np.inf:
            raise ConfigError(f"alpha '{alpha}' is no fairness", "it is above 0 and finite.")
        self.alpha = alpha

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the fair weights."""
        utilities = losses.size * simplex(losses, preference)
        exact = symmetric(losses, gramian)
        norms = np.sqrt(exact.diagonal())
        takes_part = (norms > 0) & (utilities > 0)
        if not takes_part.any():
            raise unsolved("no objective with a wish has a gradient", exact)
        weights = np.zeros(losses.size)
        pairs = np.ix_(takes_part, takes_part)
        weights[takes_part] = fair(exact[pairs], utilities[takes_part], self.alpha)
        return weights


def fair(gramian: Vector, utilities: Vector, alpha: float) -> Vector:
    """Return w > 0 with (Gw)_k = p_k · w_k^(−1/α), ``[M]``.

    With w = u·y, u_k = (p_k / G_kk)^(α / (1 + α)), it reads (u_k G_kj u_j) y = t_k y_k^(−1/α),
    t_k = u_k² G_kk.

    Args:
        gramian: ``[M, M]`` symmetric, diagonal above 0.
        utilities: p, above 0, ``[M]``.
        alpha: α > 0.

    Raises:
        TrainingError: There is no solution, or none to be found in floating point.
    """
    unit = (utilities / gramian.diagonal()) ** (alpha / (1 + alpha))
    matrix = unit[:, None] * gramian * unit
    target = matrix.diagonal()
    y = np.ones(len(unit))
    for _ in range(ITERATIONS):
        rates = target * y ** (-1 / alpha)
        slope = matrix @ y - rates
        if np.abs(slope / rates).max() <= CONVERGED:
            break
        curvature = matrix + np.diag(rates / (alpha * y))
        try:
            newton = np.asarray(-np.linalg.solve(curvature, slope), dtype=np.float64)
        except np.linalg.LinAlgError:  # y has grown until the curvature vanished beside G
            break
        step = _searched(y, newton, matrix, target, alpha)
        if not step.any():  # nothing better in floating point
            break
        y = y + step
    weights = unit * y
    residual = np.abs((gramian @ weights) * weights ** (1 / alpha) / utilities - 1).max()
    if not residual <= RESIDUAL:  # also if it is nan
        raise unsolved(
            f"Newton's method left a residual of {residual:.2g}; gradients that oppose each other "
            "have no fair step",
            gramian,
        )
    return np.asarray(weights)


def _searched(y: Vector, step: Vector, matrix: Vector, target: Vector, alpha: float) -> Vector:
    """Return the longest tried part of the step that stays positive and does not overshoot."""

    def slope(size: float) -> float:
        at = y + size * step
        return float(step @ (matrix @ at - target * at ** (-1 / alpha)))

    shrinks = step < 0
    to_zero = float((-y[shrinks] / step[shrinks]).min()) if shrinks.any() else np.inf
    size, limit = min(1.0, 0.99 * to_zero), 0.1 * abs(slope(0.0))
    while slope(size) > limit:
        size /= 2
        if size < SHORTEST:
            return np.zeros_like(step)
    return size * step
