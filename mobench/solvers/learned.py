"""Numbers that a solver learns beside the model: Adam in NumPy."""

from typing import Any

import numpy as np

from mobench.errors import ConfigError
from mobench.solvers.base import Vector


class Learned:
    """One number per objective, 0 at first, moved by Adam (Kingma & Ba, ICLR 2015, Algorithm 1).

    Same steps as ``torch.optim.Adam`` with its defaults; in NumPy because a handful of float64
    numbers need no graph, and plain lists survive any checkpoint.

    Args:
        learning_rate: At least 0.
        weight_decay: Added to the gradient times the number, at least 0.
    """

    BETAS = (0.9, 0.999)
    EPSILON = 1e-8

    def __init__(self, learning_rate: float, weight_decay: float = 0.0) -> None:
        for name, value in (("learning_rate", learning_rate), ("weight_decay", weight_decay)):
            if not 0 <= value < np.inf:
                raise ConfigError(f"{name} '{value}' is none", "it is at least 0 and finite.")
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.steps = 0
        self.numbers = self.mean = self.square = np.zeros(0)

    def values(self, m: int) -> Vector:
        """Return the numbers, ``[M]``."""
        if self.numbers.size != m:
            self.numbers, self.mean, self.square = np.zeros((3, m))
            self.steps = 0
        return self.numbers

    def step(self, gradient: Vector) -> None:
        """Move the numbers against their gradient, ``[M]``."""
        gradient = gradient + self.weight_decay * self.values(gradient.size)
        first, second = self.BETAS
        self.steps += 1
        self.mean = first * self.mean + (1 - first) * gradient
        self.square = second * self.square + (1 - second) * gradient**2
        deviation = np.sqrt(self.square / (1 - second**self.steps)) + self.EPSILON
        size = self.learning_rate / (1 - first**self.steps)
        self.numbers = self.numbers - size * self.mean / deviation

    def state_dict(self) -> dict[str, Any]:
        """Return numbers, moments and the count of steps."""
        lists = {name: getattr(self, name).tolist() for name in ("numbers", "mean", "square")}
        return {**lists, "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        for name in ("numbers", "mean", "square"):
            setattr(self, name, np.array(state[name], dtype=np.float64))
        self.steps = state["steps"]
