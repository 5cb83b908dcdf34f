"""Solvers: how several losses are weighted at one step, in plain NumPy.

``SOLVERS`` is the table: name → class.
"""

from mobench.solvers.base import Solver
from mobench.solvers.mgda import MGDA
from mobench.solvers.static import Static

__all__ = ["SOLVERS", "Solver"]

SOLVERS: dict[str, type[Solver]] = {"static": Static, "mgda": MGDA}
