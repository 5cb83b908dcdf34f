"""The gradient of a weighted sum of losses, put where the optimiser looks for it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mobench.training.gradients import Part
from mobench.training.optimizer import Adam, touched_rows


class Combiner:
    """Sets ``.grad`` of the parameters to Σ w_k g_k.

    A table under dense Adam keeps one buffer for its gradient from step to step; a table under
    ``lazy-adam`` is given a sparse gradient of the rows that change.

    Args:
        optimizer: Whose parameters they are.
    """

    def __init__(self, optimizer: Adam) -> None:
        self.optimizer = optimizer
        self.lazy = {
            id(parameter)
            for group in optimizer.param_groups
            if group.get("lazy")
            for parameter in group["params"]
        }
        self.buffers: dict[int, Tensor] = {}
        self.filled: dict[int, Tensor] = {}

    @torch.no_grad()
    def __call__(self, parts: Sequence[Part], weights: Sequence[float]) -> None:
        """Set the gradients; parameters that no loss depends on have none.

        Args:
            parts: The gradients of the losses.
            weights: ``[M]``.
        """
        self.optimizer.zero_grad()
        for part in parts:
            combined = weighted(part.gradients, weights)
            if part.rows is not None:
                place = self._sparse if id(part.parameter) in self.lazy else self._dense
                combined = place(part.parameter, part.rows, combined)
            part.parameter.grad = combined

    def _sparse(self, parameter: Tensor, rows: Tensor, combined: Tensor) -> Tensor:
        """Return the gradient of the rows where it is not 0: the others are not touched."""
        changed = touched_rows(combined)
        return torch.sparse_coo_tensor(
            rows[changed].unsqueeze(0),
            combined[changed],
            parameter.shape,
            is_coalesced=True,
            check_invariants=False,
        )

    def _dense(self, parameter: Tensor, rows: Tensor, combined: Tensor) -> Tensor:
        """Return the parameter's buffer with the gradient in it, and 0 in all other rows."""
        key = id(parameter)
        if key not in self.buffers:
            self.buffers[key] = torch.zeros_like(parameter)
        else:
            self.buffers[key].index_fill_(0, self.filled[key], 0)
        self.filled[key] = rows
        return self.buffers[key].index_copy_(0, rows, combined)


def weighted(gradients: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Return Σ w_k g_k."""
    total = gradients[0] * weights[0]
    for gradient, weight in zip(gradients[1:], weights[1:], strict=True):
        total.add_(gradient, alpha=weight)
    return total
