"""Negatives drawn by popularity, with the user's own train items rejected, on the device."""

from typing import Any

import torch
from torch import Tensor

BITMAP_BYTES = 1 << 28
"""Up to this size the seen pairs are one bit each; above it they are searched for."""


class Seen:
    """Whether a user has an item among the train rows; exact, on the device.

    Args:
        users: User of each train row, ``[N]`` int64.
        items: Item of each train row, ``[N]`` int64.
        n_users: U.
        n_items: I.
    """

    def __init__(self, users: Tensor, items: Tensor, n_users: int, n_items: int) -> None:
        self.n_users, self.n_items = n_users, n_items
        keys = torch.unique(users * n_items + items)
        self.bits: Tensor | None = None
        self.keys = keys
        if n_users * n_items <= 8 * BITMAP_BYTES:
            self.bits = _pack(keys, n_users * n_items)

    def __call__(self, users: Tensor, items: Tensor) -> Tensor:
        """Return a mask ``[…]`` for users and items of equal (broadcast) shape."""
        wanted = users * self.n_items + items
        if self.bits is not None:
            byte = self.bits[wanted >> 3] >> (wanted & 7).to(torch.uint8)
            return torch.bitwise_and(byte, 1).to(torch.bool)
        place = torch.searchsorted(self.keys, wanted).clamp_(max=len(self.keys) - 1)
        return torch.eq(self.keys[place], wanted)


def _pack(keys: Tensor, size: int) -> Tensor:
    """Return a bitmap of ``size`` bits with ``keys`` (distinct) set, eight to a byte."""
    bits = torch.zeros(-(-size // 8), dtype=torch.int32, device=keys.device)
    values = torch.ones_like(keys, dtype=torch.int32) << (keys & 7).to(torch.int32)
    return bits.index_add_(0, keys >> 3, values).to(torch.uint8)


class NegativeSampler:
    """Draws items with probability ∝ (train count)^power that the user has not seen in train.

    Args:
        counts: Train rows of each item, ``[I]``.
        seen: The pairs to reject.
        power: 0 is uniform over all items, 1 is popularity.
        max_redraws: Rounds of redrawing rejected negatives; what is still seen then is kept and
            counted in ``kept``, a tensor ``[]``.
        seed: Seed of the stream.
    """

    def __init__(
        self,
        counts: Tensor,
        seen: Seen,
        power: float,
        max_redraws: int,
        seed: int,
    ) -> None:
        self.seen = seen
        self.n_items = len(counts)
        self.max_redraws = max_redraws
        self.edges: Tensor | None = None
        if power > 0:
            edges = torch.cumsum(counts.to(torch.float64) ** power, 0)
            self.edges = edges / edges[-1]
        self.generator = torch.Generator(counts.device).manual_seed(seed)
        self.kept = torch.zeros((), dtype=torch.int64, device=counts.device)

    @property
    def device(self) -> str:
        """Where they are drawn, ``cpu`` or ``cuda``."""
        return self.kept.device.type

    def draw(self, users: Tensor, n: int) -> Tensor:
        """Return ``[B, n]`` int64 items for ``users [B]``."""
        owner = users.unsqueeze(1).expand(-1, n).reshape(-1)
        draw = self._redraw if self.device == "cpu" else self._first_unseen
        return draw(owner).view(len(users), n)

    def _redraw(self, owner: Tensor) -> Tensor:
        """Draw an item for each ``owner``, and draw again where it was seen."""
        items = self.candidates(len(owner))
        wrong = self.seen(owner, items).nonzero().squeeze(1)
        for _ in range(self.max_redraws):
            if not len(wrong):
                return items
            items[wrong] = again = self.candidates(len(wrong))
            wrong = wrong[self.seen(owner[wrong], again)]
        self.kept += len(wrong)
        return items

    def _first_unseen(self, owner: Tensor) -> Tensor:
        """Draw all redraws at once and take the first unseen, so that a GPU is not waited for.

        The distribution is that of ``_redraw``, the stream is another.
        """
        rounds = self.max_redraws + 1
        items = self.candidates(rounds * len(owner)).view(rounds, len(owner))
        fresh = ~self.seen(owner.expand_as(items), items)
        first = fresh.to(torch.uint8).argmax(0, keepdim=True)  # the first of equals
        self.kept += len(owner) - fresh.any(0).sum()
        return items.gather(0, first).squeeze(0)

    def candidates(self, n: int) -> Tensor:
        """Return the next ``n`` items of the stream, seen or not."""
        device = self.generator.device
        if self.edges is None:
            return torch.randint(self.n_items, (n,), generator=self.generator, device=device)
        uniform = torch.rand(n, generator=self.generator, device=device, dtype=torch.float64)
        return torch.searchsorted(self.edges, uniform, right=True).clamp_(max=self.n_items - 1)

    def reseed(self, seed: int) -> None:
        """Start a new stream."""
        self.generator.manual_seed(seed)

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes while training."""
        return {"generator": self.generator.get_state(), "kept": self.kept.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.generator.set_state(state["generator"])
        self.kept = state["kept"].to(self.kept.device)
