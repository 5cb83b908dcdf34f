"""mobench: multi-objective recommendation, from raw reviews to a report.

The commands are functions here, too, for notebooks and programs: ``mobench.prep("demo")`` does as
``mobench prep demo`` does. They are imported when they are first used; ``mobench.api`` has them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mobench.api import Made as Made
    from mobench.api import compare as compare
    from mobench.api import evaluate as evaluate
    from mobench.api import make_report as make_report
    from mobench.api import prep as prep
    from mobench.api import recommend as recommend
    from mobench.api import train as train

__version__ = "0.1.0"

RESULTS_VERSION = 3
"""Goes up whenever a number changes at a fixed seed; part of being "up to date"."""

FUNCTIONS = ("Made", "compare", "evaluate", "make_report", "prep", "recommend", "train")

__all__ = ["RESULTS_VERSION", "__version__", *FUNCTIONS]


def __getattr__(name: str) -> Any:
    """Return one of the functions of ``mobench.api``.

    Raises:
        AttributeError: There is none of that name.
    """
    if name not in FUNCTIONS:
        raise AttributeError(f"module 'mobench' has no attribute '{name}'")
    from mobench import api

    return getattr(api, name)
