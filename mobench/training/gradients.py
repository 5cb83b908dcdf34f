"""Gradients of several losses at once, only on the rows of the tables that a step reads.

The gradient of an embedding table is 0 outside the rows that were looked up. So the inner products
of M gradients, the Gramian, are exact on these rows, at a small part of the cost of M dense
gradients (measured in ``benchmarks/bench_gramian.py``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torch.overrides import TorchFunctionMode

from mobench.errors import TrainingError
from mobench.models.lookup import pair_scores

BLOCK = 1 << 14
"""Numbers per loss that are turned into float64 at once, few enough to stay in the cache."""

TOLERANCE = 1e-3
"""Largest difference of the two ways of computing a Gramian, in units of the gradients' norms."""

ACT_ON_ALL = {"max_norm", "scale_grad_by_freq", "sparse"}
"""Options of a look-up that change the table, or the gradient as a whole."""

Gradient = Tensor | None


@dataclass(frozen=True)
class Lookup:
    """One reading of a table.

    Attributes:
        table: The parameter, ``[R, D]``.
        rows: Which of its rows were read, each once, ``[U]``.
        values: These rows, ``[U, D]``; what was computed depends on them, not on the table.
    """

    table: Tensor
    rows: Tensor
    values: Tensor


@dataclass(frozen=True)
class Part:
    """The gradients of M losses for one parameter.

    Attributes:
        parameter: The parameter.
        rows: The rows of it that they belong to, ``[U]``; ``None`` if to all.
        gradients: ``[M, U, …]``, or ``[M, …]`` as large as the parameter.
    """

    parameter: Tensor
    rows: Tensor | None
    gradients: Tensor


class Lookups(TorchFunctionMode):
    """Records what is read of the tables while it is entered.

    ``F.embedding`` (and with it ``nn.Embedding``) and ``pair_scores`` then read from a copy of the
    rows that they need. Whatever else is done with a parameter goes its usual way, so that its
    gradient is dense, and exact too. So do look-ups with options that act on the whole table.

    Args:
        parameters: The parameters of the model.
    """

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        super().__init__()
        self.known = {id(parameter) for parameter in parameters if parameter.requires_grad}
        self.made: list[Lookup] = []

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Serve look-ups, and let everything else pass."""
        given = kwargs or {}
        if torch.is_grad_enabled():  # off inside an autograd function, which has its own gradient
            if func is F.embedding and not any(given[name] for name in ACT_ON_ALL & {*given}):
                ids, table = args
                return self._embed(ids, table, given.get("padding_idx"))
            if func is pair_scores:
                users, items, u, i = args
                (users, u), (items, i) = self._read(users, u), self._read(items, i)
                return pair_scores(users, items, u, i)
        return func(*args, **given)

    def _embed(self, ids: Tensor, table: Tensor, padding: int | None) -> Tensor:
        values, places = self._read(table, ids)
        if values is not table and padding is not None:  # the row that is to have no gradient
            found = (self.made[-1].rows == padding % len(table)).nonzero()
            padding = int(found) if len(found) else None
        return F.embedding(places, values, padding)

    def _read(self, table: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rows of a parameter and the places of ``ids`` in them; others as given."""
        if id(table) not in self.known:
            return table, ids
        rows, places = torch.unique(ids, return_inverse=True)
        values = table.detach().index_select(0, rows).requires_grad_()
        self.made.append(Lookup(table, rows, values))
        return values, places


def jacobian(losses: Tensor, parameters: Sequence[Tensor], lookups: Sequence[Lookup]) -> list[Part]:
    """Return the gradients of ``losses [M]`` for all parameters that they depend on.

    Args:
        losses: Computed while ``lookups`` were recorded; their graph is used up.
        parameters: The parameters of the model.
        lookups: What was read of its tables.
    """
    inputs = [*parameters, *(lookup.values for lookup in lookups)]
    last = len(losses) - 1
    found = [
        torch.autograd.grad(loss, inputs, retain_graph=k < last, allow_unused=True)
        for k, loss in enumerate(losses)
    ]
    by_input: list[tuple[Gradient, ...]] = list(zip(*found, strict=True))
    parts = []
    for place, parameter in enumerate(parameters):
        read = [
            (lookup.rows, gradients)
            for lookup, gradients in zip(lookups, by_input[len(parameters) :], strict=True)
            if lookup.table is parameter
        ]
        part = _part(parameter, by_input[place], read)
        parts += [part] if part else []
    return parts


def _part(
    parameter: Tensor,
    direct: Sequence[Gradient],
    read: Sequence[tuple[Tensor, Sequence[Gradient]]],
) -> Part | None:
    """Return the gradients of one parameter, ``None`` if no loss depends on it.

    Args:
        parameter: The parameter.
        direct: Its gradient for each loss where it was used as a whole, ``[M]``.
        read: Rows of it, and the gradient of these rows for each loss.
    """
    used = any(gradient is not None for gradient in direct)
    read = [(rows, each) for rows, each in read if any(g is not None for g in each)]
    if not used and len(read) == 1:
        some, gradients = read[0]
        return Part(parameter, some, _stacked(gradients, (len(some), *parameter.shape[1:])))
    rows: Tensor | None = None
    if used:
        whole = _stacked(direct, parameter.shape)
    elif read:
        rows = torch.unique(torch.cat([some for some, _ in read]))
        whole = parameter.new_zeros(len(direct), len(rows), *parameter.shape[1:])
    else:
        return None
    for some, gradients in read:  # rows may be in several look-ups: their gradients add up
        places = some if rows is None else torch.searchsorted(rows, some)
        for total, gradient in zip(whole, gradients, strict=True):
            if gradient is not None:
                total.index_add_(0, places, gradient)
    return Part(parameter, rows, whole)


def _stacked(gradients: Sequence[Gradient], shape: Sequence[int]) -> Tensor:
    """Return gradients ``[M, *shape]``; a loss that does not depend on something has 0."""
    there = next(gradient for gradient in gradients if gradient is not None)
    return torch.stack(
        [there.new_zeros(shape) if each is None else each.to_dense() for each in gradients]
    )


def gramian(parts: Sequence[Part], n_losses: int) -> NDArray[np.float64]:
    """Return the inner products of the gradients, ``[M, M]``, summed in float64."""
    device = parts[0].gradients.device if parts else "cpu"
    total = torch.zeros((n_losses, n_losses), dtype=torch.float64, device=device)
    for part in parts:
        for block in torch.split(part.gradients.flatten(1), BLOCK, 1):
            exact = block.to(torch.float64)
            total += exact @ exact.T
    return np.asarray(total.cpu().numpy())


def dense_gramian(losses: Tensor, parameters: Sequence[Tensor]) -> NDArray[np.float64]:
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
