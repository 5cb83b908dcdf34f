"""Synthetic runs and metrics, written with the real Draft API: what the report reads."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mobench.artifacts import Artifact, Draft, draft_manifest
from mobench.config import EvalConfig, TrainConfig, build
from mobench.metrics import METRICS, Outcome
from mobench.metrics.groups import group_hits, min_hit, slot_shares
from tests.unit.report.world import LABELS, World

RETREAT_AFTER = 5
"""Every so many epochs a guarded run goes back: after epochs 5 and 10 of 12."""


def write_dataset(path: Path, world: World, stamp: int = 0) -> Artifact:
    """Write a dataset artifact as ``mobench prep`` does, as far as its summary looks at it."""
    config = {"stamp": stamp, "missing_price": "zero"}
    with Draft.start(path, draft_manifest("dataset", config, {}, [])) as draft:
        draft.write_table("stamp.parquet", {"stamp": [stamp]})
        dataset_tables(draft, world)
        return draft.finish(
            {
                "n_users": world.n_users,
                "n_items": world.n_items,
                "n_train": int(world.n_train.sum()),
                "n_val": world.n_users,
                "n_test": world.n_users,
                "price_coverage": 0.921,
                "price_forms": {"number": world.n_items},
                "price_missing": {},
                "category_coverage": 1.0,
                "fair_level": "0",
                "tie_break": "source",
                "tie_users": 12,
                "short_users": 0,
                "n_rejected": 0,
                "rejected": {},
            }
        )


def dataset_tables(draft: Draft, world: World) -> None:
    """Write funnel, interactions, items and groups."""
    users = np.arange(world.n_users, dtype=np.int32)
    item = np.concatenate([users % world.n_items, world.target, world.target]).astype(np.int32)
    n_rows = len(item)
    day = np.repeat(np.arange(3), world.n_users)
    draft.write_table(
        "interactions.parquet",
        {
            "user": np.tile(users, 3),
            "item": item,
            "timestamp": 1_600_000_000_000 + 86_400_000 * day,
            "split": np.repeat(["train", "val", "test"], world.n_users),
        },
    )
    stages = {"stage": ["read", "5-core"], "rows": [2 * n_rows, n_rows]}
    counts = {"users": [world.n_users] * 2, "items": [world.n_items] * 2}
    draft.write_table("funnel.parquet", stages | counts)
    groups = {"price": world.price, "fair_group": world.fair_group, "pop_group": world.pop_group}
    draft.write_table("items.parquet", groups | {"n_train": world.n_train})
    draft.write_table("groups.parquet", dataset_groups(world))


def dataset_groups(world: World) -> dict[str, Any]:
    """Return the item groups of both kinds with their shares of the train rows."""
    rows: dict[str, list[Any]] = {
        key: [] for key in ("kind", "id", "label", "n_items", "n_train", "target_share")
    }
    for kind, code in (("fair", world.fair_group), ("pop", world.pop_group)):
        for group in range(int(code.max()) + 1):
            n_train = int(world.n_train[code == group].sum())
            label = world.labels[group] if kind == "fair" else str(group + 1)
            share = n_train / int(world.n_train.sum())
            values = (kind, group, label, int((code == group).sum()), n_train, share)
            for column, value in zip(rows.values(), values, strict=True):
                column.append(value)
    return rows


def write_run(
    path: Path,
    dataset: Artifact,
    settings: Mapping[str, Any],
    *,
    base: Artifact | None = None,
    val: Mapping[str, Any],
    valid: bool = True,
    pinned: Mapping[str, float] | None = None,
    labels: Sequence[str] = LABELS,
    kept: Mapping[str, Any] | None = None,
    results: Mapping[str, Any] | None = None,
) -> Artifact:
    """Write a run artifact with its traces (methods after base only).

    ``kept`` are settings that were tried and found best.
    """
    asked = build(TrainConfig, settings)
    config = asked.model_copy(update=dict(kept or {}))
    inputs = [dataset.as_input("dataset")] + ([base.as_input("base")] if base else [])
    manifest = draft_manifest(
        "run", config.model_dump(mode="json"), asked.identity(), inputs, seed=config.seed
    ).model_copy(update={"argv": ["mobench", "train", "data/x y", "--seed", str(config.seed)]})
    with Draft.start(path, manifest) as draft:
        draft.write_text("config.json", config.model_dump_json())
        if config.method == "morec":
            write_traces(draft, config, labels)
        return draft.finish(
            {
                "method": config.method,
                "backbone": config.backbone,
                "best_epoch": 6,
                "epochs_run": 12,
                "valid": valid,
                "val": dict(val),
                "base_val": dict(base.manifest.results["val"]) if base else None,
                "beta_pinned": dict(pinned or {"low": 0.0, "high": 0.1}),
                "guarded": config.keep_accuracy is not None,
                "keep": config.keep_accuracy or 0.97,
                "keep_metric": config.keep_metric,
                **(results or {}),
            }
        )


def write_traces(draft: Draft, config: TrainConfig, labels: Sequence[str]) -> None:
    """Write steps.parquet, history.parquet and group_weights.parquet."""
    random = np.random.default_rng(config.seed)
    epochs, per_epoch = 12, 10
    epoch, step = np.divmod(np.arange(epochs * per_epoch), per_epoch)
    time = np.arange(len(epoch))
    names = config.objectives
    beta = np.clip(1.0 - 0.012 * time + 0.03 * random.normal(size=len(time)).cumsum(), 0.1, 1.5)
    steps = {"epoch": epoch + 1, "step": 20 * (step + 1), "beta": beta}
    for name in names:
        steps[f"loss_{name}"] = (
            0.31 + 0.09 * np.exp(-time / 40) + 0.006 * random.normal(size=len(time))
        )
    for name, share in zip(config.auxiliary, config.shares, strict=True):
        steps[f"weight_{name}"] = np.full(len(time), config.aux_weight * share)
    steps |= {"weight_acc": beta, "target_loss": np.full(len(time), 0.345)}
    steps |= {"p_term": np.full(len(time), 0.005), "i_term": beta - 0.105}
    draft.write_table("steps.parquet", steps)
    history = np.arange(epochs + 1)
    draft.write_table(
        "history.parquet",
        {
            "epoch": history,
            "hit": 0.06 + 0.001 * history,
            "kept": 1.0 - 0.01 * ((history - 1).clip(0) % RETREAT_AFTER),
            "learning_rate": 1e-3 * 0.5 ** ((history - 1) // RETREAT_AFTER).clip(0),
        },
    )
    rows: dict[str, list[Any]] = {
        k: [] for k in ("epoch", "objective", "group", "weight", "signal")
    }
    for objective, n in (("fair", len(labels)), ("align", 5)):
        if objective not in names:
            continue
        weight = np.arange(n, 0, -1.0) / np.arange(n + 1).sum()
        for e in range(1, epochs + 1):
            signal = np.zeros(n, int)
            signal[(e // 4) % n] = 1 if objective == "fair" else -1
            for g in range(n):
                values = (e, objective, g, weight[g], signal[g])
                for column, value in zip(rows.values(), values, strict=True):
                    column.append(value)
            weight = weight * (1 + 0.15 * signal)
            weight = weight / weight.sum()
    draft.write_table("group_weights.parquet", rows)


def write_metrics(
    path: Path,
    run: Artifact,
    dataset: Artifact,
    outcome: Outcome,
    *,
    base: Artifact | None = None,
    settings: Mapping[str, Any] | None = None,
    labels: Sequence[str] = LABELS,
) -> Artifact:
    """Write a metrics artifact as ``mobench eval`` does."""
    config = build(EvalConfig, settings or {})
    inputs = [run.as_input("run"), dataset.as_input("dataset")]
    inputs += [base.as_input("base")] if base else []
    found = run.manifest.results
    manifest = draft_manifest(
        "metrics",
        config.model_dump(mode="json"),
        config.identity(),
        inputs,
        seed=run.manifest.seed,
    ).model_copy(update={"argv": ["mobench", "eval", str(run.path.name)]})
    with Draft.start(path, manifest) as draft:
        tables(draft, outcome, config, labels)
        values = {f"{n}@{k}": m.compute(outcome, k) for n, m in METRICS.items() for k in config.k}
        return draft.finish(
            {
                "method": found["method"],
                "backbone": found["backbone"],
                "seed": run.manifest.seed,
                "run": str(run.path),
                "label": found["method"],
                "metrics": values,
                "base_val": found["val"] if found["method"] == "base" else found["base_val"],
                "run_val": found["val"],
                "valid_on_val": found["valid"],
                "beta_pinned": found["beta_pinned"],
            }
        )


def tables(draft: Draft, outcome: Outcome, config: EvalConfig, labels: Sequence[str]) -> None:
    """Write the Parquet files of a metrics artifact."""
    n_users, longest = outcome.lists.shape
    users = np.arange(n_users, dtype=np.int32)
    draft.write_table(
        "targets.parquet", {"user": users, "item": outcome.target, "rank": outcome.rank}
    )
    draft.write_table(
        "recommendations.parquet",
        {
            "user": np.repeat(users, longest),
            "rank": np.tile(np.arange(1, longest + 1, dtype=np.int32), n_users),
            "item": outcome.lists.ravel(),
            "score": np.zeros(n_users * longest, np.float32),
        },
    )
    draft.write_table(
        "items.parquet",
        {
            "item": np.arange(len(outcome.price), dtype=np.int32),
            "price": outcome.price,
            "fair_group": outcome.fair_group,
            "pop_group": outcome.pop_group,
            "n_train": outcome.n_train,
        },
    )
    group_tables(draft, outcome, config.k[0], labels)


def group_tables(draft: Draft, outcome: Outcome, k: int, labels: Sequence[str]) -> None:
    """Write groups.parquet and pop_groups.parquet."""
    hits, n = group_hits(outcome, k)
    slots = np.bincount(outcome.fair_group[outcome.lists.ravel()], minlength=len(n))
    draft.write_table(
        "groups.parquet",
        {
            "group": np.arange(len(n), dtype=np.int16),
            "label": list(labels),
            "n": n,
            "hits": hits,
            "hit": hits / np.maximum(n, 1),
            "slots": slots,
            "exposure": slots / slots.sum(),
        },
    )
    draft.write_table(
        "pop_groups.parquet",
        {
            "group": np.arange(len(outcome.target_share), dtype=np.int16),
            "target_share": outcome.target_share,
            "share": slot_shares(outcome, k),
        },
    )


def support(outcome: Outcome, k: int = 10) -> dict[str, Any]:
    """Return what a run records of its validation."""
    worst = min_hit(outcome, k)
    return {
        "hit": METRICS["hit"].compute(outcome, k),
        "rhit": METRICS["rhit"].compute(outcome, k),
        "min_hit": worst.value,
        "pop_kl": METRICS["pop_kl"].compute(outcome, k),
        "hits": int((outcome.rank <= k).sum()),
        "min_hit_hits": worst.hits,
    }
