"""The MF-BPR step in native code: what ``Step`` does on a CPU, several times as fast.

The results are those of ``Step`` to float32 rounding. Whether it is used follows from the size of
the problem and from what is installed, never from a measurement, so equal runs give equal bytes.
"""

import importlib.util
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mobench.errors import ConfigError
from mobench.models import MF, Backbone
from mobench.training.batches import Scorer
from mobench.training.data import TrainData
from mobench.training.negatives import NegativeSampler
from mobench.training.optimizer import Adam, LazyAdam
from mobench.training.step import Step

Codes = NDArray[np.uint64]
Floats = NDArray[np.float32]
MIN_PAIRS = 1 << 20
"""Pairs of an epoch from which it is used: below it loading numba costs more than it saves."""


def usable(model: Backbone, data: TrainData, n_negatives: int) -> bool:
    """Return whether native code can and should be used: MF on the CPU, large enough, numba."""
    fits = type(model) is MF and data.device == "cpu"
    large = len(data.users) * n_negatives >= MIN_PAIRS
    return fits and large and importlib.util.find_spec("numba") is not None


@dataclass
class Table:
    """Views of a table ``[R, D]`` and of its optimiser state, with room for its gradient."""

    weights: Floats
    state: dict[str, Tensor]
    group: dict[str, Any]
    gradient: Floats = field(init=False)
    touched: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        """Make room; what stands in the gradient of an untouched row is never read."""
        self.gradient = np.empty_like(self.weights)
        self.touched = np.zeros(len(self.weights), np.uint8)

    def parts(self, decay: float) -> tuple[NDArray[Any], ...]:
        """Count a step; return what the kernels of Adam need, the decay included."""
        step = float(self.state["step"].add_(1))
        beta1, beta2 = self.group["betas"]
        pace = self.group["lr"] / (1 - beta1**step)
        scale = (1 - beta2**step) ** -0.5
        given = (beta1, 1 - beta1, beta2, 1 - beta2, pace, scale, self.group["eps"], decay)
        moments = self.state["exp_avg"].numpy(), self.state["exp_avg_sq"].numpy()
        rates = np.array(given, np.float32)
        return self.weights, *moments, self.gradient, self.touched, rates


class NativeDraw:
    """Draws what ``negatives.draw`` would, from the same stream, faster.

    Args:
        negatives: The sampler, on the CPU.
        n: Negatives per positive.
    """

    def __init__(self, negatives: NegativeSampler, n: int) -> None:
        self.negatives, self.n, seen = negatives, n, negatives.seen
        if seen.bits is not None:
            self.settle = partial(_kernels().settle_by_bits, seen.bits.numpy(), seen.n_items)
            return
        starts = torch.searchsorted(seen.keys, torch.arange(seen.n_users + 1) * seen.n_items)
        keys = _codes(seen.keys), _codes(starts)
        self.settle = partial(_kernels().settle_by_search, *keys, seen.n_items)

    def __call__(self, user: Codes) -> Codes:
        """Return ``[B, n]`` items for ``user [B]``."""
        wrong = self.n * len(user)
        owner, items = np.repeat(user, self.n), np.empty(wrong, np.uint64)
        places = np.arange(wrong, dtype=np.uint64)
        for _ in range(self.negatives.max_redraws + 1):
            drawn = self.negatives.candidates(wrong)
            wrong = self.settle(owner, items, places, _codes(drawn))
            if not wrong:
                break
        self.negatives.kept += wrong
        return items.reshape(len(user), self.n)


