"""The state that a run starts from."""

from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from mobench.artifacts import Artifact
from mobench.data.sequences import Sequences
from mobench.errors import ConfigError
from mobench.metrics.comparison import KEEP, imp_over
from mobench.models import Backbone, Histories, fresh
from mobench.objectives import Validation
from mobench.training.average import Average
from mobench.training.batches import Rows, Scorer, Source
from mobench.training.conditioning import Conditioner
from mobench.training.controller import PIController
from mobench.training.coordinator import Controlled, Coordinator, Fixed
from mobench.training.data import TrainData, by_positions, objectives, sampler
from mobench.training.first_losses import first_losses
from mobench.training.guard import Guard
from mobench.training.loop import Loop, sampler_signals, takes_apart
from mobench.training.native import native_loss, usable
from mobench.training.noise import Noise
from mobench.training.optimizer import make_optimizer
from mobench.training.plan import Plan
from mobench.training.rivals import set_units, solver_of
from mobench.training.selection import Selection
from mobench.training.solved import Solved
from mobench.training.state import TrainState
from mobench.training.step import accuracy_loss
from mobench.training.substitutes import Substitutes
from mobench.training.validation import Validator, support
from mobench.training.windows import HistoryRows, Positions


def make_loop(plan: Plan, data: TrainData | None = None) -> Loop:
    """Return what the loop works with; nothing here changes while training.

    Args:
        plan: What to do.
        data: The train split on the device, if it is there already.
    """
    data = data or TrainData.load(plan.dataset, plan.device)
    length = plan.kind.uses_history and plan.config.max_length
    validator = Validator(plan.dataset, data, plan.config, length)
    source, config = make_source(plan), plan.config
    losses = None
    if config.uses_substitutes:
        items = plan.dataset.items
        losses = Substitutes(config.objectives, items, data, source, config.fair_loss)
    goals = objectives(plan.dataset, config)
    return Loop(data, validator, goals, config, source, losses)


def make_source(plan: Plan) -> Source:
    """Return where the losses of a batch come from."""
    if not plan.kind.uses_history:
        return Rows()
    sequences = Sequences.of([plan.dataset.splits["train"]], plan.dataset.n_users)
    histories = Histories.load(sequences, plan.dataset.n_items, plan.config.max_length, plan.device)
    form = Positions if by_positions(plan.kind, plan.config) else HistoryRows
    return form(sequences, histories)


def make_model(plan: Plan) -> Backbone:
    """Return a fresh model, or the base's."""
    model = fresh(plan.kind, plan.dataset.n_users, plan.dataset.n_items, plan.config)
    if plan.base:
        model.start_from(load_weights(plan.base))
    if plan.vectors:
        tables = {"users": plan.vectors.users.table, "items": plan.vectors.items.table}
        model.load_state_dict({name: torch.from_numpy(table) for name, table in tables.items()})
    return model.to(plan.device)


def load_weights(run: Artifact) -> dict[str, Tensor]:
    """Return the weights of a finished run."""
    return load_file(run.path / "model.safetensors")


Judged = tuple[dict[str, Any], Validation, float]
"""Metrics of a base, what the objectives see of it, and its accuracy loss."""


