"""One optimiser step, and the accuracy loss that it would see without learning."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from mobench.models import Backbone
from mobench.training.batches import Rows, Scorer, Source
from mobench.training.coordinator import Coordinator
from mobench.training.data import TrainData
from mobench.training.negatives import NegativeSampler
from mobench.training.optimizer import Optimizer, add_decay


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
        source: Where the losses of a batch come from.
    """

    model: Backbone
    optimizer: Optimizer
    coordinator: Coordinator
    negatives: NegativeSampler
    row_weights: Tensor | None
    pooled: bool
    n_negatives: int
    weight_decay: float
    source: Source = field(default_factory=Rows)

    def __call__(self, data: TrainData, batch: Any) -> Tensor:
        """Take one step on a batch of the source.

        Returns:
            Losses ``[M]``, weights ``[M]``, beta, P and I in one vector (float64, detached): read
            it once per logging interval, so that a GPU is not waited for here.
        """
        scorer = Scorer(self.model, data, self.negatives, self.n_negatives)
        losses = self.source.losses(scorer, batch, self.row_weights, pooled=self.pooled)
        detached = losses.detach().to(torch.float64)
        weights = self.coordinator.weights(detached)
        self.optimizer.zero_grad()
        torch.autograd.backward(weights.to(losses.dtype) @ losses)
        if self.weight_decay > 0:  # as strong beside the loss whatever the weights sum up to
            add_decay(self.optimizer, self.weight_decay * weights.sum())
        self.optimizer.step()
        return torch.cat((detached, weights, self.coordinator.trace()))


@torch.no_grad()
def accuracy_loss(scorer: Scorer, source: Source, batches: Iterable[Any]) -> float:
    """Return the mean accuracy loss over one pass, computed as in training (dropout on).

    Args:
        scorer: The model and its negatives.
        source: Where the losses of a batch come from.
        batches: Batches whose blocks all serve accuracy.
    """
    scorer.model.train()
    means = [source.losses(scorer, batch, None, pooled=True)[0] for batch in batches]
    return float(torch.stack(means).to(torch.float64).mean())
