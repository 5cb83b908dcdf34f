"""What a run had to work with, so that a report can show whether methods met on equal terms."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mobench.training.data import by_positions
from mobench.training.plan import Plan
from mobench.training.state import Row, TrainState


def budget(plan: Plan, state: TrainState, trials: Sequence[Row]) -> dict[str, Any]:
    """Return what a run used.

    Returns:
        tries: Settings that were tried, its own among them.
        tries_at: Whether they were tried at the run's own preference, or at equal wishes and so
            once for all runs of a front.
        tried_epochs: Epochs of all trials together.
        positives_seen: Positives that the run itself was trained on, repetitions counted.
        seconds: Wall time of its epochs, validation included, trials not.
    """
    return {
        "tries": max(1, len(trials)),
        "tries_at": plan.config.tries_at,
        "tried_epochs": sum(int(row["epochs_run"]) for row in trials),
        "positives_seen": state.epoch * positives_per_epoch(plan, len(state.sampler.masses)),
        "seconds": sum(row["seconds"] for row in state.history),
    }


def positives_per_epoch(plan: Plan, n_drawn: int) -> int:
    """Return the positives of an epoch: those of the uniform block, and of ``n_drawn`` others."""
    block = plan.steps_per_epoch * plan.config.batch_size
    drawn = n_drawn * block if plan.config.sampler_mode == "draw" else 0
    if not by_positions(plan.kind, plan.config):
        return block + drawn
    users = plan.dataset.splits["train"].user
    return len(users) - len(np.unique(users)) + drawn  # a user's first row follows no history
