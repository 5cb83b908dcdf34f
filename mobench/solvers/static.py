"""Static weights (linear scalarisation): what the user wishes, whatever the losses do."""

from mobench.solvers.base import Range, Solver, Vector, simplex


class Static(Solver):
    """``weights = preference / Σ preference``, at every step.

    Reaches only points on the convex hull of the Pareto front (Das & Dennis, 1997).
    """

    needs_gramian = False
    range: Range = "simplex"

    def weights(
        self,
        losses: Vector,
        gramian: Vector | None,
        preference: Vector,
    ) -> Vector:
        """Return the normalised preference; losses and Gramian do not matter."""
        return simplex(losses, preference)
