"""The other ways of ``bench_train.py``: MF-BPR by hand in torch, by implicit and by RecBole."""

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from bench_rounds import Clock, Sample
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from mobench.config import TrainConfig
from mobench.data.dataset import Dataset

Turn = Callable[[], Sample]


@dataclass
class Plain:
    """MF-BPR as one writes it by hand: look-ups, a batched product, autograd, dense Adam.

    Size, batch, negatives, step size and weight decay are those of mobench's config.
    """

    data: Dataset
    config: TrainConfig
    steps: int

    def __post_init__(self) -> None:
        """Make the tables; negatives are rejected by a matrix of all pairs."""
        rows = self.data.splits["train"]
        self.user = torch.from_numpy(rows.user.astype(np.int64))
        self.item = torch.from_numpy(rows.item.astype(np.int64))
        self.seen = torch.zeros((self.data.n_users, self.data.n_items), dtype=torch.bool)
        self.seen[self.user, self.item] = True
        width, decay = self.config.embedding_size, self.config.weight_decay
        shapes = (self.data.n_users, width), (self.data.n_items, width)
        self.users, self.items = (torch.nn.Parameter(0.02 * torch.randn(shape)) for shape in shapes)
        self.adam = torch.optim.Adam(
            (self.users, self.items), lr=self.config.learning_rate, weight_decay=decay, fused=True
        )

    def learn(self, user: Tensor, items: Tensor) -> float:
        """Take a step on ``user [B]`` and ``items [B, 1 + N]``, the positive first."""
        rows = F.embedding(user, self.users).unsqueeze(2)
        scores = torch.bmm(F.embedding(items, self.items), rows).squeeze(2)
        loss = F.softplus(scores[:, 1:] - scores[:, :1]).mean()
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return loss.item()

    def vectorised(self) -> Sample:
        """Learn one epoch from batches drawn by index arithmetic."""
        clock, losses = Clock(), []
        for rows in torch.randperm(len(self.user)).split(self.config.batch_size):
            user = self.user[rows]
            drawn = torch.randint(self.data.n_items, (len(rows), self.config.n_negatives))
            while (bad := self.seen[user.unsqueeze(1), drawn]).any():
                drawn[bad] = torch.randint(self.data.n_items, (int(bad.sum()),))
            losses.append(self.learn(user, torch.cat((self.item[rows].unsqueeze(1), drawn), 1)))
        self.loss = sum(losses) / len(losses)
        return clock.sample(len(self.user) * self.config.n_negatives)

    def loaded(self) -> Sample:
        """Learn some steps from a DataLoader that rejects negatives one by one; scale them."""
        whole = len(self.user) * self.config.n_negatives
        loader = DataLoader(
            Pairs(self, self.config.n_negatives), self.config.batch_size, shuffle=True
        )
        return _some(iter(loader), lambda b: self.learn(*b), lambda b: b[1][:, 1:].numel(), self.steps, whole)


class Pairs(TorchDataset[tuple[int, Tensor]]):
    """A positive and its negatives per index, as a Dataset is commonly written."""

    def __init__(self, owner: Plain, n: int) -> None:
        self.user, self.item = owner.user.tolist(), owner.item.tolist()
        self.seen = [set(row.nonzero()[:, 0].tolist()) for row in owner.seen]
        self.n_items, self.n = owner.data.n_items, n

    def __len__(self) -> int:
        """Return the number of positives."""
        return len(self.user)

    def __getitem__(self, row: int) -> tuple[int, Tensor]:
        """Return a user and ``[1 + N]`` items."""
        items, seen = [self.item[row]], self.seen[self.user[row]]
        while len(items) <= self.n:
            drawn = random.randrange(self.n_items)
            if drawn not in seen:
                items.append(drawn)
        return self.user[row], torch.tensor(items)
