"""A backbone of one's own: a tower for users, a tower for items."""

import torch
import torch.nn.functional as F
from torch import nn

from mobench.models import Backbone


class TwoTower(Backbone):
    def __init__(self, users, items, layer):
        super().__init__()
        self.users, self.items = nn.Parameter(users), nn.Parameter(items)
        self.layer = nn.Parameter(layer)

    @classmethod
    def build(cls, n_users, n_items, config, generator):
        d = config.embedding_size
        shapes = ((n_users, d), (n_items, d), (d, d))
        return cls(*(torch.randn(shape, generator=generator) / d**0.5 for shape in shapes))

    def score(self, users, history, items):  # [B], [B, T] or None, [B, N] → [B, N]
        vectors = F.embedding(items, torch.tanh(self.items @ self.layer))
        return (vectors @ F.embedding(users, self.users).unsqueeze(2)).squeeze(2)

    def score_all(self, users, history):  # [B], [B, T] or None → [B, I]
        return F.embedding(users, self.users) @ torch.tanh(self.items @ self.layer).T
