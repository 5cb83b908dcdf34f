"""Scores that somebody else's model gave some items of each user."""

from typing import Self

import torch
from torch import Tensor

from mobench.config import TrainConfig
from mobench.models.base import Backbone

UNLISTED = -1.0
"""Score of an item that a user's list does not have; listed ones have at least 0."""


class Listed(Backbone):
    """A model that knows the scores of C items of each user, and of no other.

    Args:
        codes: Listed items, ``[U, C]`` int32; I fills short lists.
        scores: Their scores, scaled per user to [0, 1], ``[U, C]`` float32.
        n_items: I.
    """

    def __init__(self, codes: Tensor, scores: Tensor, n_items: int) -> None:
        super().__init__()
        self.n_items = n_items
        self.register_buffer("codes", codes)
        self.register_buffer("scores", scores)
        self.codes: Tensor
        self.scores: Tensor

    @classmethod
    def build(
        cls, n_users: int, n_items: int, config: TrainConfig, generator: torch.Generator
    ) -> Self:
        """Return a model that lists nothing; its lists come with the state dict."""
        shape = (n_users, min(config.n_candidates, n_items))
        codes = torch.full(shape, n_items, dtype=torch.int32)
        return cls(codes, torch.full(shape, UNLISTED), n_items)

    def score(self, users: Tensor, history: Tensor | None, items: Tensor) -> Tensor:
        """Return the scores of ``items [B, N]``, below all others for items not listed."""
        return self.score_all(users, history).gather(1, items)

    def score_all(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Return the scores of all items, ``[B, I]``."""
        out = self.scores.new_full((len(users), self.n_items + 1), UNLISTED)
        out.scatter_(1, self.codes[users].to(torch.int64), self.scores[users])
        return out[:, : self.n_items]
