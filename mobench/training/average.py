"""The mean of the parameters over all steps, for solvers whose guarantee is about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class Average:
    """The mean of a model's parameters after each step.

    Args:
        model: The model.
    """

    def __init__(self, model: nn.Module) -> None:
        self.parameters = dict(model.named_parameters())
        self.steps = 0
        self.means = {n: p.detach().clone() for n, p in self.parameters.items()}

    @torch.no_grad()
    def add(self) -> None:
        """Take the parameters as they are now into the mean."""
        self.steps += 1
        for name, parameter in self.parameters.items():
            self.means[name].lerp_(parameter, 1 / self.steps)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the model have the mean for its parameters meanwhile."""
        own = {name: parameter.detach().clone() for name, parameter in self.parameters.items()}
        self._set(self.means)
        try:
            yield
        finally:
            self._set(own)

    @torch.no_grad()
    def _set(self, values: dict[str, Tensor]) -> None:
        for name, parameter in self.parameters.items():
            parameter.copy_(values[name])

    def state_dict(self) -> dict[str, Any]:
        """Return the mean, and of how many steps it is."""
        return {"steps": self.steps, "means": self.means}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.steps = state["steps"]
        for name, mean in state["means"].items():
            self.means[name].copy_(mean)
