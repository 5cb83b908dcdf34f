"""Losses that stand in for the sampler: all objectives on one block (MoRec, Eq. 15 to 17).

The rivals of MoRec need a differentiable loss per objective. Theirs weigh the same positives in
different ways; MoRec's differ in which positives they draw.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from mobench.data.dataset import Items
from mobench.errors import ConfigError
from mobench.training.batches import Predictions, Scorer, Source
from mobench.training.data import TrainData

FairLoss = Literal["pearson", "pearson-literal"]
FLAT = 1e-30
"""Scores with no more variation than this correlate with nothing."""


class Substitutes:
    """The losses of a batch, one per objective.

    With ℓ_i the base loss of positive i, and means over the positives of the batch:

    - acc: mean(ℓ_i).
    - rev: mean(r_i ℓ_i) / mean(r), r_i the revenue of the positive's item (Eq. 15).
    - align: mean(ℓ_i / pop_i) / mean(1 / pop), pop_i the train rows of its item (Eq. 16).
    - fair: how far scores follow the item groups, see ``squared_pearson`` (Eq. 17).

    The paper prints Eq. 15 and 16 as plain sums. Here mean(r) and mean(1 / pop) go over all
    positives there are: so both are weighted means with weights of mean 1, and their gradients are
    unbiased. Divided by a batch's own mean, their scale would jump with the dearest item in it.

    Args:
        names: The objectives.
        items: The items of the dataset.
        data: The train split.
        source: Which of its rows are positives.
        fair_loss: How Eq. 17 is read.

    Raises:
        ConfigError: An objective has no substitute, or no positive brings revenue.
    """

    def __init__(
        self,
        names: Sequence[str],
        items: Items,
        data: TrainData,
        source: Source,
        fair_loss: FairLoss = "pearson",
    ) -> None:
        self.names = tuple(names)
        self.correlation = literal_pearson if fair_loss == "pearson-literal" else squared_pearson
        self.groups = torch.tensor(items.fair_group, dtype=torch.int64, device=data.device)
        self.n_groups = int(self.groups.max()) + 1
        of_item = {
            "acc": torch.ones(len(data.counts), device=data.device),
            "rev": torch.tensor(items.revenue, device=data.device),
            "align": 1 / data.counts.to(torch.float64),
        }
        if unknown := set(names) - {*of_item, "fair"}:
            raise ConfigError(f"objective '{unknown.pop()}' has no differentiable substitute")
        targets = source.targets(data)
        self.weights = {
            name: mean_one(name, of_item[name][data.items], targets)
            for name in names
            if name in of_item
        }

    def __call__(self, scorer: Scorer, seen: Predictions) -> list[Tensor]:
        """Return the M losses of a batch, one by one: so each knows what it does not depend on."""
        each = seen.shares * scorer.loss(seen.scores)  # [V]
        losses = {
            name: each @ weights.index_select(0, seen.rows)
            for name, weights in self.weights.items()
        }
        if "fair" in self.names:
            groups = self.groups[seen.items]
            losses["fair"] = self.correlation(seen.scores, groups, self.n_groups)
        return [losses[name] for name in self.names]


def mean_one(name: str, weights: Tensor, targets: Tensor) -> Tensor:
    """Return weights of the train rows, ``[N]`` float32, scaled to mean 1 over ``targets [T]``.

    Raises:
        ConfigError: They are all 0 there.
    """
    mean = weights[targets].mean()
    if not mean > 0:
        raise ConfigError(
            f"no train row brings revenue, so '{name}' cannot be an objective",
            f"leave {name} out of --objectives, or prepare with --meta.",
        )
    return (weights / mean).to(torch.float32)


def squared_pearson(scores: Tensor, groups: Tensor, n_groups: int) -> Tensor:
    """Return the mean squared correlation between scores and membership of each group, ``[]``.

    The paper's Eq. 17 correlates predictions with "the sensitive attribute" and is garbled in
    print: no square, and categories used as numbers. With x the centred scores and m_g the number
    of scores in group g of N: r_g² = N (Σ_{i∈g} x_i)² / (m_g (N − m_g) Σ x²). Groups that hold all
    or none of the scores have no correlation and do not enter; equal scores correlate with nothing.

    Args:
        scores: Positives and negatives, of any shape.
        groups: Item group of each score, in [0, n_groups).
        n_groups: G.
    """
    x = scores.reshape(-1).to(torch.float64)
    x, member = x - x.mean(), groups.reshape(-1)
    size = torch.bincount(member, minlength=n_groups)
    spread = size * (len(x) - size)
    sums = x.new_zeros(n_groups).index_add(0, member, x)
    squares = len(x) * sums.square() / spread.clamp(min=1)  # 0 where the spread is 0
    mean = squares.sum() / spread.gt(0).sum().clamp(min=1)
    return _over(mean, x.square().sum()).to(scores.dtype)


def literal_pearson(scores: Tensor, groups: Tensor, n_groups: int) -> Tensor:  # noqa: ARG001
    """Return the correlation between scores and group codes taken as numbers, ``[]`` in [−1, 1].

    Eq. 17 to the letter: with its sign, so that it can be made smaller than 0, and dependent on
    the order in which the groups are numbered.
    """
    x, y = (part.reshape(-1).to(torch.float64) for part in (scores, groups))
    x, y = x - x.mean(), y - y.mean()
    squares = x.square().sum() * y.square().sum()
    return _over(x @ y, squares.clamp(min=FLAT).sqrt(), squares).to(scores.dtype)


def _over(value: Tensor, scale: Tensor, variation: Tensor | None = None) -> Tensor:
    """Return ``value / scale``, or 0 with gradient 0 where there is no variation."""
    varies = (scale if variation is None else variation) > FLAT
    return torch.where(varies, value / torch.where(varies, scale, 1.0), 0.0 * value)
