"""The training loop, a generator that yields one record per epoch."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mobench.config import TrainConfig
from mobench.errors import Interrupted, TrainingError
from mobench.objectives import Objective, Validation
from mobench.seeds import Seeds
from mobench.training.batches import Batches, Source
from mobench.training.coordinator import Coordinator
from mobench.training.data import TrainData
from mobench.training.log import EpochRecord, epoch_record, history_row, mass_rows, step_rows
from mobench.training.native import NativeStep
from mobench.training.native_solved import NativeSolved
from mobench.training.state import Row, TrainState
from mobench.training.step import GramianStep, Step
from mobench.training.substitutes import Substitutes
from mobench.training.validation import Validator

Track = Callable[[Iterable[int], int, int], Iterable[int]]
FRONT = -1
"""What ``track`` is told in place of an epoch while a front is validated."""


def no_track(steps: Iterable[int], epoch: int, total: int) -> Iterable[int]:  # noqa: ARG001
    """Show no progress."""
    return steps


@dataclass
class Loop:
    """What the loop works with besides the state.

    Attributes:
        data: The train split on the device.
        validator: Scores the model on validation.
        objectives: The auxiliary objectives, by name.
        config: The run's config.
        source: Where the losses of a batch come from.
        substitutes: What gives every objective a loss on uniform rows, for methods without
            MoRec's sampler.
        track: Wraps the steps of an epoch to show progress: ``track(steps, epoch, total)``.
        stop: Asked after every step; true saves and raises ``Interrupted``.
        save: Saves the state.
    """

    data: TrainData
    validator: Validator
    objectives: dict[str, Objective]
    config: TrainConfig
    source: Source
    substitutes: Substitutes | None = None
    track: Track = no_track
    stop: Callable[[], bool] = field(default=lambda: False)
    save: Callable[[], None] = field(default=lambda: None)


def fit(state: TrainState, loop: Loop) -> Iterator[EpochRecord]:
    """Train until the epochs are done or a rule stops it.

    Raises:
        Interrupted: ``loop.stop`` said so; the state was saved after the step.
        TrainingError: A loss is not finite, or a solver has no weights.
    """
    while not state.stopped and state.epoch < loop.config.max_epochs:
        started = time.perf_counter() - state.seconds
        batches = begin_epoch(state, loop)
        step = make_step(state, loop)
        total = len(batches)
        for index in loop.track(range(state.step, total), state.epoch + 1, total):
            state.trace[index] = take(step, state, loop, batches[index])
            state.step = index + 1
            if state.step % loop.config.log_every == 0 or state.step == total:
                check_finite(state, loop.config)
            if loop.stop() and state.step < total:
                check_finite(state, loop.config)  # what is saved must be fit to go on from
                state.seconds = time.perf_counter() - started
                leave(state, loop)
        record = end_epoch(state, loop, started)
        loop.save()
        yield record
        if loop.stop():
            leave(state, loop)


def take(step: Step | NativeStep, state: TrainState, loop: Loop, batch: Any) -> Tensor:
    """Take a step, and the parameters after it into their mean; return its row of the trace.

    Raises:
        TrainingError: There is no way on from here; the message says where that is.
    """
    try:
        row = step(loop.data, batch)
    except TrainingError as error:
        where = f"epoch {state.epoch + 1}, step {state.step + 1}"
        raise TrainingError(f"{error.message} ({where})", error.hint) from error
    if state.average:
        state.average.add()
    return row


def leave(state: TrainState, loop: Loop) -> None:
    """Save and raise ``Interrupted``."""
    loop.save()
    where = f"epoch {state.epoch + 1}, step {state.step}" if state.step else f"epoch {state.epoch}"
    raise Interrupted(f"saved {where}")


def begin_epoch(state: TrainState, loop: Loop) -> Batches:
    """Update the sampler, start the epoch's streams; return its batches."""
    open_epoch(state, loop)
    return loop.source.epoch(state.sampler.batches(), loop.data)


def open_epoch(state: TrainState, loop: Loop) -> None:
    """Update the sampler and start the epoch's streams, unless it was begun before."""
    epoch = state.epoch + 1
    state.sampler.epoch = epoch
    if state.step == 0:
        state.sampler.update({name: signal.numpy() for name, signal in state.signals.items()})
        state.masses += mass_rows(state, loop.objectives, epoch)
        state.negatives.reseed(Seeds(loop.config.seed).integer(f"negatives/{epoch}"))
        state.noise.reseed(loop.config.seed, f"dropout/{epoch}")


