"""The gradient of a weighted sum of losses, put where the optimiser looks for it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mobench.training.gradients import Part
from mobench.training.optimizer import Optimizer, add_term


class Combiner:
    """Sets ``.grad`` of the parameters to Σ w_k g_k + decay · parameter.

    A table under dense Adam keeps one buffer for its gradient from step to step; a table under
    ``lazy-adam`` is given a sparse gradient of the rows that change.

    Args:
        optimizer: Whose parameters they are.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.lazy = {
            id(parameter)
            for group in optimizer.param_groups
            if group.get("lazy")
            for parameter in group["params"]
        }
        self.buffers: dict[int, Tensor] = {}

    @torch.no_grad()
    def __call__(self, parts: Sequence[Part], weights: Tensor, decay: Tensor) -> None:
        """Set the gradients; parameters that no loss depends on have none.

        Args:
            parts: The gradients of the losses.
            weights: ``[M]``.
            decay: Strength of the L2 term, ``[]``; in lazy tables it acts on touched rows only.
        """
        self.optimizer.zero_grad()
        for part in parts:
            combined = torch.tensordot(weights.to(part.gradients.dtype), part.gradients, 1)
            part.parameter.grad = self._gradient(part, combined, decay)

    def _gradient(self, part: Part, combined: Tensor, decay: Tensor) -> Tensor:
        parameter, rows, lazy = part.parameter, part.rows, id(part.parameter) in self.lazy
        if rows is None:
            add_term(parameter, combined, decay, lazy=lazy)
            return combined
        if lazy:
            changed = combined.ne(0).any(1)
            rows, combined = rows[changed], combined[changed]
            combined.addcmul_(parameter.index_select(0, rows), decay.to(combined.dtype))
            shape = parameter.shape
            return torch.sparse_coo_tensor(
                rows.unsqueeze(0), combined, shape, is_coalesced=True, check_invariants=False
            )
        buffer = self.buffers.setdefault(id(parameter), torch.empty_like(parameter))
        torch.mul(parameter, decay.to(parameter.dtype), out=buffer)
        return buffer.index_add_(0, rows, combined)
