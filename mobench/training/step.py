"""One optimiser step, and the accuracy loss that it would see without learning."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobench.models import Backbone
from mobench.training.batches import Rows, Scorer, Source
from mobench.training.combine import Combiner
from mobench.training.coordinator import Coordinator
from mobench.training.data import TrainData
from mobench.training.gradients import (
    check_gramian,
    dense_gramian,
    gramian,
    jacobian,
)
from mobench.training.lookups import Lookups
from mobench.training.negatives import NegativeSampler
from mobench.training.noise import Noise
from mobench.training.optimizer import Adam, Optimizer, add_decay
from mobench.training.substitutes import Substitutes


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
        substitutes: What gives the losses instead, from predictions of blocks that all serve
            accuracy.
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
    substitutes: Substitutes | None = None

    def __call__(self, data: TrainData, batch: Any) -> Tensor:
        """Take one step on a batch of the source.

        Returns:
            Losses ``[M]``, weights ``[M]``, and the coordinator's trace (float64, detached), in one
            vector: read it once per logging interval, so that a GPU is not waited for here.
        """
        scorer = self.scorer(data)
        self.coordinator.prepare(self.model)
        streams = Streams(self.negatives) if self.coordinator.observes else None
        losses, weights = self.descend(scorer, batch)
        if streams:
            with torch.no_grad(), streams.again():
                self.coordinator.observe(self.losses(scorer, batch).to(torch.float64))
        return torch.cat((losses, weights, self.coordinator.trace()))

    def scorer(self, data: TrainData) -> Scorer:
        """Return what scores a batch, and draws its negatives."""
        return Scorer(self.model, data, self.negatives, self.n_negatives)

    def descend(self, scorer: Scorer, batch: Any) -> tuple[Tensor, Tensor]:
        """Move the model; return losses and weights, ``[M]`` float64 both."""
        losses = self.losses(scorer, batch)
        detached = losses.detach().to(torch.float64)
        weights = self.coordinator.weights(detached)
        self.optimizer.zero_grad()
        torch.autograd.backward(weights.to(losses.dtype) @ losses)
        if self.weight_decay > 0:
            add_decay(self.optimizer, self.decay(weights))
        self.optimizer.step()
        return detached, weights

    def losses(self, scorer: Scorer, batch: Any) -> Tensor:
        """Return the loss of each objective, ``[M]``."""
        found = self.separate(scorer, batch)
        return found if isinstance(found, Tensor) else torch.stack(found)

    def separate(self, scorer: Scorer, batch: Any) -> list[Tensor] | Tensor:
        """Return the same, apart from each other where they come so."""
        if self.substitutes:
            return self.substitutes(scorer, self.source.predict(scorer, batch))
        return self.source.losses(scorer, batch, self.row_weights, pooled=self.pooled)

    def decay(self, weights: Tensor) -> Tensor:
        """Return the strength of the L2 term, ``[]``: as large beside the loss whatever its size.

        Negative weights count by their size: a loss that is to grow must not turn decay to growth.
        """
        return self.weight_decay * weights.abs().sum()


@dataclass
class GramianStep(Step):
    """A step whose weights depend on the gradients of the losses.

    The gradients are taken one loss at a time, on the rows of tables that are read, and then added
    up by their weights, so that no further backward pass is needed. The first step (of an epoch)
    compares their inner products with those of plain gradients.
    """

    def __post_init__(self) -> None:
        """Make what is kept from step to step."""
        assert isinstance(self.optimizer, Adam)
        self.adam, self.combine = self.optimizer, Combiner(self.optimizer)
        self.parameters = list(self.model.parameters())
        self.is_checked = False

    def descend(self, scorer: Scorer, batch: Any) -> tuple[Tensor, Tensor]:
        """Move the model; in steps that need no Gramian, as ever."""
        if not self.coordinator.wants_gramian:
            return super().descend(scorer, batch)
        streams = self.places()
        with Lookups(self.parameters) as lookups:
            losses = self.separate(scorer, batch)
        parts = jacobian(losses, self.parameters, lookups.made)
        found = gramian(parts, len(losses))
        self.check(found, streams, scorer, batch)
        detached = values(losses)
        weights = self.coordinator.weights(detached, found)
        self.combine(parts, weights.tolist())
        self.adam.step(float(self.decay(weights)))
        return detached, weights

    def places(self) -> "Streams | None":
        """Return where the random streams are before a step that is to be checked."""
        return None if self.is_checked else Streams(self.negatives)

    def check(
        self, found: NDArray[np.float64], streams: "Streams | None", scorer: Scorer, batch: Any
    ) -> None:
        """Compare the first Gramian with that of plain gradients.

        Raises:
            TrainingError: They differ by more than rounding.
        """
        if streams is None:
            return
        with streams.again():
            plain = self.separate(scorer, batch)
        check_gramian(found, dense_gramian(plain, self.parameters))
        self.is_checked = True


def values(losses: Sequence[Tensor] | Tensor) -> Tensor:
    """Return M losses as numbers, ``[M]`` float64."""
    return torch.stack([loss.detach() for loss in losses]).to(torch.float64)


@dataclass
class Streams:
    """Where the random streams of a step were, to draw the same again.

    Attributes:
        negatives: Where negatives come from.
    """

    negatives: NegativeSampler

    def __post_init__(self) -> None:
        """Remember where they are."""
        self.noise = Noise(self.negatives.device)
        self.places = self.negatives.state_dict(), self.noise.state_dict()

    @contextmanager
    def again(self) -> Iterator[None]:
        """Draw again from there; whoever draws as much ends where the streams were before."""
        self.negatives.load_state_dict(self.places[0])
        self.noise.load_state_dict(self.places[1])
        yield


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
