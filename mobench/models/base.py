"""The interface of a backbone, its loss, and the letters of all shapes.

B batch · N candidates · T history · I items · U users · D embedding · M objectives · G groups ·
K cutoff.
"""

from abc import ABC, abstractmethod
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Backbone(nn.Module, ABC):
    """A model that scores items for users.

    Table look-ups go through ``F.embedding``: plain indexing under autograd is not reproducible
    with several threads.
    """

    @classmethod
    @abstractmethod
    def build(
        cls, n_users: int, n_items: int, embedding_size: int, generator: torch.Generator
    ) -> Self:
        """Return a model with fresh weights drawn from ``generator`` (on the CPU)."""

    @abstractmethod
    def score(self, users: Tensor, history: Tensor | None, items: Tensor) -> Tensor:
        """Score ``items [B, N]`` for ``users [B]`` with ``history [B, T]``; returns ``[B, N]``."""

    @abstractmethod
    def score_all(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Score every item for ``users [B]``; returns ``[B, I]``."""


def bpr_loss(positive: Tensor, negatives: Tensor) -> Tensor:
    """Bayesian personalised ranking, one value per positive.

    Rendle et al. 2009, with softplus(s⁻ − s⁺) = −ln σ(s⁺ − s⁻) in its stable form.

    Args:
        positive: Scores of the positives, ``[B]``.
        negatives: Scores of their negatives, ``[B, N]``.

    Returns:
        Mean over the negatives, ``[B]``.
    """
    return F.softplus(negatives - positive.unsqueeze(1)).mean(1)
