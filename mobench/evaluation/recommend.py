"""Lists for some users, block by block, for people to look at."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobench.artifacts import Artifact
from mobench.config import RecommendConfig
from mobench.data.dataset import SPLITS, Dataset
from mobench.data.sequences import Sequences
from mobench.evaluation.preference import check_preference
from mobench.evaluation.run import load_model
from mobench.evaluation.selection import largest
from mobench.models import Histories
from mobench.models.device import pick_device, set_threads
from mobench.seeds import Seeds

BLOCK_FLOATS = 1 << 22
"""Scores held at once, 16 MiB."""

Track = Callable[[Iterable[int]], Iterable[int]]


class Lists(NamedTuple):
    """The lists of a block of users.

    Attributes:
        user: Codes, ``[B]`` int64.
        items: Best items, best first, ``[B, K]`` int64; −1 where fewer than K are left.
        scores: Their scores, ``[B, K]`` float32.
    """

    user: NDArray[np.int64]
    items: NDArray[np.int64]
    scores: NDArray[np.float32]


class Recommender:
    """Ranks what users have not had, with the model of a run.

    Equal scores are ordered by a seeded permutation of the items, as in evaluation.

    Args:
        run_path: A run; its dataset is found through its manifest.
        config: Length of the lists, and what counts as had.

    Raises:
        ArtifactError: An artifact is missing, incomplete, or has changed.
        ConfigError: The device is not there, or the run's own backbone is not; or the preference
            is not for this run.
    """

    def __init__(self, run_path: Path, config: RecommendConfig) -> None:
        self.run = Artifact.open(run_path, "run")
        self.run.verify()
        check_preference(self.run, config.preference)
        self.dataset = Dataset.load(self.run.open_input("dataset", "dataset").path)
        self.config = config
        self.device = pick_device(config.device)
        set_threads(0, int(self.run.manifest.results["n_parameters"]))
        self.model = load_model(self.run, self.dataset, self.device, config.preference)
        known = [self.dataset.splits[name] for name in SPLITS[: SPLITS.index(config.seen) + 1]]
        self.had = Sequences.of(known, self.dataset.n_users)
        self.max_length = int(self.run.manifest.config["max_length"])
        n_items = self.dataset.n_items
        self.histories = (
            Histories.load(self.had, n_items, self.max_length, self.device)
            if self.model.uses_history
            else None
        )
        order = Seeds(config.seed).numpy("ties").permutation(n_items)
        self.order = torch.from_numpy(order).to(self.device)
        self.columns = torch.arange(n_items, device=self.device)

    def sample(self) -> NDArray[np.int64]:
        """Return some users who have had something, in the order of their codes, ``[S]``."""
        users = np.flatnonzero(np.diff(self.had.starts))
        n = min(self.config.sample, len(users))
        return np.sort(Seeds(self.config.seed).numpy("sample").choice(users, n, replace=False))

    def last(self, user: int, n: int) -> NDArray[np.int64]:
        """Return the last items of a user, latest first, ``[≤ n]``."""
        mine = self.had.items[self.had.starts[user] : self.had.starts[user + 1]]
        return mine[::-1][:n]

    @torch.inference_mode()
    def lists(self, users: NDArray[np.int64], track: Track | None = None) -> Iterator[Lists]:
        """Yield the lists of ``users [U]`` in blocks; memory does not grow with their number.

        Args:
            users: Codes.
            track: Wraps the iteration over blocks to show progress.
        """
        size = max(1, BLOCK_FLOATS // self.dataset.n_items)
        blocks = range(0, len(users), size)
        steps: Iterable[int] = track(blocks) if track else blocks
        for start in steps:
            yield self._block(users[start : start + size])

    def _block(self, users: NDArray[np.int64]) -> Lists:
        codes = torch.tensor(users, device=self.device)
        history = self.histories.last(codes, self._width(users)) if self.histories else None
        scores = self.model.score_all(codes, history).to(torch.float32).contiguous()  # [B, I]
        scores.view(-1)[self._had(users)] = -torch.inf
        scores = self.model.rerank(scores, self.columns)
        best, places = largest(scores[:, self.order], min(self.config.k, self.dataset.n_items))
        items = torch.where(best == -torch.inf, -1, self.order[places])
        return Lists(users, items.cpu().numpy(), best.cpu().numpy())

    def _width(self, users: NDArray[np.int64]) -> int:
        """Return the length of the longest history of ``users [B]``, at least 1."""
        return max(1, int(self.had.last_lengths(self.max_length)[users].max()))

    def _had(self, users: NDArray[np.int64]) -> Tensor:
        """Return the flat positions of what the users have had, in their block of scores."""
        starts = self.had.starts
        counts = starts[users + 1] - starts[users]
        row = np.repeat(np.arange(len(users)), counts)
        inside = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        item = self.had.items[np.repeat(starts[users], counts) + inside]
        return torch.from_numpy(row * self.dataset.n_items + item).to(self.device)
