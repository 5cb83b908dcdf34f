"""Inner products of looked-up vectors without holding all of them at once.

Plain ``bmm`` over ``F.embedding`` builds ``[B, N, D]`` tensors three times a step; on a CPU the
memory traffic costs more than the arithmetic. Here the forward pass goes through blocks that fit
the cache, and the backward pass is two products with a sparse matrix of B · N entries.
"""

import warnings
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function

BLOCK = 512

with warnings.catch_warnings():  # torch says once per process that sparse CSR is in beta
    warnings.simplefilter("ignore", UserWarning)
    torch.sparse_csr_tensor([0, 1], [0], [1.0], (1, 1), check_invariants=False)


class PairScores(torch.autograd.Function):
    """``scores[b, n] = ⟨users[u_b], items[i_bn]⟩`` with exact gradients for both tables."""

    @staticmethod
    def forward(ctx: Any, users: Tensor, items: Tensor, u: Tensor, i: Tensor) -> Tensor:
        """Score ``i [B, N]`` for ``u [B]`` from tables ``[U, D]`` and ``[I, D]``."""
        rows = F.embedding(u, users)  # [B, D]
        scores = users.new_empty(i.shape)
        for start in range(0, len(u), BLOCK):
            block = slice(start, start + BLOCK)
            vectors = F.embedding(i[block], items)  # [BLOCK, N, D]
            torch.bmm(vectors, rows[block].unsqueeze(2), out=scores[block].unsqueeze(2))
        ctx.save_for_backward(users, items, u, i, rows)
        ctx.by_item = None
        return scores

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Return the gradients of both tables."""
        users, items, u, i, rows = ctx.saved_tensors
        (n_rows, n), flat, values = i.shape, i.reshape(-1), grads[0].reshape(-1)
        starts = torch.arange(0, n_rows * n + 1, n)
        by_row = torch.sparse_csr_tensor(
            starts, flat, values, (n_rows, len(items)), check_invariants=False
        )
        of_users = torch.zeros_like(users).index_add_(0, u, by_row @ items)
        if ctx.by_item is None:  # kept for the next loss, where gradients of several are wanted
            ends = torch.bincount(flat, minlength=len(items)).cumsum(0)
            ctx.by_item = torch.argsort(flat, stable=True), F.pad(ends, (1, 0))
        order, ends = ctx.by_item
        by_item = torch.sparse_csr_tensor(
            ends,
            order // n,
            values[order],
            (len(items), n_rows),
            check_invariants=False,
        )
        return of_users, by_item @ rows, None, None


def pair_scores(users: Tensor, items: Tensor, u: Tensor, i: Tensor) -> Tensor:
    """Return ``⟨users[u_b], items[i_bn]⟩``, ``[B, N]``, for ``u [B]`` and ``i [B, N]``.

    Like a function of torch's own it can be overridden, by a mode that records look-ups.
    """
    if has_torch_function((users, items)):
        return handle_torch_function(pair_scores, (users, items), users, items, u, i)
    if users.device.type == "cpu" and torch.backends.mkl.is_available():  # type: ignore[no-untyped-call]
        scores: Tensor = PairScores.apply(users, items, u, i)  # type: ignore[no-untyped-call]
        return scores
    return torch.bmm(F.embedding(i, items), F.embedding(u, users).unsqueeze(2)).squeeze(2)
