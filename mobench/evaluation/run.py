"""From a run to a metrics artifact."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load_file

from mobench import RESULTS_VERSION
from mobench.artifacts import Artifact, Draft, draft_manifest, existing
from mobench.config import EvalConfig, TrainConfig, build
from mobench.data.dataset import Dataset
from mobench.errors import ConfigError
from mobench.evaluation.comparison import against_base
from mobench.evaluation.outcome import outcome
from mobench.evaluation.ranking import Ranker, TopK, Track
from mobench.manifest import Input
from mobench.metrics.base import Outcome
from mobench.metrics.groups import group_hits, slot_shares
from mobench.metrics.significance import Interval, bootstrap
from mobench.models import Backbone, Popularity, Reranked, find, fresh, own
from mobench.models.device import pick_device, set_threads


@dataclass(frozen=True)
class Evaluated:
    """A metrics artifact, and whether it was made just now."""

    artifact: Artifact
    fresh: bool


def evaluate(
    config: EvalConfig,
    run_path: Path,
    path: Path,
    *,
    replace: bool = False,
    track: Track | None = None,
) -> Evaluated:
    """Score a run on held-out rows by full ranking.

    Args:
        config: Split, cutoffs, intervals.
        run_path: A run artifact; its dataset and base are found through its manifest.
        path: Where the metrics artifact goes.
        replace: Replace an artifact of the same name.
        track: Wraps the blocks of the ranking to show progress.

    Raises:
        ArtifactError: An artifact is missing, incomplete, changed, or the name is taken.
        ConfigError: The split has no rows.
    """
    run = Artifact.open(run_path, "run")
    run.verify()
    source = run.open_input("dataset", "dataset")
    base = run.open_input("base", "run") if _has_base(run) else None
    inputs = [run.as_input("run"), source.as_input("dataset")]
    inputs += [base.as_input("base")] if base else []
    found = None if replace else existing(path, config.identity(), inputs, RESULTS_VERSION)
    if found:
        return Evaluated(found, fresh=False)
    dataset = Dataset.load(source.path)
    if not len(dataset.splits[config.split]):
        raise ConfigError(f"dataset '{dataset.name}' has no {config.split} rows")
    return Evaluated(_score(config, run, base, dataset, inputs, path, replace, track), fresh=True)


def _has_base(run: Artifact) -> bool:
    return any(entry.role == "base" for entry in run.manifest.inputs)


def _score(
    config: EvalConfig,
    run: Artifact,
    base: Artifact | None,
    dataset: Dataset,
    inputs: Sequence[Input],
    path: Path,
    replace: bool,
    track: Track | None,
) -> Artifact:
    device = pick_device(config.device)
    threads = set_threads(0, int(run.manifest.results["n_parameters"]))
    model = load_model(run, dataset, device)
    length = model.uses_history and int(run.manifest.config["max_length"])
    ranker = Ranker(dataset, config.split, max(config.k), config.seed, device, length)
    top_k = ranker.rank(model, track)
    record = outcome(top_k, dataset)
    manifest = draft_manifest(
        "metrics",
        config.model_dump(mode="json"),
        config.identity(),
        inputs,
        seed=run.manifest.seed,
        device=device,
        threads=threads,
    )
    with Draft.start(path, manifest) as draft:
        values = write_metrics(draft, record, config)
        write_lists(draft, top_k)
        write_groups(draft, record, dataset, config.k[0])
        results = summary(run, values) | {"tie_share": float(top_k.tied.mean())}
        if base:
            theirs = outcome(ranker.rank(load_model(base, dataset, device), track), dataset)
            results["comparison"] = against_base(record, theirs, run, config)
        return draft.finish(results, replace=replace)


def load_model(run: Artifact, dataset: Dataset, device: str) -> Backbone:
    """Return the model of a run, ready to score."""
    config = build(TrainConfig, run.manifest.config)
    if own.is_file(config.backbone):
        own.trusted(Path(config.backbone), run.path / "backbone.py")
    kind = Popularity if config.method == "popularity" else find(config.backbone)
    model = fresh(kind, dataset.n_users, dataset.n_items, config)
    if config.method == "rerank":
        model = Reranked.around(model, dataset.n_items, config)
    model.load_state_dict(load_file(run.path / "model.safetensors"))
    return model.to(device).eval()


def write_metrics(draft: Draft, record: Outcome, config: EvalConfig) -> dict[str, float]:
    """Write metrics.parquet; return the values as ``{"hit@10": …}``."""
    intervals: dict[tuple[str, int], Interval] = {
        (name, k): interval
        for k in config.k
        for name, interval in bootstrap(
            record, k, config.resamples, config.confidence, config.seed
        ).items()
    }
    found = list(intervals.values())
    draft.write_table(
        "metrics.parquet",
        {
            "metric": [name for name, _ in intervals],
            "k": np.array([k for _, k in intervals], dtype=np.int32),
            "split": [config.split] * len(found),
            "value": np.array([interval.value for interval in found]),
            "ci_low": np.array([interval.low for interval in found]),
            "ci_high": np.array([interval.high for interval in found]),
            "n": np.full(len(found), len(record.rank), dtype=np.int64),
        },
    )
    return {f"{name}@{k}": interval.value for (name, k), interval in intervals.items()}


def write_lists(draft: Draft, top_k: TopK) -> None:
    """Write recommendations.parquet and targets.parquet, enough to recompute every number.

    A user with several held-out rows has several targets and one list.
    """
    users, first = np.unique(top_k.user, return_index=True)
    items, scores = top_k.items[first], top_k.scores[first]
    shown = items >= 0
    user = np.repeat(users, shown.sum(1))
    rank = np.broadcast_to(np.arange(1, shown.shape[1] + 1, dtype=np.int32), shown.shape)
    draft.write_table(
        "recommendations.parquet",
        {
            "user": user,
            "rank": rank[shown],
            "item": items[shown],
            "score": scores[shown],
        },
    )
    draft.write_table(
        "targets.parquet", {"user": top_k.user, "item": top_k.target, "rank": top_k.rank}
    )


def write_groups(draft: Draft, record: Outcome, dataset: Dataset, k: int) -> None:
    """Write groups.parquet, pop_groups.parquet and items.parquet."""
    hits, n = group_hits(record, k)
    slots = np.bincount(record.fair_group[(top := record.lists[:, :k])[top >= 0]], minlength=len(n))
    draft.write_table(
        "groups.parquet",
        {
            "group": np.arange(len(n), dtype=np.int16),
            "label": list(dataset.fair_labels),
            "n": n,
            "hits": hits,
            "hit": np.divide(hits, n, out=np.full(len(n), np.nan), where=n > 0),
            "slots": slots,
            "exposure": slots / max(1, slots.sum()),
        },
    )
    draft.write_table(
        "pop_groups.parquet",
        {
            "group": np.arange(len(record.target_share), dtype=np.int16),
            "target_share": record.target_share,
            "share": slot_shares(record, k),
        },
    )
    draft.write_table(
        "items.parquet",
        {
            "item": np.arange(dataset.n_items, dtype=np.int32),
            "price": record.price,
            "fair_group": record.fair_group,
            "pop_group": record.pop_group,
            "n_train": record.n_train,
        },
    )


def summary(run: Artifact, values: dict[str, float]) -> dict[str, Any]:
    """Return what a report needs to know of the run."""
    found = run.manifest.results
    method = found["method"]
    return {
        "method": method,
        "backbone": found["backbone"],
        "seed": run.manifest.seed,
        "run": str(run.path),
        "label": method,
        "metrics": values,
        "base_val": found["val"] if method == "base" else found["base_val"],
        "run_val": found["val"],
        "valid_on_val": found["valid"],
        "beta_pinned": found.get("beta_pinned"),
    }
