"""Full ranking in blocks: the rank of every target and the top of every list."""

import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mobench.data.dataset import Dataset, Interactions
from mobench.errors import DataError
from mobench.evaluation.candidates import draw
from mobench.evaluation.reader import Reader
from mobench.evaluation.seen import Seen, masked
from mobench.evaluation.selection import GROUP, Select, Selected, select
from mobench.models import Backbone
from mobench.seeds import Seeds

BLOCK_FLOATS = 1 << 25
"""Scores held at once at most, 128 MiB."""
BLOCK_ROWS = 512
"""Rows scored at once at most: more make no product faster."""
ODD = 8
"""Columns that are not used."""
MIN_SCORES = 1 << 30
"""Scores from which native code pays: below them loading numba costs more than it saves."""

Track = Callable[[Iterable[int]], Iterable[int]]
Look = Callable[[Tensor, Tensor], None]
Score = Callable[[int, int, Tensor], None]


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
        broken: Rows with a score that is not a number: their ranks mean nothing.
    """

    user: NDArray[np.int32]
    target: NDArray[np.int32]
    rank: NDArray[np.int32]
    tied: NDArray[np.bool_]
    items: NDArray[np.int32]
    scores: NDArray[np.float32]
    broken: int = 0

    def checked(self) -> Self:
        """Return the ranking itself.

        Raises:
            DataError: A score is not a number.
        """
        if self.broken:
            raise DataError(
                f"the model gives no number as the score of an item, in {self.broken} of"
                f" {len(self.rank)} rankings",
                "look for NaN in its weights; it was not trained, or not to an end.",
            )
        return self


class Ranker:
    """Ranks all items for the held-out rows of one split.

    Train items are masked for val; train and val items for test; targets never are. Equal
    scores are ordered by a fixed seeded permutation of the items: ordering them by code would
    favour popular items, which appear first. The scores stand in that order, one buffer for all
    blocks: memory does not grow with the number of users, but for what is returned.

    Args:
        dataset: The dataset.
        split: ``val`` or ``test``.
        k: Length of the lists.
        seed: Seed of the tie permutation.
        device: Where to compute.
        max_length: Items of history that a model reads at most: train for val, train and val for
            test. 0 where models read none.
        repeats: How often it will rank at most, which decides whether native code pays.
        candidates: ``uniform:N`` or ``popularity:N``: rank among drawn items only.

    Attributes:
        place: Column in which the scores of each item stand, ``[I]`` int64 on the device.

    Raises:
        ConfigError: There are candidates, and a user with several held-out rows.
    """

    def __init__(
        self,
        dataset: Dataset,
        split: Literal["val", "test"],
        k: int,
        seed: int,
        device: str,
        max_length: int = 0,
        repeats: int = 1,
        candidates: str | None = None,
    ) -> None:
        rows = dataset.splits[split]
        known = [dataset.splits["train"]] + ([dataset.splits["val"]] if split == "test" else [])
        self.rows, self.k, self.device, self.n_items = rows, k, device, dataset.n_items
        self.repeats = repeats
        self.reader = Reader(known, dataset, max_length, device) if max_length else None
        self.order = self.reader.order(rows.user) if self.reader else np.arange(len(rows))
        order = self.order
        self.numbers = torch.from_numpy(order).to(device)
        ordered = Interactions(rows.user[order], rows.item[order], rows.timestamp[order])
        self.items = Seeds(seed).numpy("ties").permutation(dataset.n_items)  # by column
        place = np.argsort(self.items)
        self.seen = Seen(known, ordered, place, dataset.n_users, device)
        self.place = torch.from_numpy(place).to(device)
        self.users = torch.from_numpy(ordered.user.astype(np.int64)).to(device)
        self.targets = torch.from_numpy(place[ordered.item]).to(device).unsqueeze(1)
        self.pool: Tensor | None = None
        if candidates:
            drawn = draw(
                candidates,
                dataset,
                rows,
                masked(known, rows, dataset.n_users, dataset.n_items),
                seed,
            )
            self.pool = self.place[torch.from_numpy(drawn[order]).to(device)]
        self.width = _width(self.n_items)
        # what fills the last columns is never looked at
        filled = np.concatenate((self.items, np.zeros(self.width - self.n_items, np.int64)))
        self.layout = torch.from_numpy(filled).to(device)
        self.buffer = torch.empty((min(self.block_size, len(rows)), self.width), device=device)

    @property
    def block_size(self) -> int:
        """Held-out rows scored at once."""
        return min(BLOCK_ROWS, max(1, BLOCK_FLOATS // self.width))

    @torch.inference_mode()
    def rank(self, model: Backbone, track: Track | None = None, look: Look | None = None) -> TopK:
        """Rank with ``model``, block by block; a GPU is waited for at the end only.

        Args:
            model: The backbone, in evaluation mode.
            track: Wraps the iteration over blocks to show progress.
            look: Is shown the numbers of the rows of each block, ``[B]``, and all their scores,
                ``[B, W]``, items in the columns that ``place`` tells; both on the device.
        """
        score, choose = self._scorer(model), self._selecting()
        blocks = range(0, len(self.order), self.block_size)
        steps: Iterable[int] = track(blocks) if track else blocks
        parts = [self._block(model, score, choose, start, look) for start in steps]
        if not parts:
            return self._top_k(self._nothing())
        found = Selected(*(torch.cat(column).cpu() for column in zip(*parts, strict=True)))
        return self._top_k(found)

    def _top_k(self, found: Selected) -> TopK:
        """Return the findings in the order of the rows, columns as items."""
        back = np.argsort(self.order)
        rank, tied, columns, scores = (column.numpy()[back] for column in found[:4])
        items = np.append(self.items, -1).astype(np.int32)[columns]  # −1 finds the extra entry
        broken = int(found.broken.sum())
        return TopK(self.rows.user, self.rows.item, rank, tied, items, scores, broken)

    def _nothing(self) -> Selected:
        """Return the findings of a split without rows."""
        none, lists = torch.zeros(0, dtype=torch.int32), torch.zeros((0, self.k), dtype=torch.int32)
        return Selected(none, none.bool(), lists, lists.float(), none.bool())

    def _selecting(self) -> Select:
        """Return what ranks a block: native code where it is worth loading; results are equal."""
        pays = self.repeats * len(self.order) * self.width >= MIN_SCORES
        if self.device == "cpu" and pays and importlib.util.find_spec("numba"):
            from mobench.evaluation import native

            return native.select
        return select

    def _scorer(self, model: Backbone) -> Score:
        """Return what fills the scores of rows ``start`` to ``stop`` into a matrix ``[B, W]``."""
        reader = self.reader if model.uses_history else None
        lengths = reader.lengths[self.rows.user[self.order]] if reader else self.order
        items = model.item_vectors()
        turned = None if items is None else items.to(torch.float32)[self.layout].T.contiguous()

        def score(start: int, stop: int, out: Tensor) -> None:
            users = self.users[start:stop]
            history = reader(users, int(lengths[stop - 1])) if reader else None  # the longest
            if turned is not None:
                torch.mm(model.user_vectors(users, history).to(torch.float32), turned, out=out)
            else:
                scores = model.score_all(users, history).to(torch.float32)
                torch.index_select(scores, 1, self.layout, out=out)

        return score

    def _block(
        self, model: Backbone, score: Score, choose: Select, start: int, look: Look | None
    ) -> Selected:
        stop = min(start + self.block_size, len(self.order))
        scores = self.buffer[: stop - start]
        score(start, stop, scores)
        scores[:, self.n_items :] = -torch.inf
        if look:
            look(self.numbers[start:stop], scores)
        target = self.targets[start:stop]
        scores.view(-1)[self.seen.flat(start, stop, self.width)] = -torch.inf
        scores = model.rerank(scores, self.layout)
        wanted = scores.gather(1, target)
        if self.pool is not None:  # all but the candidates are out of it
            pool = self.pool[start:stop]
            held = scores.gather(1, pool)
            scores.fill_(-torch.inf).scatter_(1, pool, held)
        k = min(self.k, self.width)
        found = choose(scores, target.squeeze(1), wanted, k)
        short = (0, self.k - k)  # a catalogue smaller than the list
        return found._replace(
            columns=F.pad(found.columns, short, value=-1),
            scores=F.pad(found.scores, short, value=-torch.inf),
        )


def _width(n_items: int) -> int:
    """Return the width of the scores: whole groups and a bit.

    Rows that lie whole lines of a cache apart get in each other's way in it: 5 % of the product.
    """
    return GROUP * -(-n_items // GROUP) + ODD
