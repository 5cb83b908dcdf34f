"""Preference-conditioned training: every step is taken for a preference of its own."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobench.config import TrainConfig
from mobench.errors import TrainingError
from mobench.models import Backbone, Conditioned
from mobench.seeds import Seeds
from mobench.training.agreement import pull
from mobench.training.coordinator import Coordinator


class Conditioner(Coordinator):
    """Draws a preference per step, conditions the model on it, and weighs the losses by it.

    The step goes down ``Σ r_k l_k / l_k⁰ + strength · term(r, l / l⁰)``, r from a Dirichlet
    distribution over all objectives and l⁰ the losses before training. One preference serves a
    batch (as in YOTO and COSMOS): fairness is a statistic of the batch, which no single row has.

    Args:
        config: Concentration, agreement, and the seed.
        steps_per_epoch: How many preferences are drawn at once.
        device: Where the losses are.
    """

    draws = True

    def __init__(
        self, config: TrainConfig, steps_per_epoch: int, device: str | torch.device
    ) -> None:
        self.config, self.steps_per_epoch = config, steps_per_epoch
        self.device = torch.device(device)
        self.steps, self.epoch = 0, -1
        n = len(config.objectives)
        self.initial = torch.full((n,), torch.nan, dtype=torch.float64)
        self.drawn = self.now = torch.full((n,), torch.nan, dtype=torch.float64, device=device)

    def start(self, losses: NDArray[np.float64]) -> None:
        """Take the losses before training, ``[M]``, as units.

        Raises:
            TrainingError: One of them is not above 0.
        """
        if not (losses > 0).all():
            named = dict(zip(self.config.objectives, losses.tolist(), strict=True))
            raise TrainingError(
                f"losses before training are no units: {named}",
                "leave out the objective whose loss is not above 0.",
            )
        self.initial = torch.from_numpy(losses.copy())

    def prepare(self, model: Backbone) -> None:
        """Draw the preference of the step that comes."""
        assert isinstance(model, Conditioned)
        epoch, step = divmod(self.steps, self.steps_per_epoch)
        if epoch != self.epoch:
            self.drawn, self.epoch = self._draw(epoch + 1), epoch
        self.now = self.drawn[step]
        model.drawn = self.now
        self.steps += 1

    def _draw(self, epoch: int) -> Tensor:
        """Return the preferences of an epoch, ``[steps, M]``."""
        stream = Seeds(self.config.seed).numpy(f"preferences/{epoch}")
        alpha = [self.config.concentration] * len(self.config.objectives)
        return torch.from_numpy(stream.dirichlet(alpha, self.steps_per_epoch)).to(self.device)

    def weights(self, losses: Tensor, gramian: NDArray[np.float64] | None = None) -> Tensor:
        """Return the weights of the losses for the preference of this step, ``[M]``."""
        units = self.initial.to(losses.device)
        config = self.config
        mix = pull(self.now, losses / units, config.agreement, config.agreement_strength)
        return mix / units

    def trace(self) -> Tensor:
        """Return the preference of the step, ``[M]``, and three NaN: there is no controller."""
        return torch.cat((self.now, self.now.new_full((3,), torch.nan)))

    def state_dict(self) -> dict[str, Any]:
        """Return the steps taken, which say where the stream is, and the units of the losses."""
        return {"steps": self.steps, "initial": self.initial}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.steps, self.initial = state["steps"], state["initial"]