def begin(plan: Plan, loop: Loop, judged: Judged | None = None) -> TrainState:
    """Return the state before the first step, its first history row included.

    Args:
        plan: What to do.
        loop: What the loop works with.
        judged: What ``judge_base`` says, if that is known already.

    Raises:
        ConfigError: A share of the base's Hit is to be kept, and it has none on validation; or the
            optimiser is lazy-adam, and the model has no look-up tables.
    """
    config, model = plan.config, make_model(plan)
    optimizer = make_optimizer(model, config)
    positions = by_positions(plan.kind, config)
    mixer = sampler(plan.dataset, config, loop.objectives, positions=positions)
    negatives = loop.data.negatives(config, "negatives")
    selection = Selection(keep=config.keep_accuracy or KEEP)
    first: Judged | None = None
    if plan.base:
        first = judged or judge_base(plan, loop, model)
        check_keep(plan, first[0])
        over = imp_over([support(first[0])], config.min_base_hits)
        selection = Selection(first[0], over, selection.keep)
    coordinator, guard = coordinate(plan, first[2] if first else None)
    state = TrainState(
        model=model,
        optimizer=optimizer,
        coordinator=coordinator,
        sampler=mixer,
        negatives=negatives,
        selection=selection,
        guard=guard,
        trace=torch.zeros(
            (plan.steps_per_epoch, 2 * len(config.loss_names) + coordinator.trace().numel()),
            dtype=torch.float64,
            device=plan.device,
        ),
        noise=Noise(plan.device),
        engine=engine_of(model, coordinator, loop),
    )
    if isinstance(coordinator, Solved):
        state.average = Average(model) if coordinator.solver.needs_average else None
        set_units(coordinator.solver, lambda: first_losses(state, loop))
    if isinstance(coordinator, Conditioner):
        coordinator.start(first_losses(state, loop))
    if first:
        state.signals = sampler_signals(loop.objectives, state, first[1])
        state.history.append(first_row(state, *first[::2]))
    state.remember_best()
    state.start = state.best
    return state


def engine_of(model: Backbone, coordinator: Coordinator, loop: Loop) -> str:
    """Return what takes the steps of a run, ``native`` or ``torch``."""
    config = loop.config
    n_losses = len(config.loss_names) if takes_apart(coordinator, loop) else 1
    native = usable(model, loop.data, config.n_negatives, n_losses)
    return "native" if native else "torch"


def judge_base(plan: Plan, loop: Loop, model: Backbone) -> Judged:
    """Validate the base that a run starts from.

    Raises:
        TrainingError: Its scores are not finite.
    """
    judged = loop.validator(model, "with the base", "train another one.")
    return (*judged, base_loss(plan, loop, model))


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
    scorer = Scorer(model, loop.data, negatives, config.n_negatives)
    positions = by_positions(plan.kind, config)
    ids = sampler(plan.dataset, config, {}, positions=positions).batches()[:, :1]
    if usable(model, loop.data, config.n_negatives):
        return native_loss(scorer, ids)
    Noise(plan.device).reseed(config.seed, "target loss dropout")
    return accuracy_loss(scorer, loop.source, loop.source.epoch(ids, loop.data))


def coordinate(plan: Plan, loss: float | None) -> tuple[Coordinator, Guard | None]:
    """Return the coordinator, and the guard if a share of accuracy is to be kept."""
    config = plan.config
    if config.solver:
        solver = solver_of(config, plan.steps_per_epoch)
        return Solved(solver, config.wishes, plan.device, config.solve_every), None
    if config.method == "conditioned":
        return Conditioner(config, plan.steps_per_epoch, plan.device), None
    if not config.has_controller or loss is None:
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


def untrained(plan: Plan, loop: Loop) -> TrainState:
    """Return the state of a base that is not trained, its epoch 0 validated and selected."""
    state = begin(plan, loop)
    source = plan.vectors and plan.vectors.path
    metrics, _ = loop.validator(state.model, f"with the vectors of '{source}'", "scale them down.")
    row = first_row(state, metrics, base_loss(plan, loop, state.model))
    row |= dict.fromkeys(("imp", "accuracy_kept", "kept"), float("nan"))
    row["selected"] = state.selection.offer(0, row)
    state.history.append(row)
    return state


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
        "kept": 1.0,
        "valid": True,
        "beta": nan,
        "beta_low_share": nan,
        "beta_high_share": nan,
        "target_loss": controller.target if controller else nan,
        "learning_rate": state.optimizer.param_groups[0]["lr"],
        "seconds": 0.0,
        "selected": False,
    }
