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

    def score(self, users: Tensor, items: Tensor) -> Tensor:
        """Score ``items [V, 1 + n]`` for ``users [V]``, without histories."""
        return self.model.score(users, None, items)

    def loss(self, scores: Tensor) -> Tensor:
        """Return the losses ``[V]`` of scores ``[V, 1 + n]``, the positive first."""
        return self.model.loss(scores[:, 0], scores[:, 1:])


@dataclass(frozen=True)
class Predictions:
    """What the model says of the positives of a batch, all blocks together, and their negatives.

    Attributes:
        scores: The positive's first, then its negatives', ``[V, 1 + n]``.
        items: Which items they belong to, ``[V, 1 + n]``.
        rows: Train row of each positive, ``[V]``.
        shares: Share of each positive in the accuracy loss, ``[V]``; they add up to 1 on average.
    """

    scores: Tensor
    items: Tensor
    rows: Tensor
    shares: Tensor


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

    @abstractmethod
    def predict(self, scorer: Scorer, batch: Any) -> Predictions:
        """Return the predictions for a batch of which all blocks serve accuracy.

        ``Σ shares · loss(scores)`` is the pooled loss that ``losses`` gives.
        """

    def row_weights(self, weights: Tensor, data: TrainData) -> Tensor:
        """Return the sampler's weights ``[M − 1, n]`` as weights of all train rows."""
        return weights

    def targets(self, data: TrainData) -> Tensor:
        """Return the train rows that can be positives."""
        return torch.arange(len(data.items), device=data.items.device)


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
        return scorer.loss(self.predict(scorer, rows).scores)

    def predict(self, scorer: Scorer, batch: Tensor) -> Predictions:
        """Return the predictions for the rows of ``batch``, of any shape."""
        rows = batch.reshape(-1)
        users, items = scorer.candidates(rows)
        scores = scorer.score(users, items)
        return Predictions(scores, items, rows, even_shares(scores))


def even_shares(scores: Tensor) -> Tensor:
    """Return equal shares of the positives that scores ``[V, 1 + n]`` belong to, ``[V]``."""
    return scores.new_full((len(scores),), 1 / max(1, len(scores)))


def block_means(per_row: Tensor, rows: Tensor, weights: Tensor | None, *, pooled: bool) -> Tensor:
    """Return the mean loss of each objective, ``[M]``, of losses and rows ``[blocks, B]``."""
    if pooled:
        return per_row.mean().unsqueeze(0)
    if weights is None:
        return per_row.mean(1)
    weighted = weights[:, rows[0]] * per_row
    return torch.cat((per_row.mean(1), weighted.mean(1)))
