"""Optimisers: dense Adam, and Adam on the rows of tables that a step touches."""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from mobench.config import TrainConfig
from mobench.errors import ConfigError
from mobench.models import Backbone

BETAS = (0.9, 0.999)


class Optimizer(Protocol):
    """What a step needs of an optimiser."""

    param_groups: list[dict[str, Any]]

    def zero_grad(self) -> None:
        """Drop all gradients."""

    def step(self) -> None:
        """Take a step."""


class Adam:
    """Adam (Kingma and Ba 2015, Algorithm 1) by torch's fused kernel.

    The class that torch wraps around it loads torch's compiler when it is first made, which takes
    longer than many an epoch; what is here of its interface behaves as there.

    Attributes:
        param_groups: The parameters, with the settings of each group.
        state: Of each parameter that took a step: ``step``, ``exp_avg`` and ``exp_avg_sq``.

    Args:
        groups: Dicts of ``params``, and ``lazy`` for ``LazyAdam``.
        lr: Learning rate.
        eps: Added to the root of the second moment.
    """

    def __init__(self, groups: Sequence[dict[str, Any]], lr: float, eps: float = 1e-8) -> None:
        settings = {"lr": lr, "betas": BETAS, "eps": eps}
        self.param_groups = [{**settings, **group} for group in groups]
        self.state: dict[Tensor, dict[str, Tensor]] = {}

    def zero_grad(self) -> None:
        """Drop all gradients."""
        for parameter in self._parameters():
            parameter.grad = None

    @torch.no_grad()
    def step(self, decay: float = 0.0) -> None:
        """Take a step on the parameters that have a gradient.

        Args:
            decay: Strength of an L2 term to add to the gradients on the way, as ``add_decay`` does
                before.
        """
        for group in self.param_groups:
            self._move([p for p in group["params"] if p.grad is not None], group, decay)

    def _move(self, parameters: list[Tensor], group: dict[str, Any], decay: float) -> None:
        states = [self.moments(parameter) for parameter in parameters]
        gradients = [p.grad for p in parameters if p.grad is not None]
        first, second, steps = (
            [state[name] for state in states] for name in ("exp_avg", "exp_avg_sq", "step")
        )
        adam(
            parameters, gradients, first, second, [], steps,
            fused=True, amsgrad=False, beta1=group["betas"][0], beta2=group["betas"][1],
            lr=group["lr"], weight_decay=decay, eps=group["eps"], maximize=False,
        )  # fmt: skip

    def moments(self, parameter: Tensor) -> dict[str, Tensor]:
        """Return the state of a parameter; it begins with zeros."""
        if parameter not in self.state:
            self.state[parameter] = {
                "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                "exp_avg": torch.zeros_like(parameter, requires_grad=False),
                "exp_avg_sq": torch.zeros_like(parameter, requires_grad=False),
            }
        return self.state[parameter]

    def _parameters(self) -> list[Tensor]:
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def state_dict(self) -> dict[str, Any]:
        """Return the state by the place of a parameter, and the groups' learning rates."""
        numbered = enumerate(self._parameters())
        state = {i: dict(self.state[p]) for i, p in numbered if p in self.state}
        return {"state": state, "lr": [group["lr"] for group in self.param_groups]}

    def load_state_dict(self, content: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, on the device of the parameters."""
        parameters = self._parameters()
        self.state = {
            parameters[place]: {
                name: value.to(parameters[place].device, copy=True) for name, value in state.items()
            }
            for place, state in content["state"].items()
        }
        for group, rate in zip(self.param_groups, content["lr"], strict=True):
            group["lr"] = rate


class LazyAdam(Adam):
    """Adam that leaves untouched rows of tables alone.

    In groups with ``lazy`` set, a row whose gradient is all zero keeps its weights and its
    moments; the bias correction counts all steps, as ``torch.optim.SparseAdam`` does. So a rare row
    keeps its momentum until it is met again, where dense Adam lets it run out in between. A step
    that touches all rows is Adam's. Other groups are plain Adam.
    """

    def _move(self, parameters: list[Tensor], group: dict[str, Any], decay: float) -> None:
        if not group["lazy"]:
            super()._move(parameters, group, decay)
            return
        for table in parameters:
            assert table.grad is not None
            known = table.device.type == "cpu" or table.grad.is_sparse
            move = _move_rows if known else _move_masked
            move(table, table.grad, self.moments(table), group, decay)


def _move_rows(
    table: Tensor,
    gradient: Tensor,
    state: dict[str, Tensor],
    group: dict[str, Any],
    decay: float,
) -> None:
    """Take a step on the touched rows of ``table [R, D]``; a sparse gradient names them."""
    if gradient.is_sparse:
        rows, values = gradient._indices()[0], gradient._values()
    else:
        rows = touched_rows(gradient).nonzero().squeeze(1)
        values = gradient.index_select(0, rows)
    whole = (table, state["exp_avg"], state["exp_avg_sq"])
    parts = [tensor.index_select(0, rows) for tensor in whole]
    values = values.add(parts[0], alpha=decay) if decay else values
    _update(parts, values, state["step"].add_(1), group)
    for tensor, part in zip(whole, parts, strict=True):
        tensor.index_copy_(0, rows, part)


def _move_masked(
    table: Tensor,
    gradient: Tensor,
    state: dict[str, Tensor],
    group: dict[str, Any],
    decay: float,
) -> None:
    """Do the same without reading back which rows they are: all move, the others are put back."""
    touched = touched_rows(gradient).unsqueeze(1)
    whole = (table, state["exp_avg"], state["exp_avg_sq"])
    parts = [tensor.clone() for tensor in whole]
    gradient = gradient.add(table, alpha=decay) if decay else gradient
    _update(parts, gradient, state["step"].add_(1), group)
    for tensor, part in zip(whole, parts, strict=True):
        tensor.copy_(torch.where(touched, part, tensor))


def _update(parts: list[Tensor], g: Tensor, step: Tensor, group: dict[str, Any]) -> None:
    """Move values, first moments and second moments in place, for the gradient ``g``."""
    p, m, v = parts
    beta1, beta2 = group["betas"]
    m.lerp_(g, 1 - beta1)
    v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
    scale = torch.sqrt(1 - beta2**step)
    p.sub_(group["lr"] / (1 - beta1**step) * m / v.sqrt().div_(scale).add_(group["eps"]))


def touched_rows(gradient: Tensor) -> Tensor:
    """Return which rows of a gradient ``[R, …]`` are not all zero, ``[R]``."""
    return gradient.flatten(1).abs().amax(1).ne(0)  # thrice as fast as any()


@torch.no_grad()
def add_decay(optimizer: Optimizer, strength: Tensor) -> None:
    """Add the L2 term ``strength · weights`` to the gradients, in lazy groups to touched rows only.

    With a constant strength this is what ``Adam(weight_decay=strength)`` does.

    Args:
        optimizer: Its parameters have their gradients.
        strength: Weight decay times the sum of the loss weights, ``[]``.
    """
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                term = strength.to(parameter.dtype)
                if group.get("lazy"):
                    term = term * touched_rows(parameter.grad).unsqueeze(1)
                parameter.grad.addcmul_(parameter, term)


def make_optimizer(model: Backbone, config: TrainConfig) -> Adam:
    """Return the optimiser of a run; its L2 term comes from ``add_decay``.

    With ``lazy-adam`` the model's tables are lazy (its ``tables``, and the weights of every
    ``nn.Embedding``), all other parameters are under plain Adam.

    Raises:
        ConfigError: ``lazy-adam`` for a model without tables.
    """
    if config.optimizer == "adam":
        return Adam([{"params": list(model.parameters())}], config.learning_rate)
    tables: list[Tensor] = [model.get_parameter(name) for name in model.tables]
    tables += [part.weight for part in model.modules() if isinstance(part, nn.Embedding)]
    if not tables:
        raise ConfigError(
            f"--optimizer lazy-adam: {type(model).__name__} has no look-up tables",
            "use adam, or name them in the backbone's 'tables'.",
        )
    known = {id(table) for table in tables}
    rest = [p for p in model.parameters() if id(p) not in known]
    groups: list[dict[str, Any]] = [{"params": tables, "lazy": True}]
    groups += [{"params": rest, "lazy": False}] if rest else []
    return LazyAdam(groups, config.learning_rate)
