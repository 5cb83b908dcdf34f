"""One step of R matrix factorisations at once: as many launches as one of them takes.

Their tables lie one below the other, so that R models look like one with R times the users and
items; a run's codes are shifted to its own part. No part touches another, so every gradient is the
one that the run would have alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mobench.models import MF
from mobench.models.lookup import pair_scores
from mobench.models.mf import score
from mobench.training.joint_control import join
from mobench.training.joint_negatives import JointNegatives
from mobench.training.loop import Loop, epoch_weights
from mobench.training.optimizer import Adam
from mobench.training.state import TrainState


@dataclass
class JointTable:
    """Tables ``[U, D]`` of R runs as one.

    Attributes:
        whole: ``[R, U, D]``; the runs' own parameters are views of it.
        flat: The same memory as ``[R · U, D]``, with a gradient.
    """

    whole: Tensor
    flat: Tensor
    parameters: list[torch.nn.Parameter]

    @classmethod
    def of(cls, parameters: list[torch.nn.Parameter]) -> "JointTable":
        """Move the runs' tables together."""
        whole = torch.stack([parameter.detach() for parameter in parameters])
        for parameter, part in zip(parameters, whole, strict=True):
            parameter.data = part
        return cls(whole, whole.flatten(0, 1).requires_grad_(), parameters)

    def share_gradient(self, decay: Tensor) -> None:
        """Add the L2 term of strength ``decay [R]`` and let each run see its part."""
        assert self.flat.grad is not None
        gradient = self.flat.grad.view_as(self.whole)
        gradient.addcmul_(self.whole, decay.to(gradient.dtype).view(-1, 1, 1))
        for parameter, part in zip(self.parameters, gradient, strict=True):
            parameter.grad = part


