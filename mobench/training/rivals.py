"""The solvers that a run can use, by the name of their method."""

from mobench.errors import ConfigError
from mobench.solvers import SOLVERS, Solver


def make_solver(name: str) -> Solver:
    """Return a new solver.

    Raises:
        ConfigError: This version has none of that name.
    """
    if name not in SOLVERS:
        raise ConfigError(f"there is no solver '{name}'", f"one of: {', '.join(SOLVERS)}.")
    return SOLVERS[name]()
