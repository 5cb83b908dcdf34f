"""One optimiser step, and the accuracy loss that it would see without learning."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mobench.models import Backbone, bpr_loss
from mobench.training.coordinator import Coordinator
from mobench.training.data import TrainData
from mobench.training.negatives import NegativeSampler


def row_losses(
    model: Backbone, data: TrainData, negatives: NegativeSampler, rows: Tensor, n: int
) -> Tensor:
    """Return the loss of each train row with ``n`` fresh negatives, in the shape of ``rows``."""
    flat = rows.reshape(-1)
    users, items = data.users[flat], data.items[flat]
    drawn = negatives.draw(users, n)
    scores = model.score(users, None, torch.cat((items.unsqueeze(1), drawn), 1))  # [B, 1 + n]
    return bpr_loss(scores[:, 0], scores[:, 1:]).view(rows.shape)


@dataclass
class Step:
    """What an optimiser step needs besides the batch.

    Attributes:
        model: The backbone, in training mode.
        optimizer: Adam without weight decay (it is added here).
        coordinator: From losses to weights.
        negatives: Where negatives come from.
        row_weights: Mode reweight: weights of all train rows per auxiliary objective,
            ``[M − 1, N]`` with mean 1 each; ``None`` in mode draw.
        pooled: All blocks serve accuracy (base and continue), so that M = 1.
        n_negatives: Negatives per positive.
        weight_decay: Coupled L2 per unit of loss weight.
    """

    model: Backbone
    optimizer: torch.optim.Optimizer
    coordinator: Coordinator
    negatives: NegativeSampler
    row_weights: Tensor | None
    pooled: bool
    n_negatives: int
    weight_decay: float

    def __call__(self, data: TrainData, rows: Tensor) -> Tensor:
        """Take one step on ``rows [blocks, B]``.

        Returns:
            Losses ``[M]``, weights ``[M]``, beta, P and I in one vector (float64, detached): read
            it once per logging interval, so that a GPU is not waited for here.
        """
        losses = self._losses(
            row_losses(self.model, data, self.negatives, rows, self.n_negatives), rows
        )
        detached = losses.detach().to(torch.float64)
        weights = self.coordinator.weights(detached)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(weights.to(losses.dtype) @ losses)
        self._decay(self.weight_decay * weights.sum())
        self.optimizer.step()
        return torch.cat((detached, weights, self.coordinator.trace()))

    def _losses(self, per_row: Tensor, rows: Tensor) -> Tensor:
        """Return the mean loss of each objective, ``[M]``, accuracy first."""
        if self.pooled:
            return per_row.mean().unsqueeze(0)
        if self.row_weights is None:
            return per_row.mean(1)
        weighted = self.row_weights[:, rows[0]] * per_row
        return torch.cat((per_row.mean(1), weighted.mean(1)))

    @torch.no_grad()
    def _decay(self, strength: Tensor) -> None:
        """Add the L2 term to the gradients, as ``Adam(weight_decay=…)`` does with a constant.

        It is scaled by the sum of the loss weights, so that a method does not change how strong
        the regularisation is beside the loss.
        """
        if self.weight_decay > 0:
            for parameter in self.model.parameters():
                if parameter.grad is not None:
                    parameter.grad.addcmul_(parameter, strength.to(parameter.dtype))


@torch.no_grad()
def accuracy_loss(
    model: Backbone, data: TrainData, negatives: NegativeSampler, batches: Tensor, n: int
) -> float:
    """Return the mean accuracy loss over one pass, computed as in training (dropout on).

    Args:
        model: The backbone.
        data: The train split.
        negatives: Where negatives come from.
        batches: Row indices, ``[steps, B]``.
        n: Negatives per positive.
    """
    model.train()
    means = [row_losses(model, data, negatives, rows, n).mean() for rows in batches]
    return float(torch.stack(means).to(torch.float64).mean())
