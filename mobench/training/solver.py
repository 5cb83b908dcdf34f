"""Every solver by its name: mobench's own, and those of torchjd."""

from collections.abc import Mapping, Sequence
from typing import Any

from mobench.solvers import SOLVERS, Solver
from mobench.solvers.making import make
from mobench.training.weightings import WEIGHTINGS

ALL: dict[str, type[Solver]] = SOLVERS | WEIGHTINGS


def make_solver(
    name: str,
    *,
    preferences: Sequence[Sequence[float]] | None = None,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
) -> Solver:
    """Return a new solver; see ``mobench.solvers.making.make``."""
    return make(ALL, name, preferences=preferences, seed=seed, options=options)
