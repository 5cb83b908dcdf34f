"""Where a step's losses come from: the ingredients that differ from backbone to backbone.

A source turns the index batches of the sampler into one epoch of batches, and a batch into the
loss of each objective. The step knows nothing else of the model.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mobench.models import Backbone
from mobench.training.data import TrainData
from mobench.training.negatives import NegativeSampler

Batches = Tensor | Sequence[Any]
"""Batches of an epoch by step: ``[steps, …]``, or anything with a length and an index."""


@dataclass
class Scorer:
    """A model with what turns targets into losses.

    Attributes:
        model: The backbone.
        data: The train split.
        negatives: Where negatives come from.
        n: Negatives per positive.
    """

    model: Backbone
    data: TrainData
    negatives: NegativeSampler
    n: int

    def candidates(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the users ``[V]`` of train rows, and their items before n negatives each."""
        users, items = self.data.users[rows], self.data.items[rows]
        drawn = self.negatives.draw(users, self.n)
        return users, torch.cat((items.unsqueeze(1), drawn), 1)  # [V, 1 + n]

    def loss(self, scores: Tensor) -> Tensor:
        """Return the losses ``[V]`` of scores ``[V, 1 + n]``, the positive first."""
        return self.model.loss(scores[:, 0], scores[:, 1:])


class Source(ABC):
    """Batches of one kind, and the block losses of each."""

    @abstractmethod
    def epoch(self, ids: Tensor, data: TrainData) -> Batches:
        """Return the batches of an epoch for the sampler's ``ids [steps, M, B]`` (on the CPU)."""

    @abstractmethod
    def losses(self, scorer: Scorer, batch: Any, weights: Tensor | None, *, pooled: bool) -> Tensor:
        """Return the loss of each objective, ``[M]``, accuracy first.

        Args:
            scorer: The model and its negatives.
            batch: A batch of ``epoch``.
            weights: Mode reweight: weights of the train rows per auxiliary objective,
                ``[M − 1, N]``; ``None`` in mode draw, where every block is an objective's.
            pooled: All blocks serve accuracy, so that M = 1.
        """

    def row_weights(self, weights: Tensor, data: TrainData) -> Tensor:
        """Return the sampler's weights ``[M − 1, n]`` as weights of all train rows."""
        return weights


class Rows(Source):
    """Every target is a train row, scored without a history: ``ids`` are rows."""

    def epoch(self, ids: Tensor, data: TrainData) -> Tensor:
        """Return the rows on the device, ``[steps, M, B]``."""
        return ids.to(data.device)

    def losses(
        self, scorer: Scorer, batch: Tensor, weights: Tensor | None, *, pooled: bool
    ) -> Tensor:
        """Return the means over the blocks ``batch [M, B]``."""
        per_row = self.per_row(scorer, batch.reshape(-1)).view(batch.shape)
        return block_means(per_row, batch, weights, pooled=pooled)

    def per_row(self, scorer: Scorer, rows: Tensor) -> Tensor:
        """Return the loss of each of ``rows [V]``."""
        users, items = scorer.candidates(rows)
        return scorer.loss(scorer.model.score(users, None, items))


def block_means(per_row: Tensor, rows: Tensor, weights: Tensor | None, *, pooled: bool) -> Tensor:
    """Return the mean loss of each objective, ``[M]``, of losses and rows ``[blocks, B]``."""
    if pooled:
        return per_row.mean().unsqueeze(0)
    if weights is None:
        return per_row.mean(1)
    weighted = weights[:, rows[0]] * per_row
    return torch.cat((per_row.mean(1), weighted.mean(1)))
