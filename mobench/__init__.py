"""mobench: multi-objective recommendation, from raw reviews to a report."""

__version__ = "0.1.0"

RESULTS_VERSION = 2
"""Goes up whenever a number changes at a fixed seed; part of being "up to date"."""

__all__ = ["RESULTS_VERSION", "__version__"]
