"""The train split on the device, and the objectives' masses over its rows."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mobench.config import TrainConfig
from mobench.data.dataset import Dataset
from mobench.data.sequences import Sequences, n_windows
from mobench.models import Backbone
from mobench.objectives import OBJECTIVES, Objective, Settings
from mobench.seeds import Seeds
from mobench.training.negatives import NegativeSampler, Seen
from mobench.training.sampler import AdaptiveSampler, Masses


@dataclass(frozen=True)
class TrainData:
    """Integer tensors of the train split.

    Attributes:
        users: User of each row, ``[N]`` int64.
        items: Item of each row, ``[N]`` int64.
        counts: Train rows of each item, ``[I]`` int64.
        seen: The (user, item) pairs of the split.
        device: Where they live.
    """

    users: Tensor
    items: Tensor
    counts: Tensor
    seen: Seen
    device: str

    @classmethod
    def load(cls, dataset: Dataset, device: str) -> "TrainData":
        """Move the train split to ``device``."""
        rows = dataset.splits["train"]
        users = torch.from_numpy(rows.user.astype(np.int64)).to(device)
        items = torch.from_numpy(rows.item.astype(np.int64)).to(device)
        counts = torch.bincount(items, minlength=dataset.n_items)
        seen = Seen(users, items, dataset.n_users, dataset.n_items)
        return cls(users, items, counts, seen, device)

    def negatives(self, config: TrainConfig, stream: str) -> NegativeSampler:
        """Return a sampler of negatives with a stream of its own."""
        seed = Seeds(config.seed).integer(stream)
        return NegativeSampler(
            self.counts, self.seen, config.negative_power, config.max_redraws, seed
        )


def by_positions(kind: type[Backbone], config: TrainConfig) -> bool:
    """Return whether all positions of a window are targets at once."""
    return kind.uses_history and config.targets == "positions"


def objectives(dataset: Dataset, config: TrainConfig) -> dict[str, Objective]:
    """Return the auxiliary objectives of a run, by name."""
    return {
        name: OBJECTIVES[name](dataset.items, dataset.target_share, settings(config))
        for name in config.auxiliary
    }


def settings(config: TrainConfig) -> Settings:
    """Return the options that objectives read."""
    return Settings(
        k=config.k,
        fair_signal=config.fair_signal,
        min_group_size=config.min_group_size,
        align_k=config.align_k or config.k,
        dead_band=config.dead_band,
    )


def sampler(
    dataset: Dataset,
    config: TrainConfig,
    wanted: dict[str, Objective],
    *,
    positions: bool = False,
) -> AdaptiveSampler:
    """Return the sampler of a run: one block per objective, or one block to be weighted.

    ``continue`` and the rivals see as many positives per step as MoRec, all uniform.

    Args:
        dataset: The dataset.
        config: The run's config.
        wanted: The auxiliary objectives.
        positions: The uniform block counts windows, and the others draw from the rows that have a
            history (numbered among themselves): the targets of all windows.
    """
    train = dataset.splits["train"]
    item, n_rows = train.item, len(train)
    if positions:
        item = item[Sequences.of([train], dataset.n_users).targets()]
        n_rows = n_windows(dataset, config.max_length)
    if config.adapts:
        masses = {
            name: Masses.over(goal.groups[item], goal.start_weights())
            for name, goal in wanted.items()
        }
    else:
        extra = len(config.auxiliary) if config.starts_from_base else 0
        uniform = np.zeros(len(item), dtype=np.int64)
        masses = {f"uniform {i}": Masses.over(uniform) for i in range(extra)}
    return AdaptiveSampler(
        masses,
        n_rows=n_rows,
        batch_size=config.batch_size,
        mode=config.sampler_mode,
        step=config.sampler_step,
        floor=config.sampler_floor,
        rule=config.step_rule,
        seed=config.seed,
    )
