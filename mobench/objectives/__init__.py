"""Objectives: how a wish shapes what the model sees (plain NumPy)."""

from mobench.objectives.accuracy import Accuracy
from mobench.objectives.alignment import Alignment
from mobench.objectives.base import Objective, Settings, Validation
from mobench.objectives.fairness import Fairness
from mobench.objectives.revenue import Revenue

OBJECTIVES: dict[str, type[Objective]] = {
    "acc": Accuracy,
    "rev": Revenue,
    "fair": Fairness,
    "align": Alignment,
}

__all__ = [
    "OBJECTIVES",
    "Accuracy",
    "Alignment",
    "Fairness",
    "Objective",
    "Revenue",
    "Settings",
    "Validation",
]
