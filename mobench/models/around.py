"""A model around a base that scores as the base does."""

from typing import Self

import torch
from torch import Tensor

from mobench.config import TrainConfig
from mobench.models.base import Backbone


class Around(Backbone):
    """Passes every question on to a base; what is made of its scores is its subclasses' concern.

    Args:
        base: What scores the items.
    """

    def __init__(self, base: Backbone) -> None:
        super().__init__()
        self.base = base
        self.uses_history = base.uses_history

    @classmethod
    def build(
        cls, n_users: int, n_items: int, config: TrainConfig, generator: torch.Generator
    ) -> Self:
        """Raise ``TypeError``: it is made around a base."""
        raise TypeError(f"{cls.__name__} is made around a base")

    def score(self, users: Tensor, history: Tensor | None, items: Tensor) -> Tensor:
        """Return the base's scores of ``items [B, N]``."""
        return self.base.score(users, history, items)

    def score_all(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Return the base's scores of all items, ``[B, I]``."""
        return self.base.score_all(users, history)

    def item_vectors(self) -> Tensor | None:
        """Return the base's."""
        return self.base.item_vectors()

    def user_vectors(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Return the base's."""
        return self.base.user_vectors(users, history)
