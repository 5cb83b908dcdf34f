"""SASRec: the state of a user is a transformer's view of the last items."""

from contextlib import nullcontext
from typing import Any, ClassVar, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobench.config import TrainConfig
from mobench.errors import ConfigError
from mobench.models.base import Backbone, bce_loss
from mobench.models.lookup import pair_scores
from mobench.models.transformer import INIT_STD, Transformer


class SASRec(Backbone):
    """Self-attentive sequential recommendation (Kang & McAuley 2018).

    The item table is shared with the output. Positions are learned and counted from the end of
    the window, so that the length of the padding changes nothing. A user without items has the
    zero vector, and with it every score is 0.

    Args:
        items: Initial item embeddings, ``[I, D]``.
        encoder: What turns embedded histories into states.
        bf16: Run the encoder in bfloat16; scores and losses stay in float32.
    """

    uses_history = True
    has_states: ClassVar[bool] = True
    defaults: ClassVar[dict[str, Any]] = {"n_negatives": 3, "batch_size": 128}
    loss = staticmethod(bce_loss)

    def __init__(self, items: Tensor, encoder: Transformer, *, bf16: bool) -> None:
        super().__init__()
        self.items = nn.Parameter(items)
        self.encoder = encoder
        self.bf16 = bf16

    @classmethod
    def build(
        cls, n_users: int, n_items: int, config: TrainConfig, generator: torch.Generator
    ) -> Self:
        """Return a model with N(0, 0.02²) weights.

        Raises:
            ConfigError: The embeddings cannot be cut into so many heads.
        """
        if config.embedding_size % config.n_heads:
            raise ConfigError(
                f"n_heads {config.n_heads} does not divide embedding_size {config.embedding_size}",
                "choose a divisor.",
            )
        items = torch.randn(n_items, config.embedding_size, generator=generator) * INIT_STD
        return cls(items, Transformer(config, generator), bf16=config.autocast == "bf16")

    def score(self, users: Tensor, history: Tensor | None, items: Tensor) -> Tensor:
        """Score ``items [B, N]`` after ``history [B, T]``."""
        return self.score_states(self.user_vectors(users, history), items)

    def score_all(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Score every item after ``history [B, T]``."""
        return self.user_vectors(users, history) @ self.items.T

    def item_vectors(self) -> Tensor:
        """Return the item table."""
        return self.items

    def user_vectors(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Return the state after the whole ``history [B, T]``, ``[B, D]``.

        Raises:
            TypeError: There is no history.
        """
        if history is None:
            raise TypeError("SASRec scores histories")
        return self._encode(history, last=True)[:, -1]

    def states(self, history: Tensor) -> Tensor:
        """Return the state after each item, ``[B, T, D]`` float32; padded positions are 0."""
        return self._encode(history, last=False)

    def score_states(self, states: Tensor, items: Tensor) -> Tensor:
        """Return ``⟨states[v], items[v, n]⟩``."""
        each = torch.arange(len(states), device=states.device)
        return pair_scores(states, self.items, each, items)

    def _encode(self, history: Tensor, *, last: bool) -> Tensor:
        there = history < len(self.items)
        embedded = F.embedding(history.clamp(max=len(self.items) - 1), self.items)
        device = embedded.device.type
        with torch.autocast(device, torch.bfloat16) if self.bf16 else nullcontext():
            states: Tensor = self.encoder(embedded, there, last=last)
        if last:
            there = there[:, -1:]
        return states.to(embedded.dtype) * there.unsqueeze(2)
