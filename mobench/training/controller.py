"""The PI controller that holds the accuracy loss at a set level (MoRec, Eq. 14)."""

from typing import Any, Literal

import torch
from torch import Tensor


class PIController:
    """Weight of the accuracy loss from the distance between its value and a target.

    With err = target − loss: P = K_p / (1 + exp(err)), I ← I − K_i · err, and
    beta = clip(beta_min + P + I, beta_min, beta_max). The paper has no upper limit and its
    ``beta_min`` bounds nothing; the authors' code clips as here. Its anti-windup test never
    triggers, ours does: the integral stands still while beta is at a limit and the error would
    push it further.

    The state lives on ``device`` and no step reads it back, so a GPU is never waited for.

    Args:
        target: Loss to hold, > 0.
        kp: Proportional gain K_p ≥ 0.
        ki: Integral gain K_i ≥ 0 per step.
        beta_min: Smallest weight.
        beta_max: Largest weight.
        beta_start: Weight at zero error before the first step (bumpless start); ``None`` starts
            the integral at 0, as the paper does.
        antiwindup: ``conditional``, or ``none`` for the literal equation.
        device: Where the losses come from.
    """

    def __init__(
        self,
        target: float,
        kp: float = 0.01,
        ki: float = 0.001,
        beta_min: float = 0.1,
        beta_max: float = 1.5,
        beta_start: float | None = 1.0,
        antiwindup: Literal["conditional", "none"] = "conditional",
        device: str | torch.device = "cpu",
    ) -> None:
        self.target = target
        self.kp = kp
        self.ki = ki
        self.beta_min = beta_min
        self.beta_max = beta_max
        self.antiwindup = antiwindup
        start = 0.0 if beta_start is None else beta_start - beta_min - kp / 2
        self.integral = torch.tensor(start, dtype=torch.float64, device=device)
        self.proportional = torch.zeros_like(self.integral)

    def step(self, loss: Tensor | float) -> Tensor:
        """Take one step.

        Args:
            loss: Mean accuracy loss of the batch, a number or a tensor ``[]`` (detached here).

        Returns:
            The new weight beta, ``[]`` float64, in [beta_min, beta_max].
        """
        loss = torch.as_tensor(loss, dtype=torch.float64, device=self.integral.device).detach()
        error = self.target - loss
        self.proportional = self.kp / (1 + torch.exp(error))
        integral = self.integral - self.ki * error
        wanted = self.beta_min + self.proportional + integral
        beta = wanted.clamp(self.beta_min, self.beta_max)
        self.integral = self._settle(integral, wanted, error)
        return beta

    def _settle(self, integral: Tensor, wanted: Tensor, error: Tensor) -> Tensor:
        """Return the integral to keep: the new one, unless it winds up against a limit."""
        if self.antiwindup == "none":
            return integral
        low = (wanted < self.beta_min) & (error >= 0)
        high = (wanted > self.beta_max) & (error <= 0)
        return torch.where(low | high, self.integral, integral)

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes while training."""
        return {"target": self.target, "integral": self.integral.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.target = state["target"]
        self.integral = state["integral"].to(self.integral.device)
