"""A step of the rivals in native code: losses of scores by torch, the tables of MF by kernels."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mobench.training.batches import Scorer
from mobench.training.data import TrainData
from mobench.training.gradients import derivatives, filled
from mobench.training.native_draw import NativeDraw, codes
from mobench.training.native_tables import Pairs, Tables
from mobench.training.step import GramianStep, values


@dataclass
class NativeScorer(Scorer):
    """Draws and scores in native code; losses then depend on the scores, not on the tables.

    Attributes:
        draw: Draws the negatives.
        tables: The model's.
        pairs: What was scored last.
        scores: The scores of it, ``[V, 1 + n]``.
    """

    draw: NativeDraw
    tables: Tables
    pairs: Pairs = field(init=False)
    scores: Tensor = field(init=False)

    def candidates(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the same as a plain scorer, from the same stream."""
        users, positives = self.data.users[rows], self.data.items[rows]
        items = self.draw(codes(users), codes(positives))
        return users, torch.from_numpy(items.view(np.int64))

    def score(self, users: Tensor, items: Tensor) -> Tensor:
        """Score ``items [V, 1 + n]`` for ``users [V]``."""
        self.pairs = codes(users), codes(items)
        self.scores = self.tables.scores(self.pairs).requires_grad_()
        return self.scores


@dataclass
class NativeSolved(GramianStep):
    """What ``GramianStep`` does for MF on the CPU, and ``Step`` where no Gramian is wanted.

    Results are the same to float32 rounding.
    """

    def __post_init__(self) -> None:
        """Make what is kept from step to step."""
        super().__post_init__()
        self.draw = NativeDraw(self.negatives, self.n_negatives)
        self.tables = Tables(self.adam)

    def scorer(self, data: TrainData) -> NativeScorer:
        """Return what scores a batch, and keeps the scores."""
        given = self.model, data, self.negatives, self.n_negatives
        return NativeScorer(*given, self.draw, self.tables)

    def descend(self, scorer: Scorer, batch: Any) -> tuple[Tensor, Tensor]:
        """Move the tables; return losses and weights, ``[M]`` float64 both."""
        assert isinstance(scorer, NativeScorer)
        streams = self.places() if self.coordinator.wants_gramian else None
        losses = self.separate(scorer, batch)
        detached = values(losses)
        if self.coordinator.wants_gramian:
            slopes = torch.stack(
                filled([slope for (slope,) in derivatives(losses, [scorer.scores])])
            )
            found = self.tables.gramian(scorer.pairs, slopes)
            self.check(found, streams, super().scorer(scorer.data), batch)
            weights = self.coordinator.weights(detached, found)
            mixed = torch.tensordot(weights.to(slopes.dtype), slopes, 1)
        else:
            weights = self.coordinator.weights(detached)
            total = weights.to(losses[0].dtype) @ torch.stack(list(losses))
            (mixed,) = torch.autograd.grad(total, scorer.scores)
        self.tables.move(scorer.pairs, mixed, float(self.decay(weights)))
        return detached, weights
