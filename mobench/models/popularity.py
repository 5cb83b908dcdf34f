"""Recommending by popularity: the sanity row of every table."""

from typing import Self

import torch
from torch import Tensor

from mobench.config import TrainConfig
from mobench.models.base import Backbone


class Popularity(Backbone):
    """Every user gets the same scores: the train counts of the items.

    Args:
        counts: Train rows of each item, ``[I]``; at most 2^24, so that float32 keeps them apart.
    """

    def __init__(self, counts: Tensor) -> None:
        super().__init__()
        self.register_buffer("counts", counts.to(torch.float32))
        self.counts: Tensor

    @classmethod
    def build(
        cls, n_users: int, n_items: int, config: TrainConfig, generator: torch.Generator
    ) -> Self:
        """Return a model that has seen nothing; its counts come with the state dict."""
        return cls(torch.zeros(n_items))

    def score(self, users: Tensor, history: Tensor | None, items: Tensor) -> Tensor:
        """Return the counts of ``items [B, N]``."""
        return self.counts[items]

    def score_all(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Return the counts of all items, once per user."""
        return self.counts.expand(len(users), -1).clone()

    def item_vectors(self) -> Tensor:
        """Return the counts as vectors of one number."""
        return self.counts.unsqueeze(1)

    def user_vectors(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Return a one per user."""
        return self.counts.new_ones((len(users), 1))
