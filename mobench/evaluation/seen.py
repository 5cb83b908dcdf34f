"""What a user has seen already, and must not be recommended again."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobench.data.dataset import Interactions


class Seen:
    """The masked columns of held-out rows, found by arithmetic on the device.

    No target of a user is masked for any of them, so that all rows of a user share one list.

    Args:
        known: Splits whose items are masked.
        held_out: The rows to be ranked, ``[R]``, in the order in which they will be.
        place: Column of each item, ``[I]``.
        n_users: U.
        device: Where to compute.
    """

    def __init__(
        self,
        known: Sequence[Interactions],
        held_out: Interactions,
        place: NDArray[np.int64],
        n_users: int,
        device: str,
    ) -> None:
        starts, items = masked(known, held_out, n_users, len(place))
        counts = np.diff(starts)[held_out.user]
        self.first, self.counts, self.columns = (
            torch.from_numpy(array).to(device)
            for array in (starts[held_out.user], counts, place[items])
        )
        # known here, so that a GPU need not be asked for a size in every block
        self.ends = np.concatenate(([0], np.cumsum(counts)))

    def flat(self, start: int, stop: int, width: int) -> Tensor:
        """Return the masked places of rows ``start`` to ``stop`` in a matrix ``width`` wide."""
        total = int(self.ends[stop] - self.ends[start])
        counts = self.counts[start:stop]
        row = torch.arange(stop - start, device=counts.device)
        row = row.repeat_interleave(counts, output_size=total)
        before = counts.cumsum(0) - counts
        shift = (self.first[start:stop] - before)[row]
        inside = torch.arange(total, device=counts.device)
        return row * width + self.columns[shift + inside]


def masked(
    known: Sequence[Interactions], held_out: Interactions, n_users: int, n_items: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the masked items by user: starts ``[U + 1]`` and items, distinct and sorted."""
    user, item = (
        np.concatenate([getattr(rows, column) for rows in known]).astype(np.int64)
        for column in ("user", "item")
    )
    targets = held_out.user.astype(np.int64) * n_items + held_out.item
    keys = np.setdiff1d(user * n_items + item, targets)
    starts = np.searchsorted(keys, np.arange(n_users + 1, dtype=np.int64) * n_items)
    return starts, keys % n_items
