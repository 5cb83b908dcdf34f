"""Every solver by its name: mobench's own, and those of torchjd."""

from collections.abc import Mapping, Sequence
from typing import Any

from mobench.solvers import SOLVERS, Solver
from mobench.solvers.making import make
from mobench.solvers.normalise import How
from mobench.training.weightings import WEIGHTINGS

ALL: dict[str, type[Solver]] = SOLVERS | WEIGHTINGS


def make_solver(
    name: str,
    *,
    preferences: Sequence[Sequence[float]] | None = None,
    steps: int | None = None,
    seed: int | None = None,
    normalise: How = "none",
    initial: Sequence[float] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Solver:
    """Return a new solver of either table; arguments and errors as in ``making.make``."""
    return make(
        ALL,
        name,
        preferences=preferences,
        steps=steps,
        seed=seed,
        normalise=normalise,
        initial=initial,
        options=options,
    )
