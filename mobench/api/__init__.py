"""The commands as functions, for notebooks and programs.

Each takes the settings of its command as keyword arguments (``mobench train --help`` and ``--set``
have them), checks them the same way, and makes the same artifact in the same place: what a command
made is up to date for a function, and the other way round. Artifacts go below ``data/`` in the
current directory. Failures are raised as ``mobench.errors.MobenchError``, with the hint that the
command would print. Nothing is printed.
"""

from mobench.api.looking import compare, recommend
from mobench.api.made import Made
from mobench.api.pipeline import evaluate, make_report, prep, train

__all__ = ["Made", "compare", "evaluate", "make_report", "prep", "recommend", "train"]
