"""Every solver by its name: mobench's own, and those of torchjd."""

from functools import partial

from mobench.solvers import SOLVERS, Solver
from mobench.solvers.making import make
from mobench.training.weightings import WEIGHTINGS

ALL: dict[str, type[Solver]] = SOLVERS | WEIGHTINGS

make_solver = partial(make, ALL)
"""Return a new solver of either table; arguments and errors as in ``making.make``."""
