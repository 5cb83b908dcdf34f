"""Solvers: how several losses are weighted at one step, in plain NumPy.

``SOLVERS`` is the table: name → class. Those of the torchjd package are in
``mobench.training.weightings``.
"""

from mobench.solvers.base import Solver
from mobench.solvers.cagrad import CAGrad
from mobench.solvers.dwa import DWA
from mobench.solvers.epo import EPO
from mobench.solvers.fairgrad import FairGrad
from mobench.solvers.famo import FAMO
from mobench.solvers.imtl_g import IMTLG
from mobench.solvers.imtl_l import IMTLL
from mobench.solvers.mgda import MGDA
from mobench.solvers.nash import NashMTL
from mobench.solvers.omd_tch import OMDTCH
from mobench.solvers.pareto_mtl import ParetoMTL
from mobench.solvers.static import Static
from mobench.solvers.stch import STCH
from mobench.solvers.uw import UW

__all__ = ["SOLVERS", "Solver"]

SOLVERS: dict[str, type[Solver]] = {
    "static": Static,
    "mgda": MGDA,
    "pemtl": ParetoMTL,
    "epo": EPO,
    "nash": NashMTL,
    "fairgrad": FairGrad,
    "cagrad": CAGrad,
    "imtl-g": IMTLG,
    "stch": STCH,
    "omd-tch": OMDTCH,
    "uw": UW,
    "imtl-l": IMTLL,
    "dwa": DWA,
    "famo": FAMO,
}
