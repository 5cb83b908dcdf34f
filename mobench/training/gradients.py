"""Gradients of several losses at once, only on the rows of the tables that a step reads.

The gradient of an embedding table is 0 outside the rows that were looked up. So the inner products
of M gradients, the Gramian, are exact on these rows, at a small part of the cost of M dense
gradients (measured in ``benchmarks/bench_gramian.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobench.errors import TrainingError
from mobench.training.lookups import Lookup, Pairs, Read

BLOCK = 1 << 16
"""Numbers of a gradient that are multiplied at once: few enough to stay in the cache, and for a sum
in float32 that is as exact as the gradients are. The sums are added up in float64."""

TOLERANCE = 1e-3
"""Largest difference of the two ways of computing a Gramian, in units of the gradients' norms."""

Gradient = Tensor | None


@dataclass(frozen=True)
class Part:
    """The gradients of M losses for one parameter.

    Attributes:
        parameter: The parameter.
        rows: The rows of it that they belong to, ``[U]``; ``None`` if to all.
        gradients: M of ``[U, …]``, or as large as the parameter.
    """

    parameter: Tensor
    rows: Tensor | None
    gradients: Sequence[Tensor]


def jacobian(
    losses: Sequence[Tensor] | Tensor, parameters: Sequence[Tensor], made: Sequence[Lookup | Pairs]
) -> list[Part]:
    """Return the gradients of M losses for all parameters that they depend on.

    Args:
        losses: Computed while look-ups were recorded; their graph is used up.
        parameters: The parameters of the model.
        made: What was recorded.
    """
    found = derivatives(losses, [*parameters, *(each.leaf for each in made)])
    by_input: list[tuple[Gradient, ...]] = list(zip(*found, strict=True))
    read: list[Read] = []
    for each, gradients in zip(made, by_input[len(parameters) :], strict=True):
        if all(gradient is None for gradient in gradients):
            continue
        read += each.gradients(filled(gradients))
    parts = [
        _part(parameter, direct, [(a, g) for a, g in read if a.table is parameter])
        for parameter, direct in zip(parameters, by_input, strict=False)
    ]
    return [part for part in parts if part]


def derivatives(
    losses: Sequence[Tensor] | Tensor, inputs: Sequence[Tensor]
) -> list[tuple[Gradient, ...]]:
    """Return the gradients of each loss for all inputs; the graph of the losses is used up."""
    last = len(losses) - 1
    return [
        torch.autograd.grad(loss, inputs, retain_graph=k < last, allow_unused=True)
        for k, loss in enumerate(losses)
    ]


def _part(parameter: Tensor, direct: Sequence[Gradient], read: Sequence[Read]) -> Part | None:
    """Return the gradients of one parameter, ``None`` if no loss depends on it.

    Args:
        parameter: The parameter.
        direct: Its gradient for each loss where it was used as a whole, ``[M]``.
        read: Rows of it, and the gradients of these rows.
    """
    rows: Tensor | None = None
    if any(gradient is not None for gradient in direct):
        whole = filled(direct)
        if read:  # autograd may give one tensor for two inputs
            whole = [gradient.clone() for gradient in whole]
    elif len(read) == 1:
        return Part(parameter, read[0][0].rows, read[0][1])
    elif read:
        rows = torch.unique(torch.cat([lookup.rows for lookup, _ in read]))
        shape = len(rows), *parameter.shape[1:]
        whole = [parameter.detach().new_zeros(shape) for _ in direct]
    else:
        return None
    for lookup, gradients in read:  # rows may be in several look-ups: their gradients add up
        places = lookup.rows if rows is None else torch.searchsorted(rows, lookup.rows)
        for total, gradient in zip(whole, gradients, strict=True):
            total.index_add_(0, places, gradient)
    return Part(parameter, rows, whole)


def filled(gradients: Sequence[Gradient]) -> list[Tensor]:
    """Return dense gradients; a loss that does not depend on something has 0."""
    there = next(gradient for gradient in gradients if gradient is not None)
    return [torch.zeros_like(there) if each is None else each.to_dense() for each in gradients]


def gramian(parts: Sequence[Part], n_losses: int) -> NDArray[np.float64]:
    """Return the inner products of the gradients, ``[M, M]`` float64."""
    pairs = [(k, j) for k in range(n_losses) for j in range(k + 1)]
    blocks = [
        torch.stack([torch.dot(block[k], block[j]) for k, j in pairs])
        for part in parts
        for block in zip(
            *(torch.split(each.reshape(-1), BLOCK) for each in part.gradients), strict=True
        )
    ]
    total = np.zeros((n_losses, n_losses))
    products = torch.stack(blocks).to(torch.float64).sum(0).tolist()
    for (k, j), product in zip(pairs, products, strict=True):
        total[k, j] = total[j, k] = product
    return total


def dense_gramian(
    losses: Sequence[Tensor] | Tensor, parameters: Sequence[Tensor]
) -> NDArray[np.float64]:
    """Return the same in the plain way, from losses that were computed without recording."""
    return gramian(jacobian(losses, parameters, []), len(losses))


def check_gramian(found: NDArray[np.float64], dense: NDArray[np.float64]) -> None:
    """Compare a Gramian with the one of dense gradients.

    Raises:
        TrainingError: They differ by more than rounding.
    """
    norms = np.sqrt(dense.diagonal())
    if (np.abs(found - dense) <= TOLERANCE * np.outer(norms, norms)).all():
        return
    raise TrainingError(
        "gradients on the rows that were looked up are not those of the whole tables: Gramian"
        f" '{found.tolist()}', dense '{dense.tolist()}'",
        "a backbone must score the same when it is called twice, and read its tables by look-ups.",
    )
