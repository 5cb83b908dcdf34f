"""Trying settings on validation before the run proper: as many for one method as for another."""

import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from mobench.artifacts import partial
from mobench.config import TrainConfig, build
from mobench.errors import Interrupted, TrainingError
from mobench.seeds import Seeds
from mobench.training.loop import Track, fit
from mobench.training.plan import Plan
from mobench.training.space import Value, space
from mobench.training.start import begin, make_loop
from mobench.training.state import Row

NOTES = "tune.json"
"""Name of the file of the trials done so far, in the directory of an unfinished run."""


def settings(config: TrainConfig) -> list[dict[str, Value]]:
    """Return the settings to try: the config's own first, then others from the space.

    There are ``config.tries`` of them, fewer if the space is smaller.
    """
    values_of = space(config)
    rng = Seeds(config.seed).numpy("tune")
    first: dict[str, Value] = {name: _own(config, name) for name in values_of}
    tried = [first]
    size = 1
    for values in values_of.values():
        size *= len(values)
    for index in rng.permutation(size):
        candidate: dict[str, Value] = {}
        for name, values in values_of.items():
            index, place = divmod(int(index), len(values))
            candidate[name] = values[place]
        if candidate != first:
            tried.append(candidate)
    return tried[: config.tries]


def _own(config: TrainConfig, name: str) -> Value:
    """Return the config's own value, as trials.parquet and the space hold it."""
    value = config.wishes[0] if name == "acc_share" else getattr(config, name)
    return value if isinstance(value, str) else float(value)


def tuned(
    plan: Plan, notes: Path, track: Track, stop: Callable[[], bool]
) -> tuple[Plan, list[Row]]:
    """Try ``plan.config.tries`` settings and return the plan with the best, and all trials.

    Base: the largest validation NDCG; others: valid before invalid, then the largest Imp (Hit
    while invalid). A finished trial is noted, so that an interrupted search goes on where it was.

    Args:
        plan: What to do.
        notes: File of the trials done so far.
        track: Shows progress over the trials, as epoch 0.
        stop: Asked between and within trials.

    Raises:
        Interrupted: ``stop`` said so; the finished trials were saved.
    """
    if not plan.config.tries:
        return plan, []
    candidates = settings(plan.config)
    wishes = {"preference": None} if plan.config.tries_at == "equal" else {}
    trials: list[Row] = json.loads(notes.read_text()) if notes.is_file() else []
    for index in track(range(len(trials), len(candidates)), 0, len(candidates)):
        try:
            values = candidates[index]
            trials.append(trial(with_settings(plan, values | wishes), values, stop))
        except Interrupted as error:
            raise Interrupted(f"saved {index} of {len(candidates)} trials") from error
        temporary = notes.with_suffix(".tmp")
        temporary.write_text(json.dumps(trials))
        temporary.replace(notes)
    best = max(trials, key=lambda row: (row["valid"], row["score"]))
    return with_settings(plan, {name: best[name] for name in space(plan.config)}), trials


def recorded(path: Path) -> list[Row]:
    """Return the trials behind the run at ``path``, finished or begun; none where it has none."""
    if (path / "trials.parquet").is_file():
        rows: list[Row] = pq.read_table(path / "trials.parquet").to_pylist()
        return rows
    notes = partial(path) / NOTES
    return json.loads(notes.read_text()) if notes.is_file() else []


def trial(plan: Plan, values: dict[str, Value], stop: Callable[[], bool]) -> Row:
    """Train once and return settings and score; a trial that diverges scores lowest."""
    loop = make_loop(plan)
    loop.stop = stop
    state = begin(plan, loop)
    try:
        for _ in fit(state, loop):
            pass
    except TrainingError:
        state.selection.best = (-1, -math.inf)
    valid, score = state.selection.best
    return {
        **values,
        "valid": valid == 1,
        "score": score,
        "best_epoch": state.selection.best_epoch,
        "epochs_run": state.epoch,
    }


def with_settings(plan: Plan, values: Mapping[str, Any]) -> Plan:
    """Return the plan with other settings."""
    given = plan.config.model_dump(include=plan.config.model_fields_set)
    return dataclasses.replace(plan, config=build(TrainConfig, {**given, **values}))
