"""EPO: to the point of the front where all preference-weighted losses are equal."""

import numpy as np

from mobench.errors import ConfigError, TrainingError
from mobench.solvers.base import Range, Solver, Vector, simplex, symmetric, unsolved
from mobench.solvers.program import maximise

TIE = 1e-6
"""Weighted losses that differ by less, relatively, are the largest together."""


class EPO(Solver):
    """Exact Pareto optimal search (Mahapatra & Rajan, ICML 2020).

    With shares ŝ_k = r_k ℓ_k / Σ r ℓ, non-uniformity μ = Σ ŝ_k log(M ŝ_k) (0 at the target),
    adjustments a_k = r_k (log(M ŝ_k) − μ) and c = G a, w maximises over the simplex

    - balance, μ > tolerance: ⟨w, c⟩ with (Gw)_k ≥ 0 for the largest r_k ℓ_k and (Gw)_k ≥ c_k where
      c_k ≤ 0; if no c_k is above 0, with Gw ≥ 0 instead;
    - descent: Σ_k (Gw)_k with Gw ≥ 0 and ⟨w, c⟩ ≥ min(0, the most that Gw ≥ 0 allows). The paper
      has min(0, max c_k), which is the same number if it can be reached; ours always can.

    The min-norm weights fulfil all constraints, so a program without solution is an error.
    Programs are solved exactly; published code calls a conic solver and, where it fails, returns
    the preference.

    Pitfalls: r acts on the losses as they are; losses with a lower bound above 0 may miss the ray,
    and μ then stays above 0; a loss of 0 drops out at once. An objective without a wish is left
    out.

    Args:
        tolerance: μ from which on to descend, above 0.
    """

    needs_gramian = True
    range: Range = "simplex"

    def __init__(self, *, tolerance: float = 1e-4) -> None:
        if not 0 < tolerance < np.inf:
            raise ConfigError(f"tolerance '{tolerance}' is none", "it is above 0 and finite.")
        self.tolerance = tolerance

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights of the search direction."""
        share = simplex(losses, preference)
        exact = symmetric(losses, gramian)
        wanted = share > 0
        weights = np.zeros(losses.size)
        weights[wanted] = search(
            losses[wanted], exact[np.ix_(wanted, wanted)], share[wanted], self.tolerance
        )
        return weights


def search(losses: Vector, gramian: Vector, preference: Vector, tolerance: float) -> Vector:
    """Return w on the simplex, ``[M]``; see ``EPO``. Preferences are above 0.

    The programs are in z = Dw / min d, D the gradient norms, such that coefficients are cosines.

    Raises:
        TrainingError: A loss is negative or all are 0, or a program has no solution.
    """
    mu, adjustment = nonuniformity(losses, preference)
    norms = np.sqrt(gramian.diagonal())
    if not norms.any():
        raise unsolved("all gradients are 0", gramian)
    unit = float(norms[norms > 0].min())
    norms = np.where(norms > 0, norms, unit)  # rows and columns without a gradient are 0 anyway
    cosines = gramian / norms[:, None] / norms
    pull = cosines @ (norms * adjustment)  # c / d
    costs = unit / norms
    if mu > tolerance:
        floors = _floors(pull, losses * preference)
        z = maximise(pull, cosines, floors / unit, costs, gramian)
    else:
        z = _descend(cosines, norms, pull, costs, gramian)
    weights = z * costs
    return np.asarray(weights / weights.sum())


def nonuniformity(losses: Vector, preference: Vector) -> tuple[float, Vector]:
    """Return μ in [0, log M] and the adjustments a, ``[M]``.

    Raises:
        TrainingError: A loss is negative, or all are 0.
    """
    weighted = preference * losses
    total = float(weighted.sum())
    if (losses < 0).any() or total == 0:
        raise TrainingError(
            f"no weights: EPO needs losses of at least 0, not all 0, got '{losses.tolist()}'"
        )
    shares = weighted / total
    logs = np.log(np.maximum(losses.size * shares, np.finfo(float).tiny))
    mu = float(shares @ logs)
    return mu, preference * (logs - mu)


def _floors(pull: Vector, weighted: Vector) -> Vector:
    """Return the bounds of (Gw)_k / d_k while balancing, ``[M]``."""
    rises = pull > 0
    if not rises.any():
        return np.zeros_like(pull)
    largest = weighted >= (1 - TIE) * weighted.max()
    return np.where(largest, 0.0, np.where(rises, -np.inf, pull))


def _descend(
    cosines: Vector, norms: Vector, pull: Vector, costs: Vector, gramian: Vector
) -> Vector:
    """Return z that reduces the losses most without leaving the ray more than it must."""
    at_rest = np.zeros_like(pull)
    best = maximise(pull, cosines, at_rest, costs, gramian) @ pull
    slack = 1e-9 * np.abs(pull).max()
    size = max(float(np.abs(pull).max()), np.finfo(float).tiny)
    matrix = np.vstack([cosines, pull / size])
    bounds = np.append(at_rest, min(0.0, best - slack) / size)
    return maximise(norms @ cosines, matrix, bounds, costs, gramian)
