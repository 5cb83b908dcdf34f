"""Solvers of the torchjd package on our Gramian.

``WEIGHTINGS`` is the table: name → class.
"""

from mobench.solvers import Solver

WEIGHTINGS: dict[str, type[Solver]] = {}
