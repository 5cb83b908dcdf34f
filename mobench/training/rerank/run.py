"""From a base to a re-ranked run, and from a file of scores to a base."""

import dataclasses
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from mobench.artifacts import Artifact, Draft
from mobench.errors import Interrupted
from mobench.metrics.comparison import KEEP, imp_over, is_valid
from mobench.models import Reranked
from mobench.objectives import Validation
from mobench.training.data import settings
from mobench.training.loop import Loop, Track
from mobench.training.plan import Plan
from mobench.training.publish import summary, write_weights
from mobench.training.rerank.search import evolve, grid, n_tries
from mobench.training.rerank.terms import TERMS, Seen
from mobench.training.rerank.trials import Candidates, Trials
from mobench.training.selection import Selection
from mobench.training.start import check_keep, make_loop, make_model
from mobench.training.state import Row
from mobench.training.validation import support

NAN = float("nan")


def rerank(
    draft: Draft, plan: Plan, track: Track, stop: Callable[[], bool], *, replace: bool
) -> Artifact:
    """Choose a mix on validation, and publish the base re-ranked by it.

    Args:
        draft: The run in the making.
        plan: What to do.
        track: Shows progress over the mixes, as epoch 0.
        stop: Asked before each of them.
        replace: Replace an artifact of the same name.

    Raises:
        Interrupted: ``stop`` said so; the search starts over when it is resumed.
        ConfigError: A share of the base's Hit is to be kept, and it has none on validation.
    """
    started = time.perf_counter()
    loop = make_loop(plan)
    base = make_model(plan)
    trials = begin(plan, loop, Candidates.collect(loop.validator, base, plan.config.n_candidates))
    search(plan, trials, track, stop)
    mix = torch.tensor(trials.best, dtype=torch.float64, device=plan.device)
    model = Reranked(base, trials.values, mix, plan.config.n_candidates)
    row = trials.judged(loop.validator(model)[0]) | {"seconds": time.perf_counter() - started}
    best = trials.selection.best_epoch
    marked = [{**tried, "selected": n == best} for n, tried in enumerate(trials.rows)]
    draft.write_table("trials.parquet", pa.Table.from_pylist(marked))
    shares = dict(zip(trials.names, trials.best, strict=True))
    found = {
        "valid": is_valid(row["accuracy_kept"]),
        "base_val": summary(trials.selection.base or {}),
        "imp_over": list(trials.selection.over),
        "keep": trials.selection.keep,
        "kept_enough": trials.selection.is_valid,
        "mix": shares,
        "tries": len(marked),
    }
    text = "  ".join(f"{name} {share:.4f}" for name, share in shares.items())
    log = f"kept mix {best + 1} of {len(marked)}: {text}\n"
    return publish_untrained(draft, plan, model, row, found, log, replace=replace)


def begin(plan: Plan, loop: Loop, candidates: Candidates) -> Trials:
    """Return trials of which none is done, with the values of the items under the terms."""
    config, base = plan.config, candidates.base
    metrics = loop.validator.metrics(base)
    check_keep(plan, metrics)
    pass_over = Validation(base.target, base.rank, np.full(len(base.rank), NAN), base.items)
    seen = Seen(plan.dataset.items, plan.dataset.target_share, pass_over, settings(config))
    values = [torch.from_numpy(TERMS[name](seen)) for name in config.auxiliary]
    over = imp_over([support(metrics)], config.min_base_hits)
    return Trials(
        candidates,
        loop.validator,
        torch.stack(values).to(plan.device),
        config.objectives,
        Selection(metrics, over, config.keep_accuracy or KEEP),
        config.keep_metric,
    )


def search(plan: Plan, trials: Trials, track: Track, stop: Callable[[], bool]) -> None:
    """Try mixes until the budget is used.

    Raises:
        Interrupted: ``stop`` said so.
    """
    n = n_tries(plan.config)
    ticks = iter(track(range(n), 0, n))

    def measure(mix: tuple[float, ...]) -> list[float]:
        if stop():
            raise Interrupted(f"stopped after {len(trials.rows)} of {n} mixes")
        return trials.goals(trials(mix))

    if plan.config.search == "nsga2":
        evolve(plan.config, measure, ticks)
    else:
        for mix, _ in zip(grid(plan.config), ticks, strict=False):
            measure(mix)
    for _ in ticks:  # the end of a progress bar is behind its last step
        pass


def publish_listed(draft: Draft, plan: Plan, *, replace: bool) -> Artifact:
    """Publish a base of somebody's scores, measured on validation as it is."""
    started = time.perf_counter()
    assert plan.candidates
    model = plan.candidates.model(plan.dataset.n_items).to(plan.device)
    metrics, _ = make_loop(plan).validator(model)
    row = {**metrics, "imp": NAN, "accuracy_kept": NAN, "kept": NAN, "valid": True}
    row["seconds"] = time.perf_counter() - started
    found: dict[str, Any] = {
        "valid": True,
        "base_val": None,
        "imp_over": [],
        "keep": KEEP,
        "kept_enough": True,
        "tries": 1,
        "candidates": dataclasses.asdict(plan.candidates.tally),
    }
    log = f"scores of '{plan.candidates.path}', taken as they are\n"
    return publish_untrained(draft, plan, model, row, found, log, replace=replace)


def publish_untrained(
    draft: Draft,
    plan: Plan,
    model: torch.nn.Module,
    measured: Row,
    found: Mapping[str, Any],
    log: str,
    *,
    replace: bool,
) -> Artifact:
    """Write the weights and a history of one row, and publish the run."""
    row = {"epoch": 0, "loss": NAN, **measured, "beta": NAN, "target_loss": NAN, "selected": True}
    draft.write_table("history.parquet", pa.Table.from_pylist([row]))
    write_weights(draft, model.state_dict())
    draft.write_text("run.log", log)
    results = {
        "method": plan.config.method,
        "backbone": Path(plan.config.backbone).stem,
        "best_epoch": 0,
        "epochs_run": 0,
        "stopped": "",
        "keep_metric": plan.config.keep_metric,
        "guarded": False,
        "val": summary(row),
        "n_parameters": plan.n_parameters,
        "seconds": row["seconds"],
        **found,
        "budget": {
            "tries": found["tries"],
            "tries_at": "own",
            "tried_epochs": 0,
            "epochs": 0,
            "positives": 0,
        },
    }
    return draft.finish(results, replace=replace)
