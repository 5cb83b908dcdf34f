"""From the recommendations of any tool to a metrics artifact."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mobench import RESULTS_VERSION
from mobench.artifacts import Artifact, Draft, draft_manifest, existing, sha256
from mobench.config import METHODS, EvalConfig
from mobench.data.dataset import Dataset
from mobench.errors import ArtifactError, ConfigError
from mobench.evaluation.comparison import against_base
from mobench.evaluation.list_file import Lists, Tally, open_file, read
from mobench.evaluation.outcome import outcome
from mobench.evaluation.ranking import TopK, Track
from mobench.evaluation.run import Evaluated, load_split, prepare
from mobench.evaluation.seen import masked
from mobench.evaluation.writing import write_groups, write_lists, write_metrics, write_profiles
from mobench.manifest import Input
from mobench.models.device import pick_device


@dataclass(frozen=True)
class Given:
    """What is to be scored.

    Attributes:
        file: A Parquet file of recommendations.
        dataset: The dataset that they are for.
        base: A base run to compare with, on the same dataset.
        method: What they are called in tables.
    """

    file: Path
    dataset: Path
    base: Path | None
    method: str


def evaluate_lists(
    config: EvalConfig,
    given: Given,
    path: Path,
    *,
    replace: bool = False,
    track: Track | None = None,
) -> Evaluated:
    """Score lists on held-out rows: a target that is in no list is a miss.

    Args:
        config: Split, cutoffs, intervals.
        given: The lists.
        path: Where the metrics artifact goes.
        replace: Replace an artifact of the same name.
        track: Wraps the blocks of ranking the base to show progress.

    Raises:
        ArtifactError: An artifact is missing, incomplete, changed, or the name is taken.
        ConfigError: The split has no rows, a setting is only for models, or the name is a method's.
        DataError: The file cannot be read, or holds nothing of the dataset.
    """
    _check(config, given)
    open_file(given.file)
    source = Artifact.open(given.dataset, "dataset")
    base = _base(given, source)
    lists = Input(role="run", path=str(given.file), sha256=sha256(given.file))
    inputs = [lists, source.as_input("dataset"), *([base.as_input("base")] if base else [])]
    identity = config.identity() | {"method": given.method}
    found = None if replace else existing(path, identity, inputs, RESULTS_VERSION)
    if found:
        return Evaluated(found, fresh=False)
    dataset = load_split(source, config)
    top_k, tally = _top_k(config, given.file, dataset)
    record = outcome(top_k, dataset, config.split)
    manifest = draft_manifest(
        "metrics",
        config.model_dump(mode="json"),
        identity,
        inputs,
        seed=base.manifest.seed if base else None,
    )
    with Draft.start(path, manifest) as draft:
        values = write_metrics(draft, record, config)
        write_lists(draft, top_k)
        write_groups(draft, record, dataset, config.k[0])
        write_profiles(draft, record)
        results = _summary(given, base, values) | {"lists": tally.as_dict()}
        if base:
            ranker, model = prepare(base, dataset, config, pick_device(config.device))
            theirs = outcome(ranker.rank(model, track).checked(), dataset, config.split)
            rests = base.manifest.results["val"], int(base.manifest.config["min_base_hits"])
            results["comparison"] = against_base(record, theirs, *rests, config)
        return Evaluated(draft.finish(results, replace=replace), fresh=True)


def _check(config: EvalConfig, given: Given) -> None:
    if config.candidates:
        raise ConfigError(
            "--candidates cannot be used with --recommendations: lists are scored as they are",
            "leave one of them out.",
        )
    if given.method in METHODS:
        raise ConfigError(
            f"lists cannot be called '{given.method}', which is a method of mobench",
            "choose another --name.",
        )


def _base(given: Given, source: Artifact) -> Artifact | None:
    """Return the base run, of this dataset."""
    if given.base is None:
        return None
    base = Artifact.open(given.base, "run")
    base.verify()
    if base.manifest.results["method"] != "base":
        raise ConfigError(f"--base '{given.base}' is no base run", "give a run of method base.")
    if base.open_input("dataset", "dataset").digest != source.digest:
        raise ArtifactError(
            f"--base '{given.base}' was not trained on '{given.dataset}'",
            "give a base of this dataset.",
        )
    return base


def _top_k(config: EvalConfig, file: Path, dataset: Dataset) -> tuple[TopK, Tally]:
    """Return the lists as a ranking; a target in no list stands behind all items."""
    rows = dataset.splits[config.split]
    known = [dataset.splits["train"]]
    known += [dataset.splits["val"]] if config.split == "test" else []
    starts, items = masked(known, rows, dataset.n_users, dataset.n_items)
    keys = np.repeat(np.arange(dataset.n_users), np.diff(starts)) * dataset.n_items + items
    held_out = np.zeros(dataset.n_users, np.bool_)
    held_out[rows.user] = True
    lists = Lists(max(config.k), keys, held_out, dataset.n_items)
    read(file, dataset, lists)
    found = lists.matrix(rows.user)
    there = found == rows.item[:, None]
    rank = np.where(there.any(1), 1 + there.argmax(1), dataset.n_items + 1).astype(np.int32)
    scores = np.broadcast_to(-np.arange(1, found.shape[1] + 1, dtype=np.float32), found.shape)
    none = np.zeros(len(rank), np.bool_)
    return TopK(rows.user, rows.item, rank, none, found, scores), lists.tally


def _summary(given: Given, base: Artifact | None, values: dict[str, float]) -> dict[str, Any]:
    """Return what a report needs to know; backbone and seed are those of the base."""
    theirs = base.manifest.results if base else {"backbone": "lists", "val": None}
    return {
        "method": given.method,
        "backbone": theirs["backbone"],
        "seed": base.manifest.seed if base else 0,
        "run": str(given.file),
        "label": given.method,
        "metrics": values,
        "base_val": theirs["val"],
        "run_val": None,
        "valid_on_val": None,
        "beta_pinned": None,
    }
