"""Solvers of the torchjd package on our Gramian.

``WEIGHTINGS`` is the table: name → class. torchjd gets the Gramian as float64 on the CPU, scaled
where the method allows it, and its quadratic programs are solved here by non-negative least
squares: its own solver is GPL.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchjd.aggregation import (
    AlignedMTLWeighting,
    DualProjWeighting,
    PCGradWeighting,
    UPGradWeighting,
)
from torchjd.linalg import DualConeProjector, PSDMatrix

from mobench.seeds import Seeds
from mobench.solvers import Solver
from mobench.solvers.base import Range, Vector, simplex, symmetric, unsolved
from mobench.solvers.min_norm import least_squares, root

RANK = 1e-12
"""Eigenvalues below this share of the largest are rounding, not a direction."""


class NonnegativeLeastSquares(DualConeProjector):
    """Weights of the projection onto the dual cone: min vᵀGv over v ≥ u (Quinton & Rey, 2024).

    With v = u + s and G = RᵀR it is min ‖R(u + s)‖ over s ≥ 0. Columns of R are scaled to unit
    length; no ridge is added to G, unlike in torchjd's own projector.
    """

    def __call__(self, U: Tensor, G: PSDMatrix) -> Tensor:
        """Return the weights, of the shape of ``U [..., M]``."""
        gramian = G.numpy()
        vectors = root(gramian)
        norms = np.linalg.norm(vectors, axis=0)
        units = np.where(norms > 0, norms, 1.0)
        pulls = [
            least_squares(vectors / units, -vectors @ u, gramian) / units
            for u in U.reshape(-1, len(units)).numpy()
        ]
        return U + torch.from_numpy(np.stack(pulls)).reshape(U.shape)


class UPGrad(Solver):
    """Mean of the gradients, each projected onto the dual cone (Quinton & Rey, 2024, UPGrad).

    No loss rises, and the direction is linear in the scale of each gradient. The mean is weighted
    by the preference.
    """

    needs_gramian = True
    range: Range = "nonnegative"

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights of the mean projection."""
        share = torch.from_numpy(simplex(losses, preference))
        exact = symmetric(losses, gramian)
        return _solved(UPGradWeighting(share, NonnegativeLeastSquares()), exact)


class DualProj(Solver):
    """The mean gradient, projected onto the dual cone (Lopez-Paz & Ranzato, NeurIPS 2017, GEM).

    The nearest direction to the preference-weighted mean along which no loss rises; it depends on
    the sizes of the gradients as the mean does.
    """

    needs_gramian = True
    range: Range = "nonnegative"

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights of the projection."""
        share = torch.from_numpy(simplex(losses, preference))
        exact = symmetric(losses, gramian)
        return _solved(DualProjWeighting(share, NonnegativeLeastSquares()), exact)


class PCGrad(Solver):
    """Sum of the gradients, each freed in turn of what opposes another (Yu et al., NeurIPS 2020).

    The order of the others is random; for two objectives there is only one. Each step draws from a
    stream of its own, named after its number, so torch's global stream (dropout) stays where it
    is. Conflicts may remain for three and more. The preference has no part in it.

    Args:
        seed: At least 0.
    """

    needs_gramian = True
    range: Range = "nonnegative"
    uses_preference = False

    def __init__(self, seed: int) -> None:
        self.seeds = Seeds(seed)
        self.steps = 0

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights of the projected sum; one call is one draw."""
        simplex(losses, preference)
        exact = symmetric(losses, gramian)
        self.steps += 1
        with torch.random.fork_rng(devices=[]):  # torch.manual_seed would reach GPUs, too
            torch.default_generator.manual_seed(self.seeds.integer(f"pcgrad {self.steps}"))
            return _solved(PCGradWeighting(), exact)

    def state_dict(self) -> dict[str, Any]:
        """Return the number of steps."""
        return {"steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.steps = state["steps"]


class AlignedMTL(Solver):
    """The mean of orthogonalised gradients (Senushkin et al., CVPR 2023, Aligned-MTL).

    ``w = √λ_min V Λ^(−1/2) Vᵀ p`` for G = VΛVᵀ: gradients are replaced by the nearest set of
    orthogonal ones of length √λ_min. p is the preference.

    Pitfalls: weights may be negative; λ_min is the smallest eigenvalue above rounding, and where
    gradients are nearly dependent the direction follows what tells them apart.
    """

    needs_gramian = True
    range: Range = "free"

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights of the aligned mean."""
        share = torch.from_numpy(simplex(losses, preference))
        exact = symmetric(losses, gramian)
        values, vectors = np.linalg.eigh(exact)
        is_noise = values <= RANK * values[-1]
        values[is_noise] = -RANK * values[-1]  # clearly below torchjd's own limit
        return _solved(AlignedMTLWeighting(share), (vectors * values) @ vectors.T)


WEIGHTINGS: dict[str, type[Solver]] = {
    "upgrad": UPGrad,
    "dualproj": DualProj,
    "pcgrad": PCGrad,
    "aligned-mtl": AlignedMTL,
}


def _solved(weighting: torch.nn.Module, gramian: Vector) -> Vector:
    """Return what torchjd makes of a Gramian, ``[M]``.

    Raises:
        TrainingError: The weights are not finite.
    """
    weights = np.asarray(weighting(torch.from_numpy(gramian)).numpy(), dtype=np.float64)
    if not np.isfinite(weights).all():
        raise unsolved(f"torchjd returned '{weights.tolist()}'", gramian)
    return weights
