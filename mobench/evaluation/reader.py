"""The histories of held-out users: what they had before, and nothing that is to be guessed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mobench.data.dataset import Dataset, Interactions
from mobench.data.sequences import Sequences
from mobench.models import Histories


class Reader:
    """Gives users their last items, all rows of a user the same.

    Args:
        known: The splits that count as the past, merged by time.
        dataset: The dataset.
        max_length: Items of a history at most.
        device: Where to compute.
    """

    def __init__(
        self, known: Sequence[Interactions], dataset: Dataset, max_length: int, device: str
    ) -> None:
        sequences = Sequences.of(known, dataset.n_users)
        self.lengths = sequences.last_lengths(max_length)
        self.histories = Histories.load(sequences, dataset.n_items, max_length, device)

    def order(self, users: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the rows of ``users [R]`` by length of history, so that blocks pad little."""
        return np.argsort(self.lengths[users], kind="stable")

    def __call__(self, users: Tensor, width: int) -> Tensor:
        """Return the last ``width`` items of ``users [B]``, which lie on the device, ``[B, T]``."""
        return self.histories.last(users, max(1, width))
