"""The state that a run starts from."""

from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from mobench.artifacts import Artifact
from mobench.errors import ConfigError
from mobench.metrics.comparison import KEEP, imp_over
from mobench.models import BACKBONES, Backbone
from mobench.objectives import Validation
from mobench.seeds import Seeds
from mobench.training.controller import PIController
from mobench.training.coordinator import Controlled, Coordinator, Fixed
from mobench.training.data import TrainData, objectives, sampler
from mobench.training.guard import Guard
from mobench.training.loop import Loop, sampler_signals
from mobench.training.plan import Plan
from mobench.training.selection import Selection
from mobench.training.state import TrainState
from mobench.training.step import accuracy_loss
from mobench.training.validation import Validator, support

BETAS = (0.9, 0.999)


def make_loop(plan: Plan) -> Loop:
    """Return what the loop works with; nothing here changes while training."""
    data = TrainData.load(plan.dataset, plan.device)
    validator = Validator(plan.dataset, data, plan.config)
    return Loop(data, validator, objectives(plan.dataset, plan.config), plan.config)


def make_model(plan: Plan) -> Backbone:
    """Return a fresh model, or the base's."""
    config = plan.config
    generator = torch.Generator().manual_seed(Seeds(config.seed).integer("init"))
    model = BACKBONES[config.backbone].build(
        plan.dataset.n_users, plan.dataset.n_items, config.embedding_size, generator
    )
    if plan.base:
        model.load_state_dict(load_weights(plan.base))
    return model.to(plan.device)


def load_weights(run: Artifact) -> dict[str, Tensor]:
    """Return the weights of a finished run."""
    return load_file(run.path / "model.safetensors")


def begin(plan: Plan, loop: Loop) -> TrainState:
    """Return the state before the first step, its first history row included.

    Raises:
        ConfigError: A share of the base's Hit is to be kept, and it has none on validation.
    """
    config, model = plan.config, make_model(plan)
    mixer = sampler(plan.dataset, config, loop.objectives)
    negatives = loop.data.negatives(config, "negatives")
    selection = Selection(keep=config.keep_accuracy or KEEP)
    first: tuple[dict[str, Any], Validation, float] | None = None
    if plan.base:
        first = (*loop.validator(model), base_loss(plan, loop, model))
        check_keep(plan, first[0])
        over = imp_over([support(first[0])], config.min_base_hits)
        selection = Selection(first[0], over, selection.keep)
    coordinator, guard = coordinate(plan, first[2] if first else None)
    state = TrainState(
        model=model,
        optimizer=torch.optim.Adam(
            model.parameters(), lr=config.learning_rate, betas=BETAS, fused=True
        ),
        coordinator=coordinator,
        sampler=mixer,
        negatives=negatives,
        selection=selection,
        guard=guard,
        trace=torch.zeros(
            (plan.steps_per_epoch, 2 * len(config.loss_names) + 3),
            dtype=torch.float64,
            device=plan.device,
        ),
    )
    if first:
        state.signals = sampler_signals(loop.objectives, state, first[1])
        state.history.append(first_row(state, *first[::2]))
    state.remember_best()
    state.start = state.best
    return state


def check_keep(plan: Plan, metrics: dict[str, Any]) -> None:
    """Raise ``ConfigError`` where a share of the base's Hit is to be kept and it has none."""
    if plan.config.keep_accuracy and not metrics["hits"]:
        raise ConfigError(
            "--keep-accuracy: the base has no hit on validation to keep a share of",
            "train a better base, or leave the option out.",
        )


def base_loss(plan: Plan, loop: Loop, model: Backbone) -> float:
    """Return the base's mean accuracy loss over one pass, computed as in training."""
    config = plan.config
    negatives = loop.data.negatives(config, "target loss negatives")
    rows = sampler(plan.dataset, config, {}).batches()[:, 0]
    return accuracy_loss(model, loop.data, negatives, rows.to(plan.device), config.n_negatives)


def coordinate(plan: Plan, loss: float | None) -> tuple[Coordinator, Guard | None]:
    """Return the coordinator, and the guard if a share of accuracy is to be kept."""
    config = plan.config
    if config.method != "morec" or loss is None:
        return Fixed([1.0], plan.device), None
    target = config.target_loss or loss * (1 + config.slack)
    controller = PIController(
        target,
        config.kp,
        config.ki if config.ki is not None else config.ki_per_epoch / plan.steps_per_epoch,
        config.beta_min,
        config.beta_max,
        config.beta_start,
        config.antiwindup,
        plan.device,
    )
    guard = Guard(config.keep_accuracy, target, target) if config.keep_accuracy else None
    return Controlled(controller, config.shares, config.aux_weight), guard


def first_row(state: TrainState, metrics: dict[str, Any], loss: float) -> dict[str, Any]:
    """Return row 0 of the history: the base."""
    nan = float("nan")
    controller = state.coordinator.controller
    return {
        "epoch": 0,
        "loss": loss,
        **metrics,
        "imp": 0.0,
        "accuracy_kept": 1.0,
        "valid": True,
        "beta": nan,
        "beta_low_share": nan,
        "beta_high_share": nan,
        "target_loss": controller.target if controller else nan,
        "seconds": 0.0,
        "selected": False,
    }