def make_step(state: TrainState, loop: Loop) -> Step | NativeStep:
    """Return the step function of an epoch."""
    config = loop.config
    state.model.train()
    step = kind_of_step(state, loop)(
        state.model,
        state.optimizer,
        state.coordinator,
        state.negatives,
        epoch_weights(state, loop),
        not config.adapts,
        config.n_negatives,
        config.weight_decay,
        loop.source,
        loop.substitutes,
    )
    if state.engine == "native" and not isinstance(step, GramianStep):
        return NativeStep(step)
    return step


def kind_of_step(state: TrainState, loop: Loop) -> type[Step]:
    """Return what takes the steps; in native code block losses have a way of their own."""
    if state.engine == "native" and takes_apart(state.coordinator, loop):
        return NativeSolved
    return GramianStep if state.coordinator.needs_gramian else Step


def takes_apart(coordinator: Coordinator, loop: Loop) -> bool:
    """Return whether a step needs more of the losses than ``NativeStep`` has: the rivals' do."""
    return bool(coordinator.needs_gramian or coordinator.observes or loop.substitutes)


def epoch_weights(state: TrainState, loop: Loop) -> Tensor | None:
    """Return the weights of all train rows in mode reweight, ``[M − 1, N]``."""
    config = loop.config
    if config.sampler_mode != "reweight" or not config.adapts:
        return None
    rows = [state.sampler.row_weights(name) for name in config.auxiliary]
    stacked = np.stack(rows) if rows else np.zeros((0, len(loop.data.items)))
    weights = torch.from_numpy(stacked.astype(np.float32)).to(loop.data.device)
    return loop.source.row_weights(weights, loop.data)


def check_finite(state: TrainState, config: TrainConfig) -> None:
    """Read the trace of the last steps.

    Raises:
        TrainingError: A loss is not finite.
    """
    since = max(0, state.step - config.log_every)
    rows = state.trace[since : state.step].cpu().numpy()
    names = config.loss_names
    bad = np.argwhere(~np.isfinite(rows[:, : len(names)]))
    if len(bad):
        step, column = bad[0]
        raise TrainingError(
            f"loss became {rows[step, column]} at epoch {state.epoch + 1}, step"
            f" {since + step + 1} (objective '{names[column]}', β {rows[step, -3]:.2f})",
            "lower --set learning_rate=….",
        )


def end_epoch(state: TrainState, loop: Loop, started: float) -> EpochRecord:
    """Validate, select, log, and close the epoch.

    Raises:
        TrainingError: The model's scores are not finite.
    """
    state.epoch, state.step = state.epoch + 1, 0
    state.coordinator.end_epoch()
    trace = state.trace.cpu().numpy()
    with state.average.in_place() if state.average else nullcontext():
        metrics, seen = loop.validator(state.model, f"after epoch {state.epoch}")
    state.signals = sampler_signals(loop.objectives, state, seen)
    row = history_row(state, loop.config, metrics, trace)
    row["seconds"], state.seconds = time.perf_counter() - started, 0.0
    row["selected"] = state.selection.offer(state.epoch, row)
    if row["selected"]:
        state.remember_best()
    state.history.append(row)
    state.steps += step_rows(state, loop.config, trace)
    steer(state, loop, row)
    return epoch_record(row)


def sampler_signals(
    goals: dict[str, Objective], state: TrainState, seen: Validation
) -> dict[str, Tensor]:
    """Return the signals of the adaptive objectives that the sampler knows, ``[G]`` each."""
    return {
        name: torch.from_numpy(goal.signal(seen))
        for name, goal in goals.items()
        if goal.adaptive and name in state.sampler.masses
    }


def steer(state: TrainState, loop: Loop, row: Row) -> None:
    """Let the guard move the target, and stop a base that no longer improves."""
    patience = loop.config.patience
    if state.selection.base is None and state.epoch - state.selection.best_epoch >= patience:
        state.stopped = f"no better val NDCG for {patience} epochs"
    controller = state.coordinator.controller
    if state.guard is None or controller is None:
        return
    if state.guard.observe(row["kept"], row["loss"]) == "retreat":
        state.model.load_state_dict(state.best if state.selection.is_valid else state.start)
        state.optimizer.state.clear()  # its moments belong to where training came from
        state.signals = {}
        for group in state.optimizer.param_groups:
            group["lr"] /= 2
    controller.target = state.guard.target
