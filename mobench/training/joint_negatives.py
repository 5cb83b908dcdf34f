"""Negatives of several runs at once; runs that see the same rows share them.

A lane is what runs with the same rows and the same stream have in common: all runs of a seed where
every block is uniform, one run alone where blocks are drawn by its own masses.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from mobench.training.negatives import NegativeSampler


class JointNegatives:
    """Draws for every lane what its own sampler would draw.

    Args:
        lanes: The samplers of the runs of each lane; all stand at the same place of their stream.
        seeds: The seed of each lane.
    """

    def __init__(self, lanes: Sequence[Sequence[NegativeSampler]], seeds: Sequence[int]) -> None:
        self.lanes = lanes
        self.leaders = [lane[0] for lane in lanes]
        self.device = self.leaders[0].kept.device
        self.streams = [seeds.index(seed) for seed in dict.fromkeys(seeds)]  # a leader each
        self.stream_of = torch.tensor([[*dict.fromkeys(seeds)].index(s) for s in seeds]).to(
            self.device
        )
        self.kept = torch.stack([leader.kept for leader in self.leaders])

    def draw(self, users: Tensor, n: int) -> Tensor:
        """Return ``[L, V, n]`` items for ``users [L, V]``."""
        if self.device.type == "cpu":
            drawn = [s.draw(row, n) for s, row in zip(self.leaders, users, strict=True)]
            self.kept = torch.stack([leader.kept for leader in self.leaders])
            return torch.stack(drawn)
        return self.first_unseen(users, n)

    def first_unseen(self, users: Tensor, n: int) -> Tensor:
        """Do what ``NegativeSampler._first_unseen`` does, for all lanes in one go.

        What it takes from a stream does not depend on the users, so lanes of a seed share it.
        """
        first = self.leaders[0]
        rounds, (lanes, width) = first.max_redraws + 1, (len(users), users.shape[1] * n)
        streams = [self.leaders[i].candidates(rounds * width) for i in self.streams]
        items = torch.stack(streams).view(-1, rounds, width).index_select(0, self.stream_of)
        owner = users.repeat_interleave(n, 1).unsqueeze(1)  # [L, 1, V · n]
        fresh = ~first.seen(owner.expand_as(items), items)
        place = fresh.to(torch.uint8).argmax(1, keepdim=True)  # the first of equals
        self.kept = self.kept + (width - fresh.any(1).sum(1))
        return items.gather(1, place).view(lanes, -1, n)

    def close(self) -> None:
        """Give all samplers the place of their stream, and their counts."""
        streams = [self.leaders[i].generator.get_state() for i in self.streams]
        shared = self.device.type != "cpu"  # on a CPU every lane has a stream of its own
        for place, (lane, kept) in enumerate(zip(self.lanes, self.kept, strict=True)):
            stream = streams[int(self.stream_of[place])]
            state = stream if shared else lane[0].generator.get_state()
            for sampler in lane:
                sampler.load_state_dict({"generator": state, "kept": kept.clone()})
