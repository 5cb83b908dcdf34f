"""The two tables of MF and their optimiser's state, for the kernels."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobench.training.native_draw import Codes, kernels
from mobench.training.optimizer import Adam, LazyAdam

Floats = NDArray[np.float32]
Pairs = tuple[Codes, Codes]
"""Users ``[B]``, and the items ``[B, N]`` that each is scored for."""


@dataclass
class Table:
    """Views of a table ``[R, D]`` and of its optimiser state, with room for its gradient."""

    weights: Floats
    state: dict[str, Tensor]
    group: dict[str, Any]
    gradient: Floats = field(init=False)
    touched: NDArray[np.uint8] = field(init=False)
    first: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        """Make room; what stands in the gradient of an untouched row is never read."""
        self.gradient = np.empty_like(self.weights)
        self.touched = np.zeros(len(self.weights), np.uint8)
        self.first = np.full(len(self.weights), -1, np.int32)

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


class Tables:
    """Both tables: scores of pairs, gradients for those of the scores, and the step of Adam.

    The state is the optimiser's own, so that resume needs nothing more.

    Args:
        optimizer: Of an MF on the CPU, dense or lazy.
    """

    def __init__(self, optimizer: Adam) -> None:
        self.lazy = isinstance(optimizer, LazyAdam)
        self.users, self.items = (
            Table(parameter.detach().numpy(), optimizer.moments(parameter), group)
            for group in optimizer.param_groups
            for parameter in group["params"]
        )
        self.threads = torch.get_num_threads()
        self.pool = ThreadPoolExecutor(self.threads)

    def scores(self, pairs: Pairs) -> Tensor:
        """Return the scores of pairs, ``[B, N]``."""
        return pair_scores(self.users.weights, self.items.weights, pairs)

    def gramian(self, pairs: Pairs, slopes: Tensor) -> NDArray[np.float64]:
        """Return the inner products of the gradients of M losses, ``[M, M]`` float64.

        Args:
            pairs: What was scored.
            slopes: Derivatives of the losses by the scores, ``[M, B, N]``.
        """
        user, item = np.repeat(pairs[0], pairs[1].shape[1]), pairs[1].reshape(-1)
        given = slopes.flatten(1).T.contiguous().numpy()
        total = np.zeros((len(slopes), len(slopes)))
        add = kernels().add_products
        add(user, item, self.items.weights, given, self.users.first, total)
        add(item, user, self.users.weights, given, self.items.first, total)
        return total + np.tril(total, -1).T

    def move(self, pairs: Pairs, slopes: Tensor, decay: float) -> None:
        """Let Adam move both tables down a loss; each row is moved by one thread alone.

        Args:
            pairs: What was scored.
            slopes: The loss's derivatives by the scores, ``[B, N]``.
            decay: Strength of the L2 term.
        """
        both = (self.users, self.items)
        places = *(t.gradient for t in both), *(t.touched for t in both)
        kernels().add_gradients(
            *(t.weights for t in both), *pairs, slopes.contiguous().numpy(), *places
        )
        move = kernels().adam
        for table in both:
            whole = *table.parts(decay), self.lazy
            edges = [len(table.weights) * i // self.threads for i in range(self.threads + 1)]
            if self.threads == 1:
                move(*whole, *edges)
            else:
                list(self.pool.map(lambda a, b, w=whole: move(*w, a, b), edges[:-1], edges[1:]))


def pair_scores(users: Floats, items: Floats, pairs: Pairs) -> Tensor:
    """Return ``⟨users[u_b], items[i_bn]⟩`` for all pairs, ``[B, N]``."""
    scores = torch.empty(pairs[1].shape)
    kernels().score(users, items, *pairs, scores.numpy())
    return scores
