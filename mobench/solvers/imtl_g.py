"""IMTL-G: the direction with equal projections on all gradients."""

import numpy as np

from mobench.solvers.base import Range, Solver, Vector, simplex, symmetric, unsolved

RANK = 1e-10
"""Eigenvalues of the cosines below this are rounding, and so are sums of weights."""


class IMTLG(Solver):
    """``w ∝ G⁺ √diag(G)`` with sum ±1 (Liu et al., ICLR 2021, IMTL-G).

    The paper has sum 1 always; where the sum of G⁺ √diag(G) is negative, that turns the direction
    round and raises every loss. Here all projections are positive.
    Solved for the unit gradients, C⁺1, whose weights are then divided by the norms: the same where
    G is regular, and independent of the norms where it is not. Not through torchjd, whose
    pseudoinverse takes rounding for rank and whose weights are 0 where there are none.

    Pitfalls: weights may be negative, and explode where their sum is near 0; the preference has no
    part in it. Zero gradients get weight 0.
    """

    needs_gramian = True
    range: Range = "free"
    uses_preference = False

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the impartial weights."""
        simplex(losses, preference)
        exact = symmetric(losses, gramian)
        norms = np.sqrt(exact.diagonal())
        units = np.where(norms > 0, norms, np.inf)
        cosines = exact / units[:, None] / units
        ones = np.isfinite(units).astype(np.float64)
        equal = np.linalg.pinv(cosines, rcond=RANK, hermitian=True) @ ones
        weights = equal / units
        total = weights.sum()
        if not (ones @ equal > RANK and abs(total) > RANK * np.abs(weights).sum()):
            raise unsolved("no direction is impartial", exact)
        return np.asarray(weights / abs(total))
