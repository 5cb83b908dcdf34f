"""Nash-MTL: the direction on which objectives would agree by bargaining."""

from mobench.solvers.fairgrad import FairGrad


class NashMTL(FairGrad):
    """w > 0 with ``w ∘ G w = p`` (Navon et al., ICML 2022, Claim 3.1), p = M · preference.

    It is FairGrad with α = 1, and solved as such: the smallest ½wᵀGw − Σ p_k log w_k, exact to
    rounding, where the published sequence of conic problems leaves a residual of up to 1000 if
    gradient norms span 1e±2. Unequal p is the asymmetric bargaining solution (Kalai, 1977).

    Pitfalls: ‖Σ w_k g_k‖² = M whatever the gradients, so the size of the step says nothing of how
    far the front is (under Adam no matter); no solution at a Pareto-stationary point.
    """

    def __init__(self) -> None:
        super().__init__(alpha=1.0)
