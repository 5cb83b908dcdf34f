"""The run artifact: weights of the selected epoch, and everything that was logged."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from safetensors.torch import save
from torch import Tensor

from mobench.artifacts import Artifact, Draft
from mobench.metrics.comparison import is_valid
from mobench.models import Backbone
from mobench.training.budget import budget
from mobench.training.plan import Plan
from mobench.training.spectrum import obedience
from mobench.training.state import Row, TrainState
from mobench.training.validation import METRIC_NAMES

SUMMARY = (
    *METRIC_NAMES,
    *("hits", "min_hit_hits", "min_hit_group", "imp", "accuracy_kept", "kept", "loss"),
)


def publish(
    draft: Draft, plan: Plan, state: TrainState, trials: Sequence[Row], *, replace: bool
) -> Artifact:
    """Write the tables and the weights, and publish the run."""
    table = pa.Table.from_pylist
    draft.write_table("history.parquet", table(final(state)))
    if state.steps:
        draft.write_table("steps.parquet", table(state.steps))
    if state.masses:
        draft.write_table("group_weights.parquet", table(state.masses))
    if state.front:
        draft.write_table("front.parquet", table(state.front))
    if trials:
        draft.write_table("trials.parquet", table(list(trials)))
    write_weights(draft, state.best)
    draft.write_text("run.log", log(state))
    draft.scratch = ("resume.tmp", "tune.json", *["resume.pt"] * (not plan.config.keep_state))
    found = results(plan, state) | budget(plan, state, trials)
    return draft.finish(found, replace=replace)


def publish_popularity(
    draft: Draft, plan: Plan, model: Backbone, metrics: Mapping[str, Any], replace: bool
) -> Artifact:
    """Publish the run that needs no training."""
    draft.write_table("history.parquet", pa.Table.from_pylist([{"epoch": 0, **metrics}]))
    write_weights(draft, model.state_dict())
    found = {
        "method": "popularity",
        "backbone": "popularity",
        "best_epoch": 0,
        "epochs_run": 0,
        "stopped": "",
        "valid": True,
        "val": dict(metrics),
        "base_val": None,
        "n_parameters": plan.n_parameters,
    }
    return draft.finish(found, replace=replace)


def write_weights(draft: Draft, weights: Mapping[str, Tensor]) -> None:
    """Write model.safetensors."""
    plain = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    (draft.work / "model.safetensors").write_bytes(save(plain))


def final(state: TrainState) -> list[Row]:
    """Return the history with the one selected epoch marked, not all that were once the best."""
    best = state.selection.best_epoch
    return [{**row, "selected": row["epoch"] == best} for row in state.history]


def results(plan: Plan, state: TrainState) -> dict[str, Any]:
    """Return the headline numbers of a run."""
    chosen = next(r for r in state.history if r["epoch"] == state.selection.best_epoch)
    base = state.selection.base
    trained = [row for row in state.history if row["epoch"] > 0]
    seconds = sum(row["seconds"] for row in trained)
    return {
        "method": plan.config.method,
        "solver": plan.config.solver,
        "backbone": Path(plan.config.backbone).stem,
        "best_epoch": state.selection.best_epoch,
        "epochs_run": state.epoch,
        "stopped": state.stopped,
        "valid": base is None or is_valid(chosen["accuracy_kept"]),
        "keep": state.selection.keep,
        "keep_metric": plan.config.keep_metric,
        "guarded": state.guard is not None,
        "retreats": state.guard.retreats if state.guard else 0,
        "kept_enough": state.selection.is_valid,
        "val": summary(chosen),
        "base_val": summary(base) if base else None,
        "imp_over": list(state.selection.over),
        "n_parameters": plan.n_parameters,
        "steps_per_epoch": plan.steps_per_epoch,
        "seconds_per_epoch": seconds / max(1, len(trained)),
        "engine": state.engine,
        "batched": state.batched,
        "negatives_kept": int(state.negatives.kept),
        "beta_pinned": pinned(trained),
        **({"vectors": plan.vectors.counts()} if plan.vectors else {}),
        **(front_results(plan, state) if state.front else {}),
    }


def front_results(plan: Plan, state: TrainState) -> dict[str, Any]:
    """Return how a conditioned model follows its preferences, and how many were looked at."""
    found = obedience(state.front, plan.config.objectives)
    return {
        "n_preferences": len(state.front),
        "follows": {name: _json(value) for name, value in found.items()},
    }


def summary(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest tells of a row of the history, or of a base's metrics."""
    return {name: _json(row[name]) for name in SUMMARY if name in row}


def pinned(rows: Sequence[Row]) -> dict[str, float]:
    """Return in how many of all steps beta sat at its lower and its upper limit."""
    count = max(1, len(rows))
    return {
        side: sum(row[f"beta_{side}_share"] for row in rows) / count for side in ("low", "high")
    }


def log(state: TrainState) -> str:
    """Return run.log: a line per epoch, as the terminal shows it but without times."""
    lines = [
        f"epoch {row['epoch']:>3}  loss {row['loss']:.6f}  hit {row['hit']:.6f}"
        f"  ndcg {row['ndcg']:.6f}  rhit {row['rhit']:.6f}  min_hit {row['min_hit']:.6f}"
        f"  pop_kl {row['pop_kl']:.6f}  beta {row['beta']:.4f}{'  best' * row['selected']}"
        for row in state.history
    ]
    if state.selection.base is not None and not state.selection.over:
        lines.append("no metric rests on enough base hits to enter Imp: epochs were chosen by Hit")
    return "\n".join([*lines, state.stopped or "all epochs done", ""])


def _json(value: Any) -> Any:
    """Return a number that JSON can hold: NaN becomes null."""
    return None if isinstance(value, float) and math.isnan(value) else value
