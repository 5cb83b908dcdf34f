"""Matrix factorisation: the score is the inner product of two embeddings."""

from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobench.config import TrainConfig
from mobench.models.base import Backbone
from mobench.models.lookup import pair_scores

INIT_STD = 0.02
DENSE_RATIO = 48
"""Up to so many items per candidate, scoring all and picking beats looking vectors up."""


class MF(Backbone):
    """Matrix factorisation (Koren et al. 2009), trained here with the BPR loss (MF-BPR).

    Args:
        users: Initial user embeddings, ``[U, D]``.
        items: Initial item embeddings, ``[I, D]``.
    """

    tables = ("users", "items")

    def __init__(self, users: Tensor, items: Tensor) -> None:
        super().__init__()
        self.users = nn.Parameter(users)
        self.items = nn.Parameter(items)

    @classmethod
    def build(
        cls, n_users: int, n_items: int, config: TrainConfig, generator: torch.Generator
    ) -> Self:
        """Return a model with N(0, 0.02²) embeddings."""
        users = torch.randn(n_users, config.embedding_size, generator=generator) * INIT_STD
        items = torch.randn(n_items, config.embedding_size, generator=generator) * INIT_STD
        return cls(users, items)

    def score(self, users: Tensor, history: Tensor | None, items: Tensor) -> Tensor:
        """Score ``items [B, N]`` for ``users [B]``; the history is not used."""
        return score(self.users, self.items, users, items)

    def score_all(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Score every item for ``users [B]``; the history is not used."""
        return self.user_vectors(users, history) @ self.items.T

    def item_vectors(self) -> Tensor:
        """Return the items' embeddings."""
        return self.items

    def user_vectors(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Return the embeddings of ``users [B]``; the history is not used."""
        return F.embedding(users, self.users)


def score(users: Tensor, items: Tensor, u: Tensor, i: Tensor) -> Tensor:
    """Return ``⟨users[u_b], items[i_bn]⟩``, ``[B, N]``, by the way that is quicker here."""
    if len(items) <= DENSE_RATIO * i.shape[1]:
        return (F.embedding(u, users) @ items.T).gather(1, i)
    return pair_scores(users, items, u, i)
