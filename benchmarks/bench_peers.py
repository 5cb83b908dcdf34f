"""The other ways of ``bench_train.py``: MF-BPR by hand in torch, by implicit and by RecBole."""

import importlib.util
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

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
Batch = TypeVar("Batch")
VECTORISED = "torch, vectorised"


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
        self.losses: list[float] = []
        self.adam = torch.optim.Adam(
            (self.users, self.items), lr=self.config.learning_rate, weight_decay=decay, fused=True
        )

    def learn(self, user: Tensor, items: Tensor) -> float:
        """Take a step on ``user [B]`` and ``items [B, 1 + N]``, the positive first."""
        rows = F.embedding(user, self.users).unsqueeze(2)
        scores = torch.bmm(F.embedding(items, self.items), rows).squeeze(2)
        loss = F.softplus(scores[:, 1:] - scores[:, :1]).mean()
        self.adam.zero_grad()
        torch.autograd.backward(loss)
        self.adam.step()
        return loss.item()

    @property
    def pairs(self) -> int:
        """Return (positive, negative) pairs of an epoch."""
        return len(self.user) * self.config.n_negatives

    def epoch(self) -> Sample:
        """Learn one epoch from batches drawn by index arithmetic."""
        clock, losses = Clock(), []
        for rows in torch.split(torch.randperm(len(self.user)), self.config.batch_size):
            user = self.user[rows]
            drawn = torch.randint(self.data.n_items, (len(rows), self.config.n_negatives))
            for _ in range(self.config.max_redraws):
                again = self.seen[user.unsqueeze(1), drawn]
                if not again.any():
                    break
                drawn[again] = torch.randint(self.data.n_items, (int(again.sum()),))
            losses.append(self.learn(user, torch.cat((self.item[rows].unsqueeze(1), drawn), 1)))
        self.losses.append(sum(losses) / len(losses))
        return clock.sample(self.pairs)

    def loader(self) -> "DataLoader[list[Tensor]]":
        """Return a DataLoader that rejects negatives one by one."""
        pairs: TorchDataset[Any] = Pairs(self, self.config.n_negatives)
        return DataLoader(pairs, self.config.batch_size, shuffle=True)


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


def scaled(
    batches: Iterator[Batch], learn: Callable[[Batch], int], steps: int, whole: int
) -> Sample:
    """Time some steps after a first one, and scale them to ``whole`` pairs.

    ``learn`` takes a step and returns its pairs.
    """
    learn(next(batches))
    clock = Clock()
    pairs = sum(learn(batch) for batch in islice(batches, steps))
    return clock.sample(pairs).scaled(whole)


def by_loader(plain: Plain) -> Turn:
    """Return some steps of a plain loop over a DataLoader."""
    loader = plain.loader()

    def learn(batch: list[Tensor]) -> int:
        plain.learn(*batch)
        return batch[1].numel() - len(batch[1])

    return lambda: scaled(iter(loader), learn, plain.steps, plain.pairs)


def by_implicit(plain: Plain) -> Turn:
    """Return an epoch of implicit: stochastic gradient descent, one negative per positive."""
    from implicit.bpr import BayesianPersonalizedRanking
    from scipy.sparse import csr_matrix

    rows = plain.data.splits["train"]
    ones = np.ones(len(rows), np.float32)
    shape = plain.data.n_users, plain.data.n_items
    pairs = csr_matrix((ones, (rows.user, rows.item)), shape=shape)

    def epoch() -> Sample:
        width = plain.config.embedding_size - 1  # it adds a bias
        model = BayesianPersonalizedRanking(width, iterations=1, num_threads=1, random_state=1)
        clock = Clock()
        model.fit(pairs, show_progress=False)
        return clock.sample(pairs.nnz)

    return epoch


def by_recbole(plain: Plain, folder: Path) -> Turn:
    """Return some steps of RecBole's BPR on the same rows (all of them train there)."""
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.utils import get_model

    rows, place = plain.data.splits["train"], folder / "rows"
    place.mkdir()
    head = "user_id:token\titem_id:token\ttimestamp:float\n"
    lines = (
        f"{u}\t{i}\t{t}\n" for u, i, t in zip(rows.user, rows.item, rows.timestamp, strict=True)
    )
    (place / "rows.inter").write_text(head + "".join(lines), encoding="utf-8")
    mine, sampling = (
        plain.config,
        {"distribution": "uniform", "sample_num": plain.config.n_negatives},
    )
    settings = {
        "data_path": str(folder),
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "eval_args": {"split": {"RS": [0.98, 0.01, 0.01]}, "order": "RO", "mode": "full"},
        "embedding_size": mine.embedding_size,
        "train_batch_size": mine.batch_size * mine.n_negatives,  # RecBole counts pairs
        "train_neg_sample_args": {**sampling, "alpha": 1.0, "dynamic": False, "candidate_num": 0},
        "use_gpu": False,
        "state": "ERROR",
        "checkpoint_dir": str(folder / "saved"),
    }
    for gone, still in (("float_", np.float64), ("complex_", np.complex128), ("unicode_", np.str_)):
        np.__dict__.setdefault(gone, still)  # RecBole 1.2.1 knows no NumPy 2
    argv, sys.argv = sys.argv, sys.argv[:1]  # it reads the command line of whoever imports it
    config = Config(model="BPR", dataset="rows", config_dict=settings)
    sys.argv = argv
    train = data_preparation(config, create_dataset(config))[0]
    model = get_model("BPR")(config, train.dataset)
    adam = torch.optim.Adam(model.parameters(), lr=mine.learning_rate)

    def learn(batch: Any) -> int:
        adam.zero_grad()
        loss = model.calculate_loss(batch)
        loss.backward()
        adam.step()
        loss.item()
        return len(batch)

    return lambda: scaled(iter(train), learn, plain.steps, plain.pairs)


def peers(plain: Plain, folder: Path) -> dict[str, Turn]:
    """Return all peers that can be imported."""
    ways: dict[str, Turn] = {
        VECTORISED: plain.epoch,
        f"torch DataLoader, {plain.steps} steps scaled": by_loader(plain),
    }
    makers: dict[str, tuple[str, Callable[[], Turn]]] = {
        "implicit": ("implicit BPR, SGD, 1 negative", lambda: by_implicit(plain)),
        "recbole": (f"RecBole BPR, {plain.steps} steps scaled", lambda: by_recbole(plain, folder)),
    }
    for module, (label, make) in makers.items():
        if importlib.util.find_spec(module) is None:
            print(f"left out: {label} ({module} is not installed)")
        else:
            ways[label] = make()
    return ways
