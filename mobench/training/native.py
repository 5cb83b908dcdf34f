"""The MF-BPR step in native code: what ``Step`` does on a CPU, several times as fast.

The results are those of ``Step`` to float32 rounding. Whether it is used follows from the size of
the problem and from what is installed, never from a measurement, so equal runs give equal bytes.
"""

import importlib.util

import torch
import torch.nn.functional as F
from torch import Tensor

from mobench.models import MF, Backbone
from mobench.training.batches import Scorer
from mobench.training.data import TrainData
from mobench.training.native_draw import NativeDraw, codes, kernels
from mobench.training.native_tables import Pairs, Tables, pair_scores
from mobench.training.optimizer import Adam
from mobench.training.step import Step

MIN_PAIRS = 1 << 20
"""Pairs of an epoch from which it is used: below it loading numba costs more than it saves."""


def usable(model: Backbone, data: TrainData, n_negatives: int, n_losses: int = 1) -> bool:
    """Return whether native code can and should be used: MF on the CPU, large enough, numba.

    Args:
        model: The backbone; one that is conditioned is no MF any more.
        data: The train split.
        n_negatives: Negatives per positive.
        n_losses: Losses that are derived of each pair.
    """
    fits = type(model) is MF and data.device == "cpu"
    large = len(data.users) * n_negatives * n_losses >= MIN_PAIRS
    return fits and large and importlib.util.find_spec("numba") is not None


class NativeStep:
    """A step of ``plain`` for MF on the CPU, with dense or lazy Adam.

    The scores, the gradients of the tables and Adam are native. In between torch works on the
    ``[B, N]`` gaps.

    Args:
        plain: The step to take.
    """

    def __init__(self, plain: Step) -> None:
        self.plain = plain
        self.draw = NativeDraw(plain.negatives, plain.n_negatives)
        assert isinstance(plain.optimizer, Adam)
        self.tables = Tables(plain.optimizer)
        self.mix: Tensor | None = None
        if plain.row_weights is not None:  # in the order of the rows: one look-up serves all
            ones = torch.ones((1, plain.row_weights.shape[1]))
            self.mix = torch.cat((ones, plain.row_weights)).T.contiguous()
        self.even: Tensor | None = None

    @torch.no_grad()
    def __call__(self, data: TrainData, batch: Tensor) -> Tensor:
        """Take one step on the rows ``batch [blocks, B]``; returns what ``Step`` does."""
        plain, pairs = self.plain, _drawn(self.draw, data, batch)
        gaps, shares = _gaps(self.tables.scores(pairs)), self._shares(batch)
        losses = (F.softplus(gaps).mean(1) @ shares).to(torch.float64)  # softplus as in bpr_loss
        weights = plain.coordinator.weights(losses)
        pulls = shares @ weights.to(torch.float32) / plain.n_negatives
        slopes = torch.empty(pairs[1].shape)
        kernels().slopes_of_gaps(torch.sigmoid(gaps).numpy(), pulls.numpy(), slopes.numpy())
        self.tables.move(pairs, slopes, float(plain.decay(weights)))
        return torch.cat((losses, weights, plain.coordinator.trace()))

    def _shares(self, rows: Tensor) -> Tensor:
        """Return how much of each row's loss is in that of each objective, ``[blocks · B, M]``."""
        blocks, size = rows.shape
        if self.mix is not None:
            return self.mix.index_select(0, rows[0]) / size
        if self.even is None or len(self.even) != rows.numel():
            of_block = torch.full((blocks, 1), 1 / blocks)
            if not self.plain.pooled:
                of_block = torch.eye(blocks)
            self.even = of_block.repeat_interleave(size, 0) / size
        return self.even


@torch.no_grad()
def native_loss(scorer: Scorer, batches: Tensor) -> float:
    """Return what ``step.accuracy_loss`` does for the rows ``batches [steps, 1, B]``."""
    users, items = (scorer.model.get_parameter(name).detach().numpy() for name in MF.tables)
    draw = NativeDraw(scorer.negatives, scorer.n)
    scores = (pair_scores(users, items, _drawn(draw, scorer.data, rows)) for rows in batches)
    means = [F.softplus(_gaps(each)).mean() for each in scores]
    return float(torch.stack(means).to(torch.float64).mean())


def _drawn(draw: NativeDraw, data: TrainData, rows: Tensor) -> Pairs:
    """Return the users ``[V]`` of V rows, and their items before the negatives."""
    flat = rows.reshape(-1)
    user = codes(data.users[flat])
    return user, draw(user, codes(data.items[flat]))


def _gaps(scores: Tensor) -> Tensor:
    """Return the score of each negative minus that of its positive, ``[V, n]``."""
    found = torch.empty((len(scores), scores.shape[1] - 1))
    kernels().gaps(scores.numpy(), found.numpy())
    return found
