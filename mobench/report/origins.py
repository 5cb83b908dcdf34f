"""What a run left behind: how it trained, and how to make it again."""

from typing import Any

import numpy as np

from mobench.artifacts import Artifact, read_columns
from mobench.data.summary.summarise import summarise
from mobench.report.evidence import Columns, DatasetFacts, Origin, Trace
from mobench.report.inputs import Evaluated, unchanged
from mobench.report.labels import own_settings

VERSIONS = ("python", "platform", "torch", "numpy", "git_commit", "git_dirty", "deterministic")


def trace(evaluated: Evaluated) -> Trace | None:
    """Return how a run trained, ``None`` if it is gone."""
    run = evaluated.run
    if run is None:
        return None
    results, config = run.manifest.results, run.manifest.config
    return Trace(
        seed=evaluated.seed,
        history=_columns(run, "history.parquet"),
        steps=_columns(run, "steps.parquet"),
        group_weights=_columns(run, "group_weights.parquet"),
        beta_min=results.get("beta_min", config.get("beta_min")),
        beta_max=results.get("beta_max", config.get("beta_max")),
        best_epoch=results.get("best_epoch"),
        guard=results["keep"] if results.get("guarded") else None,
        guarded=results.get("keep_metric", ""),
    )


def _columns(run: Artifact, name: str) -> Columns:
    """Return a table of the run; empty if this method writes none."""
    if all(entry.path != name for entry in run.manifest.files):
        return {}
    table: dict[str, np.ndarray] = read_columns(run.path / name)
    return {column: values.tolist() for column, values in table.items()}


def origin(evaluated: Evaluated, base: Evaluated) -> Origin:
    """Return where a run comes from and how to make it again."""
    metrics, run = evaluated.artifact, evaluated.run
    made = evaluated.made_from("run")
    environment = (run or metrics).manifest.environment
    return Origin(
        seed=evaluated.seed,
        run=made.path,
        run_sha256=made.sha256,
        metrics=evaluated.path,
        metrics_sha256=metrics.digest,
        train=list(run.manifest.argv) if run else None,
        evaluate=list(metrics.manifest.argv),
        settings=_differences(evaluated, base),
        versions={"mobench": (run or metrics).manifest.mobench_version}
        | {name: environment[name] for name in VERSIONS if environment.get(name) is not None},
        device=str(environment.get("device", "unknown")),
        train_seconds=train_seconds(run) if run else None,
        eval_seconds=metrics.manifest.wall_seconds,
        train_cpu_seconds=run.manifest.cpu_seconds if run and not is_batched(run) else None,
        train_memory_mb=run.manifest.peak_memory_mb if run else None,
        eval_memory_mb=metrics.manifest.peak_memory_mb,
        epochs=run.manifest.results.get("epochs_run") if run else None,
    )


def is_batched(run: Artifact) -> bool:
    """Return whether a run was trained at once with others, whose time its manifest counts too."""
    return bool(run.manifest.results.get("batched", 1) > 1)


def train_seconds(run: Artifact) -> float:
    """Return how long a run took; of those that were trained at once its share of the epochs."""
    manifest = run.manifest
    return float(manifest.results["seconds"] if is_batched(run) else manifest.wall_seconds)


def _differences(evaluated: Evaluated, base: Evaluated) -> dict[str, tuple[Any, Any]] | None:
    if evaluated.run is None or base.run is None:
        return None
    theirs = base.settings
    own = own_settings(evaluated.settings, base)
    return {name: (value, theirs.get(name)) for name, value in own.items()}


def dataset_facts(evaluated: Evaluated) -> DatasetFacts:
    """Return what is known about the dataset of a run."""
    record = evaluated.made_from("dataset")
    found = unchanged(record, "dataset")
    name = record.path.rstrip("/").rsplit("/", 1)[-1]
    if found is None:
        return DatasetFacts(name, record.sha256, {})
    return DatasetFacts(name, record.sha256, dict(found.manifest.results), summarise(found))
