"""The coordinators of several runs as one: every number a vector over the runs, ``[R]``.

They compute what each run's own would, in as many operations as one of them takes.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from mobench.training.controller import PIController
from mobench.training.coordinator import Controlled, Coordinator, Fixed

NUMBERS = ("target", "kp", "ki", "beta_min", "beta_max")


class JointCoordinator(ABC):
    """Turns the losses of R runs into their weights."""

    @abstractmethod
    def weights(self, losses: Tensor) -> Tensor:
        """Return the weights ``[R, M]`` (float64) for detached ``losses [R, M]``."""

    @abstractmethod
    def trace(self) -> Tensor:
        """Return beta, P and I of each run after the last step, ``[R, 3]`` float64."""

    @abstractmethod
    def close(self) -> None:
        """Give the runs' own coordinators what changed."""


class JointFixed(JointCoordinator):
    """The same weights at every step."""

    def __init__(self, runs: Sequence[Fixed]) -> None:
        self.fixed = torch.stack([run.fixed for run in runs])
        self.nothing = torch.stack([run.nothing for run in runs])

    def weights(self, losses: Tensor) -> Tensor:
        """Return the fixed weights."""
        return self.fixed

    def trace(self) -> Tensor:
        """Return NaN: there are no controllers."""
        return self.nothing

    def close(self) -> None:
        """Do nothing: nothing changed."""


class JointControlled(JointCoordinator):
    """A controller per run, and each run's own preference."""

    def __init__(self, runs: Sequence[Controlled]) -> None:
        self.runs = runs
        self.pi = joint_controller([run.pi for run in runs])
        self.rest = torch.stack([run.aux_weight * run.shares for run in runs])  # [R, M − 1]
        self.beta = torch.stack([run.beta for run in runs])

    def weights(self, losses: Tensor) -> Tensor:
        """Step all controllers and return all weights."""
        self.beta = self.pi.step(losses[:, 0])
        return torch.cat((self.beta.unsqueeze(1), self.rest), 1)

    def trace(self) -> Tensor:
        """Return beta, P and I."""
        return torch.stack((self.beta, self.pi.proportional, self.pi.integral), 1)

    def close(self) -> None:
        """Give each run its beta, P and I."""
        parts = zip(self.runs, self.beta, self.pi.proportional, self.pi.integral, strict=True)
        for run, beta, proportional, integral in parts:
            run.beta = beta.clone()
            run.pi.proportional, run.pi.integral = proportional.clone(), integral.clone()


def joint_controller(controllers: Sequence[PIController]) -> PIController:
    """Return a controller whose numbers are vectors over ``controllers``, which share a rule."""
    joint = copy.copy(controllers[0])
    device = joint.integral.device
    for name in NUMBERS:
        values = [getattr(each, name) for each in controllers]
        setattr(joint, name, torch.tensor(values, dtype=torch.float64, device=device))
    joint.integral = torch.stack([each.integral for each in controllers])
    joint.proportional = torch.stack([each.proportional for each in controllers])
    return joint


def join(coordinators: Sequence[Coordinator]) -> JointCoordinator:
    """Return the coordinators of R runs as one.

    Raises:
        TypeError: They are of a kind, or of several kinds, that cannot be joined.
    """
    fixed = [each for each in coordinators if type(each) is Fixed]
    controlled = [each for each in coordinators if type(each) is Controlled]
    if len(fixed) == len(coordinators):
        return JointFixed(fixed)
    if len(controlled) == len(coordinators):
        return JointControlled(controlled)
    raise TypeError(f"{ {type(each).__name__ for each in coordinators} } cannot be joined")
