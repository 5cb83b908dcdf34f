"""One typed model per command: the single source of defaults, options, help text and manifest.

A model is imported when it is first asked for: a command needs its own, and making one takes time.
"""

import importlib
from typing import TYPE_CHECKING, Any

from mobench.config.base import Config, build

if TYPE_CHECKING:
    from mobench.config.compare import CompareConfig
    from mobench.config.evaluate import EvalConfig
    from mobench.config.methods import METHODS, OBJECTIVE_NAMES, RIVALS
    from mobench.config.prep import PrepConfig
    from mobench.config.presets import PRESETS
    from mobench.config.recipe import Expectation, Recipe
    from mobench.config.recommend import RecommendConfig
    from mobench.config.report import ReportConfig
    from mobench.config.train import TrainConfig

HOMES = {
    "CompareConfig": "compare",
    "EvalConfig": "evaluate",
    "PrepConfig": "prep",
    "Expectation": "recipe",
    "Recipe": "recipe",
    "RecommendConfig": "recommend",
    "ReportConfig": "report",
    "METHODS": "methods",
    "OBJECTIVE_NAMES": "methods",
    "RIVALS": "methods",
    "PRESETS": "presets",
    "TrainConfig": "train",
}

__all__ = [
    "METHODS",
    "OBJECTIVE_NAMES",
    "PRESETS",
    "RIVALS",
    "CompareConfig",
    "Config",
    "EvalConfig",
    "Expectation",
    "PrepConfig",
    "Recipe",
    "RecommendConfig",
    "ReportConfig",
    "TrainConfig",
    "build",
]


def __getattr__(name: str) -> Any:
    """Return what one of the modules defines.

    Raises:
        AttributeError: None of them defines it.
    """
    if name not in HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"{__name__}.{HOMES[name]}"), name)
    globals()[name] = value
    return value
