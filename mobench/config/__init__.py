"""One typed model per command: the single source of defaults, options, help text and manifest."""

from mobench.config.base import Config, build
from mobench.config.evaluate import EvalConfig
from mobench.config.prep import PrepConfig
from mobench.config.recipe import Expectation, Recipe
from mobench.config.report import ReportConfig
from mobench.config.train import METHODS, OBJECTIVE_NAMES, PRESETS, TrainConfig

__all__ = [
    "METHODS",
    "OBJECTIVE_NAMES",
    "PRESETS",
    "Config",
    "EvalConfig",
    "Expectation",
    "PrepConfig",
    "Recipe",
    "ReportConfig",
    "TrainConfig",
    "build",
]
