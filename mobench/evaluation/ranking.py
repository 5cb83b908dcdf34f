"""Full ranking in blocks: the rank of every target and the top of every list."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mobench.data.dataset import Dataset, Interactions
from mobench.evaluation.reader import Reader
from mobench.models import Backbone
from mobench.seeds import Seeds

BLOCK_FLOATS = 1 << 22
"""Scores held at once, 16 MiB: small enough for the cache, large enough for the product."""

Track = Callable[[Iterable[int]], Iterable[int]]
Look = Callable[[NDArray[np.int64], Tensor], None]


@dataclass(frozen=True)
class TopK:
    """What a full ranking yields, for R held-out rows.

    Attributes:
        user: User of each row, ``[R]`` int32.
        target: Held-out item, ``[R]`` int32.
        rank: Rank of the target among all unmasked items, from 1, ``[R]`` int32.
        tied: Whether another item has the target's score, ``[R]`` bool.
        items: Best items, best first, ``[R, K]`` int32; −1 where fewer than K are left.
        scores: Their scores, ``[R, K]`` float32.
    """

    user: NDArray[np.int32]
    target: NDArray[np.int32]
    rank: NDArray[np.int32]
    tied: NDArray[np.bool_]
    items: NDArray[np.int32]
    scores: NDArray[np.float32]


class Ranker:
    """Ranks all items for the held-out rows of one split.

    Train items are masked for val; train and val items for test; targets never are. Equal
    scores are ordered by a fixed seeded permutation of the items: ordering them by code would
    favour popular items, which appear first.

    Args:
        dataset: The dataset.
        split: ``val`` or ``test``.
        k: Length of the lists.
        seed: Seed of the tie permutation.
        device: Where to compute.
        max_length: Items of history that a model reads at most: train for val, train and val for
            test. 0 where models read none.
    """

    def __init__(
        self,
        dataset: Dataset,
        split: Literal["val", "test"],
        k: int,
        seed: int,
        device: str,
        max_length: int = 0,
    ) -> None:
        rows = dataset.splits[split]
        known = [dataset.splits["train"]] + ([dataset.splits["val"]] if split == "test" else [])
        self.user = rows.user
        self.target = rows.item
        self.k = k
        self.n_items = dataset.n_items
        self.device = device
        self.reader = Reader(known, dataset, max_length, device) if max_length else None
        self.order = self.reader.order(rows.user) if self.reader else np.arange(len(rows))
        self.starts, self.masked = _masked(known, rows, dataset.n_users, dataset.n_items)
        order = Seeds(seed).numpy("ties").permutation(dataset.n_items)
        self.place = torch.from_numpy(np.argsort(order)).to(device)  # item → place among equals
        self.columns = torch.arange(dataset.n_items, device=device)
        self.marks = torch.empty((min(self.block_size, len(rows)), self.n_items), device=device)

    @torch.inference_mode()
    def rank(self, model: Backbone, track: Track | None = None, look: Look | None = None) -> TopK:
        """Rank with ``model``, block by block.

        Args:
            model: The backbone, in evaluation mode.
            track: Wraps the iteration over blocks to show progress.
            look: Is shown the numbers of the rows of each block and all their scores, ``[B, I]``.
        """
        blocks = range(0, len(self.user), self.block_size)
        steps: Iterable[int] = track(blocks) if track else blocks
        parts = [self._block(model, self.order[s : s + self.block_size], look) for s in steps]
        columns = zip(*parts, strict=True) if parts else iter(self._nothing())
        back = np.argsort(self.order)
        rank, tied, items, scores = (np.concatenate(column)[back] for column in columns)
        return TopK(self.user, self.target, rank, tied, items, scores)

    @property
    def block_size(self) -> int:
        """Held-out rows scored at once."""
        return max(1, BLOCK_FLOATS // self.n_items)

    def _nothing(self) -> Iterator[tuple[NDArray[np.generic]]]:
        """Yield the four columns of a split without rows."""
        yield (np.zeros(0, np.int32),)
        yield (np.zeros(0, np.bool_),)
        yield (np.zeros((0, self.k), np.int32),)
        yield (np.zeros((0, self.k), np.float32),)

    def _block(
        self, model: Backbone, rows: NDArray[np.int64], look: Look | None
    ) -> tuple[NDArray[np.generic], ...]:
        users = torch.from_numpy(self.user[rows].astype(np.int64)).to(self.device)
        target = torch.from_numpy(self.target[rows].astype(np.int64)).to(self.device)
        history = self.reader(self.user[rows]) if self.reader and model.uses_history else None
        scores = model.score_all(users, history).to(torch.float32).contiguous()  # [B, I]
        if look:
            look(rows, scores)
        scores.view(-1)[self._mask(rows)] = -torch.inf
        scores = model.rerank(scores, self.columns)
        wanted = scores.gather(1, target.unsqueeze(1))  # [B, 1]
        rank, tied = self._ranks(scores, wanted, target)
        best, items = top(scores, min(self.k, self.n_items), self.place)
        items = torch.where(best == -torch.inf, -1, items)
        short = (0, self.k - items.shape[1])  # a catalogue smaller than the list
        best, items = F.pad(best, short, value=-torch.inf), F.pad(items, short, value=-1)
        return (
            rank.to(torch.int32).cpu().numpy(),
            tied.cpu().numpy(),
            items.to(torch.int32).cpu().numpy(),
            best.cpu().numpy(),
        )

    def _mask(self, rows: NDArray[np.int64]) -> Tensor:
        """Return the flat positions in the block's score matrix that are masked."""
        users = self.user[rows].astype(np.int64)
        counts = self.starts[users + 1] - self.starts[users]
        row = np.repeat(np.arange(len(users)), counts)
        inside = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        item = self.masked[np.repeat(self.starts[users], counts) + inside]
        return torch.from_numpy(row * self.n_items + item).to(self.device)

    def _ranks(self, scores: Tensor, wanted: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return 1 + better + equal ones that come earlier, and whether any is equal."""
        marks = self.marks[: len(scores)]  # ones and zeros as floats: their sum is a fast one
        rank = 1 + torch.gt(scores, wanted, out=marks).sum(1).to(torch.int64)
        tied = torch.eq(scores, wanted, out=marks).sum(1) > 1
        rows = tied.nonzero().squeeze(1)
        earlier = self.place.unsqueeze(0) < self.place[target[rows]].unsqueeze(1)
        rank[rows] += ((scores[rows] == wanted[rows]) & earlier).sum(1)
        return rank, tied


def top(scores: Tensor, k: int, place: Tensor) -> tuple[Tensor, Tensor]:
    """Return the k best scores and items of each row, equal scores in the order of ``place``.

    ``torch.topk`` leaves the order of equal scores open, so rows in which equals meet the
    boundary or each other are sorted in full.

    Args:
        scores: ``[B, I]``.
        k: Length of the lists, ≤ I.
        place: Place of each item among its equals, ``[I]``.

    Returns:
        Scores ``[B, k]`` in descending order, and items ``[B, k]``.
    """
    best, items = scores.topk(min(k + 1, scores.shape[1]), dim=1)
    rows = (best[:, 1:] == best[:, :-1]).any(1).nonzero().squeeze(1)
    best, items = best[:, :k], items[:, :k]
    if len(rows):
        order = torch.argsort(place)
        sorted_scores, spots = scores[rows][:, order].sort(dim=1, descending=True, stable=True)
        best[rows] = sorted_scores[:, :k]
        items[rows] = order[spots[:, :k]]
    return best, items


def _masked(
    known: list[Interactions], held_out: Interactions, n_users: int, n_items: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the masked items by user: starts ``[U + 1]`` and items, distinct and sorted.

    No target of a user is masked for any of them, so that all rows of a user share one list.
    """
    user, item = (
        np.concatenate([getattr(rows, column) for rows in known]).astype(np.int64)
        for column in ("user", "item")
    )
    targets = held_out.user.astype(np.int64) * n_items + held_out.item
    keys = np.setdiff1d(user * n_items + item, targets)
    starts = np.searchsorted(keys, np.arange(n_users + 1, dtype=np.int64) * n_items)
    return starts, keys % n_items
