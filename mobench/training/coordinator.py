"""The objective coordinator: from losses to loss weights (MoRec, Eq. 12 and 13)."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobench.models import Backbone
from mobench.training.controller import PIController


class Coordinator(ABC):
    """Turns the losses of a step into their weights.

    Attributes:
        controller: The PI controller, where there is one.
        aux_weight: Weight of all auxiliary objectives together.
        needs_gramian: Whether weights depend on the gradients of the losses.
        observes: Whether ``observe`` wants the losses after each step.
        draws: Whether every step has a preference of its own, which the trace begins with.
    """

    controller: PIController | None = None
    aux_weight: float = 0.0
    needs_gramian: bool = False
    observes: bool = False
    draws: bool = False

    @property
    def wants_gramian(self) -> bool:
        """Whether ``weights`` must be given a Gramian in this step."""
        return False

    def prepare(self, model: Backbone) -> None:  # noqa: B027 (few condition the model)
        """Make the model ready for the step that comes."""

    @abstractmethod
    def weights(self, losses: Tensor, gramian: NDArray[np.float64] | None = None) -> Tensor:
        """Return the weights ``[M]`` (float64) for detached ``losses [M]``, accuracy first.

        Args:
            losses: The losses of a batch.
            gramian: The inner products of their gradients, ``[M, M]``, if it wants them.
        """

    def observe(self, losses: Tensor) -> None:  # noqa: B027 (few look back)
        """Take the losses ``[M]`` of the same batch after the step."""

    def end_epoch(self) -> None:  # noqa: B027
        """Take note that an epoch is over."""

    @abstractmethod
    def trace(self) -> Tensor:
        """Return what is to be logged of the last step, float64, NaN where there is nothing.

        The last three are beta, P and I.
        """

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes while training."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: B027 (stateless is fine)
        """Continue from ``state_dict()``."""


class Fixed(Coordinator):
    """The same weights at every step: base and continue.

    Args:
        weights: ``[M]``.
        device: Where the losses are.
    """

    def __init__(self, weights: Sequence[float], device: str | torch.device) -> None:
        self.fixed = torch.tensor(weights, dtype=torch.float64, device=device)
        self.nothing = torch.full((3,), torch.nan, dtype=torch.float64, device=device)

    def weights(self, losses: Tensor, gramian: NDArray[np.float64] | None = None) -> Tensor:
        """Return the fixed weights."""
        return self.fixed

    def trace(self) -> Tensor:
        """Return three NaN: there is no controller."""
        return self.nothing


class Controlled(Coordinator):
    """MoRec: a controller weighs accuracy, the preference shares out the rest.

    ``beta_t · ℓ_acc + aux_weight · Σ_k p_k ℓ_k``. The paper prints the value of aux_weight (λ)
    but leaves the factor out of Eq. 12 and 13; its authors' code has it, as here.

    Args:
        controller: The PI controller.
        shares: Preference p over the auxiliary objectives, ``[M − 1]``, sums to 1.
        aux_weight: λ, the weight of all auxiliary objectives together.
    """

    def __init__(
        self, controller: PIController, shares: Sequence[float], aux_weight: float
    ) -> None:
        self.pi = self.controller = controller
        self.aux_weight = aux_weight
        self.shares = torch.tensor(shares, dtype=torch.float64, device=controller.integral.device)
        self.beta = torch.full_like(controller.integral, torch.nan)

    def weights(self, losses: Tensor, gramian: NDArray[np.float64] | None = None) -> Tensor:
        """Step the controller with the accuracy loss and return all weights."""
        self.beta = self.pi.step(losses[0])
        return torch.cat((self.beta.unsqueeze(0), self.aux_weight * self.shares))

    def trace(self) -> Tensor:
        """Return beta, P and I."""
        return torch.stack((self.beta, self.pi.proportional, self.pi.integral))

    def state_dict(self) -> dict[str, Any]:
        """Return the controller's state."""
        return {"controller": self.pi.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.pi.load_state_dict(state["controller"])
