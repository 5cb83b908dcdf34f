"""Gramians of every kind, and a toy problem whose front is known."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from mobench.solvers import Solver

Vector = NDArray[np.float64]
KINDS = ("unrelated", "conflicting", "parallel", "dependent")
SIZES = (2, 3, 4, 8)


def gram(gradients: Any) -> Vector:
    array = np.asarray(gradients, dtype=np.float64)
    gramian = array @ array.T
    gramian.setflags(write=False)
    return gramian


def gradients(seed: int, m: int, spread: float, kind: str) -> Vector:
    """``[m, 12]``: unrelated, conflicting, nearly parallel or dependent, over 10^±spread."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(m, 12))
    if kind == "conflicting":
        rows -= 3 * rows.mean(axis=0)
    if kind == "parallel":
        rows = rows[:1] + 1e-3 * rows
    if kind == "dependent":
        rows = rng.normal(size=(m, (m + 1) // 2)) @ rows[: (m + 1) // 2]
    return np.asarray(rows * 10.0 ** rng.uniform(-spread, spread, size=(m, 1)))


problems = st.builds(
    gradients,
    seed=st.integers(0, 2**32),
    m=st.integers(1, 8),
    spread=st.sampled_from([0, 1, 2, 4, 6]),
    kind=st.sampled_from(KINDS),
)
up_to_1e4 = st.builds(
    gradients,
    seed=st.integers(0, 2**32),
    m=st.sampled_from((1, *SIZES)),
    spread=st.sampled_from([0, 1, 2, 4]),
    kind=st.sampled_from(KINDS),
)
regular = st.builds(
    gradients,
    seed=st.integers(0, 2**32),
    m=st.sampled_from(SIZES),
    spread=st.sampled_from([0, 1, 2]),
    kind=st.sampled_from(["unrelated", "conflicting", "parallel"]),
)
"""Linearly independent gradients, so that every solver has a solution."""


def wish(seed: int, m: int) -> Vector:
    return np.random.default_rng(seed).dirichlet(np.ones(m))


@dataclass
class Toy:
    """ℓ = 1 − exp(−‖x ∓ 1/√n‖²) (Lin et al., NeurIPS 2019): a concave front.

    The front is (1 − exp(−(s − 1)²), 1 − exp(−(s + 1)²)) for s in [−1, 1].
    """

    n: int = 20

    def losses(self, x: Vector) -> Vector:
        return 1 - np.exp(-((x - self.centres()) ** 2).sum(axis=1))

    def gradients(self, x: Vector) -> Vector:
        offsets = x - self.centres()
        return 2 * offsets * np.exp(-(offsets**2).sum(axis=1, keepdims=True))

    def centres(self) -> Vector:
        return np.outer([1.0, -1.0], np.ones(self.n) / np.sqrt(self.n))

    def front(self, n: int = 20_001) -> Vector:
        s = np.linspace(-1, 1, n)
        return np.stack([1 - np.exp(-((s - 1) ** 2)), 1 - np.exp(-((s + 1) ** 2))], axis=1)

    def target(self, preference: Vector) -> Vector:
        """Where on the front the preference-weighted losses are equal."""
        points = self.front()
        return np.asarray(points[np.abs(points @ (preference * (1, -1))).argmin()])

    def start(self, seed: int) -> Vector:
        return np.random.default_rng(seed).uniform(-0.5, 0.5, self.n)

    def descend(
        self, solver: Solver, preference: Vector, start: Vector, rate: float, steps: int
    ) -> Vector:
        """All points on the way, ``[steps + 1, n]``."""
        path = [start]
        for _ in range(steps):
            x = path[-1]
            rows = self.gradients(x)
            weights = solver.weights(self.losses(x), rows @ rows.T, preference)
            path.append(x - rate * weights @ rows)
            if solver.needs_after:
                solver.observe(self.losses(path[-1]))
        return np.array(path)
