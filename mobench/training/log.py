"""What a run logs: rows of its tables, and the record that the terminal shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mobench.config import TrainConfig
from mobench.metrics.comparison import accuracy_kept, imp, is_valid
from mobench.objectives import Objective
from mobench.training.state import Row, TrainState
from mobench.training.validation import METRIC_NAMES


@dataclass(frozen=True)
class EpochRecord:
    """What an epoch gave; ``epoch`` 0 is the state that training starts from."""

    epoch: int
    loss: float
    beta: float
    metrics: dict[str, float]
    accuracy_kept: float
    imp: float
    selected: bool
    seconds: float


def mass_rows(state: TrainState, objectives: Mapping[str, Objective], epoch: int) -> list[Row]:
    """Return the rows of group_weights.parquet for an epoch (adaptive objectives only)."""
    return [
        {"epoch": epoch, "objective": name, "group": g, "weight": float(w), "signal": int(s)}
        for name, goal in objectives.items()
        if goal.adaptive and name in state.sampler.masses
        for g, (w, s) in enumerate(
            zip(state.sampler.masses[name].now, _signal(state, name, goal), strict=True)
        )
    ]


def _signal(state: TrainState, name: str, goal: Objective) -> Iterable[int]:
    return state.signals[name].tolist() if name in state.signals else [0] * goal.n_groups


def history_row(
    state: TrainState, config: TrainConfig, metrics: dict[str, Any], trace: np.ndarray
) -> Row:
    """Return a row of history.parquet without its time and the verdict of the selection."""
    base, selection = state.selection.base, state.selection
    nan, guarded = float("nan"), config.keep_metric
    kept = accuracy_kept(metrics[guarded], base[guarded]) if base else nan
    beta = trace[:, -3]
    controller = state.coordinator.controller
    limits = (config.beta_min, config.beta_max) if controller else (nan, nan)
    return {
        "epoch": state.epoch,
        "loss": float(trace[:, 0].mean()),
        **metrics,
        "imp": imp(metrics, base, selection.over) if base and selection.over else nan,
        "accuracy_kept": accuracy_kept(metrics["hit"], base["hit"]) if base else nan,
        "kept": kept,
        "valid": base is None or is_valid(kept, selection.keep),
        "beta": float(beta.mean()),
        "beta_low_share": float((beta <= limits[0]).mean()),
        "beta_high_share": float((beta >= limits[1]).mean()),
        "target_loss": controller.target if controller else nan,
        "learning_rate": state.optimizer.param_groups[0]["lr"],
    }


def step_rows(state: TrainState, config: TrainConfig, trace: np.ndarray) -> list[Row]:
    """Return the logged rows of steps.parquet for the epoch that just ended, its last step too."""
    logged = sorted({*range(config.log_every - 1, len(trace), config.log_every), len(trace) - 1})
    names = config.loss_names
    columns = [f"loss_{n}" for n in names] + [f"weight_{n}" for n in names]
    if state.coordinator.needs_gramian:
        columns += [f"norm_{n}" for n in names]
    if state.coordinator.draws:
        columns += [f"wish_{n}" for n in names]
    columns += ["beta", "p_term", "i_term"]
    controller = state.coordinator.controller
    target = controller.target if controller else float("nan")
    return [
        {
            "epoch": state.epoch,
            "step": index + 1,
            **dict(zip(columns, trace[index].tolist(), strict=True)),
            "target_loss": target,
        }
        for index in logged
    ]


def epoch_record(row: Row) -> EpochRecord:
    """Return what the CLI draws of a history row."""
    return EpochRecord(
        epoch=row["epoch"],
        loss=row["loss"],
        beta=row["beta"],
        metrics={name: float(row[name]) for name in METRIC_NAMES},
        accuracy_kept=row["accuracy_kept"],
        imp=row["imp"],
        selected=row["selected"],
        seconds=row["seconds"],
    )
