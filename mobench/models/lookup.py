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
        ctx.order = None
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
        if ctx.order is None:  # kept for the next loss, where gradients of several are wanted
            ctx.order = _by_item(i, len(items))
        starts, order = ctx.order
        by_item = torch.sparse_csr_tensor(
            starts, order // n, values[order], (len(items), n_rows), check_invariants=False
        )
        return of_users, by_item @ rows, None, None


def _by_item(i: Tensor, n_items: int) -> tuple[Tensor, Tensor]:
    """Return the order of the places in ``i [B, N]`` by item, and where each item begins in it."""
    flat = i.reshape(-1)
    ends = torch.bincount(flat, minlength=n_items).cumsum(0)
    return F.pad(ends, (1, 0)), torch.argsort(flat, stable=True)


@torch.no_grad()
def pair_gradients(
    users: Tensor, items: Tensor, u: Tensor, i: Tensor, grads: Tensor
) -> tuple[list[Tensor], list[Tensor]]:
    """Return the gradients of both tables for several gradients of the scores at once.

    Args:
        users: ``[U, D]``.
        items: ``[I, D]``.
        u: ``[B]``.
        i: ``[B, N]``.
        grads: Gradients of ``pair_scores(users, items, u, i)``, ``[M, B, N]``.

    Returns:
        ``[U, D]`` and ``[I, D]`` for each gradient of the scores.
    """
    (m, n_rows, n), width = grads.shape, users.shape[1]
    of_rows = users.new_empty((n_rows, m, width))
    for start in range(0, n_rows, BLOCK):
        block = slice(start, start + BLOCK)
        vectors = F.embedding(i[block], items)  # [BLOCK, N, D]
        torch.bmm(grads[:, block].transpose(0, 1), vectors, out=of_rows[block])
    of_users = users.new_zeros((len(users), m * width)).index_add_(0, u, of_rows.flatten(1))
    rows, (starts, order) = F.embedding(u, users), _by_item(i, len(items))
    place, values = order // n, grads.reshape(m, -1).index_select(1, order)
    of_items = [
        F.embedding_bag(place, rows, starts[:-1], mode="sum", per_sample_weights=each)
        for each in values
    ]
    return list(of_users.view(-1, m, width).unbind(1)), of_items


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
