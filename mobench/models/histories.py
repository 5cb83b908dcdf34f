"""Histories: the items that a user had before, gathered on the device by arithmetic."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobench.data.sequences import Sequences

WIDTHS = (4, 8, 16, 32)
"""Histories of up to so many items are batched together on a CPU, and longer ones."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Histories:
    """Integer tensors of all sequences, built once.

    Attributes:
        items: Items of the rows, ``[N]`` int64.
        first: Row at which the user of each row begins, ``[N]``.
        starts: Row at which each user begins, ``[U + 1]``.
        padding: The code that pads, I.
        max_length: T, the most items that a history holds.
    """

    items: Tensor
    first: Tensor
    starts: Tensor
    padding: int
    max_length: int

    @classmethod
    def load(cls, sequences: Sequences, n_items: int, max_length: int, device: str) -> "Histories":
        """Move sequences to ``device``."""
        items, first, starts = (
            torch.from_numpy(array).to(device)
            for array in (sequences.items, sequences.first, sequences.starts)
        )
        return cls(items, first, starts, n_items, max_length)

    def before(self, rows: Tensor, width: int) -> Tensor:
        """Return the ``width`` items before each row, of the same user, ``[B, width]``."""
        return self._gather(rows, self.first[rows], width)

    def last(self, users: Tensor, width: int) -> Tensor:
        """Return the last ``width`` items of each user, ``[B, width]``."""
        return self._gather(self.starts[users + 1], self.starts[users], width)

    def _gather(self, ends: Tensor, first: Tensor, width: int) -> Tensor:
        rows = ends.unsqueeze(1) + torch.arange(-width, 0, device=ends.device)
        there = rows >= first.unsqueeze(1)
        return torch.where(there, self.items[rows.clamp(min=0)], self.padding)

    def classes(self, lengths: Ints) -> list[tuple[int, Ints]]:
        """Cut a batch by the lengths of its histories, so that short ones are padded little.

        Padding changes nothing, so the cut does not either. On a GPU, where launching kernels
        costs more than padding, there is one class.

        Args:
            lengths: Items of history, ``[B]``, in [0, T].

        Returns:
            For each class its width, and the places of its rows in the batch.
        """
        widths = [w for w in WIDTHS if w < self.max_length] + [self.max_length]
        if self.items.device.type != "cpu":
            return [(self.max_length, np.arange(len(lengths)))]
        order = np.argsort(lengths, kind="stable")
        cuts = np.searchsorted(lengths[order], widths, side="right")
        parts = zip(widths, np.split(order, cuts[:-1]), strict=True)
        return [(w, part) for w, part in parts if len(part)]
