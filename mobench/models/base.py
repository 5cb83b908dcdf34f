"""The interface of a backbone, its losses, and the letters of all shapes.

B batch · N candidates · T history · V targets · I items · U users · D embedding · M objectives ·
G groups · K cutoff.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobench.config import TrainConfig


class Backbone(nn.Module, ABC):
    """A model that scores items for users.

    A history holds the user's last items, oldest first, padded on the left with the code I (the
    number of items). Padding must not change a score, and a score must not look past the history.

    Table look-ups go through ``F.embedding``: plain indexing under autograd is not reproducible
    with several threads.

    Attributes:
        tables: Names of parameters ``[R, D]`` of which a step touches few rows, for ``lazy-adam``;
            those of ``nn.Embedding`` need not be named.
        uses_history: Whether histories are needed; otherwise they are ``None``.
        has_states: Whether ``states`` and ``score_states`` are there, so that all positions of a
            window can be trained at once (``targets`` positions).
        defaults: Settings of ``mobench train`` that fill what neither user nor preset set.
    """

    tables: ClassVar[tuple[str, ...]] = ()
    uses_history: bool = False
    has_states: ClassVar[bool] = False
    defaults: ClassVar[dict[str, Any]] = {}

    @classmethod
    @abstractmethod
    def build(
        cls, n_users: int, n_items: int, config: TrainConfig, generator: torch.Generator
    ) -> Self:
        """Return a model with fresh weights drawn from ``generator`` (on the CPU)."""

    @abstractmethod
    def score(self, users: Tensor, history: Tensor | None, items: Tensor) -> Tensor:
        """Score ``items [B, N]`` for ``users [B]`` with ``history [B, T]``; returns ``[B, N]``."""

    @abstractmethod
    def score_all(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Score every item for ``users [B]`` with ``history [B, T]``; returns ``[B, I]``."""

    def rerank(self, scores: Tensor, items: Tensor) -> Tensor:
        """Return what items are ranked by in the end, ``[B, W]``; as it stands, the scores.

        Args:
            scores: Scores of which those that a user may not get are −inf, and stay so.
            items: The item in each column, ``[W]``.
        """
        return scores

    def item_vectors(self) -> Tensor | None:
        """Return the vectors ``[I, D]`` whose inner products with the user's are the scores.

        With them all scores go into memory that is there already. ``None``: the scores are
        something else, and ``score_all`` is asked.
        """
        return None

    def user_vectors(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Return the vectors ``[B, D]`` of ``users [B]``, if there are ``item_vectors``."""
        raise NotImplementedError(f"{type(self).__name__} has no vectors")

    def states(self, history: Tensor) -> Tensor:
        """Return what is known of the user after each item of ``history [B, T]``, ``[B, T, D]``."""
        raise NotImplementedError(f"{type(self).__name__} has no states")

    def score_states(self, states: Tensor, items: Tensor) -> Tensor:
        """Score ``items [V, N]`` for ``states [V, D]``; returns ``[V, N]``."""
        raise NotImplementedError(f"{type(self).__name__} has no states")

    def start_from(self, weights: dict[str, Tensor]) -> None:
        """Take over the weights of a base run."""
        self.load_state_dict(weights)

    @staticmethod
    def loss(positive: Tensor, negatives: Tensor) -> Tensor:
        """Return the loss ``[B]`` of scores ``positive [B]`` and ``negatives [B, N]``."""
        return bpr_loss(positive, negatives)


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


def bce_loss(positive: Tensor, negatives: Tensor) -> Tensor:
    """Binary cross-entropy, one value per positive (Kang & McAuley 2018, Eq. 7).

    Args:
        positive: Scores of the positives, ``[B]``, wanted to be 1.
        negatives: Scores of their negatives, ``[B, N]``, wanted to be 0.

    Returns:
        Mean over the 1 + N scores, ``[B]``, as MoRec's authors compute it.
    """
    total = F.softplus(-positive) + F.softplus(negatives).sum(1)
    return total / (1 + negatives.shape[1])