class NativeStep:
    """A step of ``plain`` for MF on the CPU, with dense or lazy Adam.

    The scores, the gradients of the tables and Adam are native. In between torch works on the
    ``[B, N]`` gaps. The state is the optimiser's own, so that resume needs nothing more.

    Args:
        plain: The step to take.
    """

    def __init__(self, plain: Step) -> None:
        self.plain = plain
        self.draw = NativeDraw(plain.negatives, plain.n_negatives)
        assert isinstance(plain.optimizer, Adam)
        self.lazy = isinstance(plain.optimizer, LazyAdam)
        self.users, self.items = (
            Table(parameter.detach().numpy(), plain.optimizer.moments(parameter), group)
            for group in plain.optimizer.param_groups
            for parameter in group["params"]
        )
        self.mix: Tensor | None = None
        if plain.row_weights is not None:  # in the order of the rows: one look-up serves all
            ones = torch.ones((1, plain.row_weights.shape[1]))
            self.mix = torch.cat((ones, plain.row_weights)).T.contiguous()
        self.even: Tensor | None = None
        self.threads = torch.get_num_threads()
        self.pool = ThreadPoolExecutor(self.threads)

    @torch.no_grad()
    def __call__(self, data: TrainData, batch: Tensor) -> Tensor:
        """Take one step on the rows ``batch [blocks, B]``; returns what ``Step`` does."""
        plain, tables = self.plain, (self.users, self.items)
        pairs, gaps = _gaps([table.weights for table in tables], self.draw, data, batch)
        shares = self._shares(batch)
        losses = (F.softplus(gaps).mean(1) @ shares).to(torch.float64)  # softplus as in bpr_loss
        weights = plain.coordinator.weights(losses)
        pulls = shares @ weights.to(torch.float32) / plain.n_negatives
        places = *(t.gradient for t in tables), *(t.touched for t in tables)
        _kernels().add_gradients(*pairs, torch.sigmoid(gaps).numpy(), pulls.numpy(), *places)
        self._move(float(plain.decay(weights)))
        return torch.cat((losses, weights, plain.coordinator.trace()))

    def _shares(self, rows: Tensor) -> Tensor:
        """Return how much of each row's loss is in that of each objective, ``[blocks · B, M]``."""
        blocks, size = rows.shape
        if self.mix is not None:
            return self.mix.index_select(0, rows[0]) / size
        if self.even is None or len(self.even) != rows.numel():
            of_block = torch.full((blocks, 1), 1 / blocks)
            if not self.plain.pooled:
                of_block = torch.eye(blocks)
            self.even = of_block.repeat_interleave(size, 0) / size
        return self.even

    def _move(self, decay: float) -> None:
        """Let Adam move both tables; each row is moved by one thread alone."""
        move = _kernels().adam
        for table in (self.users, self.items):
            whole = *table.parts(decay), self.lazy
            edges = [len(table.weights) * i // self.threads for i in range(self.threads + 1)]
            if self.threads == 1:
                move(*whole, *edges)
            else:
                list(self.pool.map(lambda a, b, w=whole: move(*w, a, b), edges[:-1], edges[1:]))


@torch.no_grad()
def native_loss(scorer: Scorer, batches: Tensor) -> float:
    """Return what ``step.accuracy_loss`` does for the rows ``batches [steps, 1, B]``."""
    tables = [scorer.model.get_parameter(name).detach().numpy() for name in MF.tables]
    draw = NativeDraw(scorer.negatives, scorer.n)
    means = [F.softplus(_gaps(tables, draw, scorer.data, rows)[1]).mean() for rows in batches]
    return float(torch.stack(means).to(torch.float64).mean())


def _gaps(
    tables: Sequence[Floats], draw: NativeDraw, data: TrainData, rows: Tensor
) -> tuple[tuple[Any, ...], Tensor]:
    """Draw negatives; return what the kernels need, and the score gaps ``[V, n]`` of V rows."""
    flat = rows.reshape(-1)
    user, item = _codes(data.users[flat]), _codes(data.items[flat])
    pairs = (*tables, user, item, draw(user))
    gaps = torch.empty((len(flat), draw.n))
    _kernels().score_gaps(*pairs, gaps.numpy())
    return pairs, gaps


def _kernels() -> Any:
    """Return the kernels; only a resumed run can find numba gone."""
    try:
        from mobench.training import kernels
    except ModuleNotFoundError as error:
        raise ConfigError(
            "this run began with native code, which needs numba",
            "install it (pip install 'mobench[numba]'), or start over with --force.",
        ) from error
    return kernels


def _codes(tensor: Tensor) -> Codes:
    """Return an int64 tensor as unsigned codes, without a copy where it is contiguous."""
    return tensor.contiguous().numpy().view(np.uint64)