class JointStep:
    """What ``Step`` does, for the runs of a group.

    Args:
        states: The runs, all before the same step of the same epoch, which has begun.
        loops: What each works with; they share data and all settings that shape a step.
    """

    def __init__(self, states: Sequence[TrainState], loops: Sequence[Loop]) -> None:
        self.states, self.data, config = states, loops[0].data, loops[0].config
        self.pooled = not config.adapts
        self.n = config.n_negatives
        device = self.data.device
        self.tables = [
            JointTable.of([s.model.get_parameter(name) for s in states]) for name in MF.tables
        ]
        self.coordinator = join([state.coordinator for state in states])
        lanes = lanes_of(loops)
        self.lane_of = torch.tensor(lanes).to(device)
        leaders = [lanes.index(lane) for lane in range(max(lanes) + 1)]
        ids = [states[i].sampler.batches() for i in leaders]
        self.batches = torch.stack(ids, 1).to(device)  # [steps, L, blocks, B]
        samplers = [
            [s.negatives for s, mine in zip(states, lanes, strict=True) if mine == lane]
            for lane in range(len(leaders))
        ]
        self.negatives = JointNegatives(samplers, [loops[i].config.seed for i in leaders])
        self.row_weights = joint_weights(states, loops)
        decays = [loop.config.weight_decay for loop in loops]
        self.decay = torch.tensor(decays, dtype=torch.float64, device=device)
        self.optimizer = joint_adam(states)
        self.trace = torch.stack([state.trace for state in states], 1)  # [steps, R, 2M + 3]

    def __call__(self, index: int) -> None:
        """Take step ``index`` of the epoch."""
        rows = self.batches[index]  # [L, blocks, B]
        flat = rows.flatten(1)  # [L, V]
        users, positives = self.data.users[flat], self.data.items[flat]
        items = torch.cat((positives.unsqueeze(2), self.negatives.draw(users, self.n)), 2)
        scores = self.scores(users[self.lane_of], items[self.lane_of]).flatten(0, 1)
        per_row = MF.loss(scores[:, 0], scores[:, 1:])
        losses = self.means(per_row.view(-1, *rows.shape[1:]), rows)
        detached = losses.detach().to(torch.float64)
        weights = self.coordinator.weights(detached)
        for table in self.tables:
            table.flat.grad = None
        torch.autograd.backward((weights.to(losses.dtype) * losses).sum())
        strength = self.decay * weights.sum(1)
        for table in self.tables:
            table.share_gradient(strength)
        self.optimizer.step()
        self.trace[index] = torch.cat((detached, weights, self.coordinator.trace()), 1)

    def scores(self, users: Tensor, items: Tensor) -> Tensor:
        """Score ``items [R, V, N]`` for ``users [R, V]``, each run with its own tables."""
        if users.device.type != "cpu":
            return self.flat_scores(users, items)
        tables = [table.flat.view_as(table.whole).unbind() for table in self.tables]
        parts = zip(*tables, users, items, strict=True)  # all at once would not fit the cache
        return torch.stack([score(*part) for part in parts])

    def flat_scores(self, users: Tensor, items: Tensor) -> Tensor:
        """Do the same in one go, as if all were one model of R times the users and items."""
        of_users, of_items = self.tables
        runs = torch.arange(len(users), device=users.device)
        u = users + runs.unsqueeze(1) * of_users.whole.shape[1]
        i = items + runs.view(-1, 1, 1) * of_items.whole.shape[1]
        scores = pair_scores(of_users.flat, of_items.flat, u.flatten(), i.flatten(0, 1))
        return scores.view_as(items)

    def means(self, per_row: Tensor, rows: Tensor) -> Tensor:
        """Return the loss of each run and objective ``[R, M]`` (see ``block_means``).

        Args:
            per_row: Losses ``[R, blocks, B]``.
            rows: Train rows of the lanes, ``[L, blocks, B]``.
        """
        if self.pooled:
            return per_row.flatten(1).mean(1, keepdim=True)
        if self.row_weights is None:
            return per_row.mean(2)
        own = rows[:, 0][self.lane_of].unsqueeze(1).expand(-1, self.row_weights.shape[1], -1)
        weighted = self.row_weights.gather(2, own) * per_row
        return torch.cat((per_row.mean(2), weighted.mean(2)), 1)

    def finite(self, start: int, stop: int) -> bool:
        """Return whether all losses of these steps are finite; a GPU is waited for here."""
        n = (self.trace.shape[2] - 3) // 2
        return bool(np.isfinite(self.trace[start:stop, :, :n].cpu().numpy()).all())

    def close(self, step: int) -> None:
        """Give the runs what changed, after so many steps of the epoch."""
        self.coordinator.close()
        self.negatives.close()
        for place, state in enumerate(self.states):
            state.trace, state.step = self.trace[:, place].clone(), step
            state.optimizer.zero_grad()


def lanes_of(loops: Sequence[Loop]) -> list[int]:
    """Return the lane of each run, numbered in the order of the runs."""
    first = loops[0].config
    if first.adapts and first.sampler_mode == "draw":
        return list(range(len(loops)))
    seeds = [loop.config.seed for loop in loops]
    known = list(dict.fromkeys(seeds))
    return [known.index(seed) for seed in seeds]


def joint_weights(states: Sequence[TrainState], loops: Sequence[Loop]) -> Tensor | None:
    """Return the weights of all train rows in mode reweight, ``[R, M − 1, N]``."""
    parts = [epoch_weights(state, loop) for state, loop in zip(states, loops, strict=True)]
    found = [part for part in parts if part is not None]
    return torch.stack(found) if found else None


def joint_adam(states: Sequence[TrainState]) -> Adam:
    """Return an optimiser that moves the parameters of all runs, those of one rate in one launch.

    Its moments are those of the runs' own optimisers.
    """
    rates = [state.optimizer.param_groups[0]["lr"] for state in states]
    groups = [
        {
            "lr": rate,
            "params": [
                parameter
                for state, mine in zip(states, rates, strict=True)
                if mine == rate
                for parameter in state.model.parameters()
            ],
        }
        for rate in dict.fromkeys(rates)
    ]
    joint = Adam(groups, lr=rates[0])
    for state in states:
        for parameter in state.model.parameters():
            joint.state[parameter] = state.optimizer.moments(parameter)
    return joint
