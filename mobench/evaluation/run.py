"""From a run to a metrics artifact."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from mobench import RESULTS_VERSION
from mobench.artifacts import Artifact, Draft, draft_manifest, existing
from mobench.config import EvalConfig, TrainConfig, build
from mobench.data.dataset import Dataset
from mobench.errors import ConfigError
from mobench.evaluation.comparison import against_base
from mobench.evaluation.outcome import outcome
from mobench.evaluation.preference import check_preference, on_val, wished
from mobench.evaluation.ranking import Ranker, Track
from mobench.evaluation.writing import write_groups, write_lists, write_metrics, write_profiles
from mobench.manifest import Input
from mobench.metrics.base import Outcome
from mobench.models import Backbone, Conditioned, Popularity, Reranked, fresh, kind_of, own
from mobench.models.device import pick_device, set_threads


@dataclass(frozen=True)
class Evaluated:
    """A metrics artifact, and whether it was made just now."""

    artifact: Artifact
    fresh: bool


Known = dict[str, Outcome]
"""Rankings of base runs by digest, so that many runs from one base rank it once."""


def evaluate(
    config: EvalConfig,
    run_path: Path,
    path: Path,
    *,
    replace: bool = False,
    track: Track | None = None,
    known: Known | None = None,
) -> Evaluated:
    """Score a run on held-out rows by full ranking.

    Args:
        config: Split, cutoffs, intervals.
        run_path: A run artifact; its dataset and base are found through its manifest.
        path: Where the metrics artifact goes.
        replace: Replace an artifact of the same name.
        track: Wraps the blocks of the ranking to show progress.
        known: What earlier calls with the same config ranked; added to.

    Raises:
        ArtifactError: An artifact is missing, incomplete, changed, or the name is taken.
        ConfigError: The split has no rows, or too many for ``candidates``; or the preference is not
            for this run.
        DataError: A score is not a number.
    """
    run = Artifact.open(run_path, "run")
    run.verify()
    check_preference(run, config.preference)
    source = run.open_input("dataset", "dataset")
    base = run.open_input("base", "run") if _has_base(run) else None
    inputs = [run.as_input("run"), source.as_input("dataset")]
    inputs += [base.as_input("base")] if base else []
    found = None if replace else existing(path, config.identity(), inputs, RESULTS_VERSION)
    if found:
        return Evaluated(found, fresh=False)
    dataset = load_split(source, config)
    job = Job(config, run, base, dataset, inputs, {} if known is None else known)
    return Evaluated(_score(job, path, replace, track), fresh=True)


def load_split(source: Artifact, config: EvalConfig) -> Dataset:
    """Return a dataset that has rows to be ranked.

    Raises:
        ConfigError: It has none.
    """
    dataset = Dataset.load(source.path)
    if not len(dataset.splits[config.split]):
        raise ConfigError(f"dataset '{dataset.name}' has no {config.split} rows")
    return dataset


def _has_base(run: Artifact) -> bool:
    return any(entry.role == "base" for entry in run.manifest.inputs)


@dataclass(frozen=True)
class Job:
    """What is scored, and how."""

    config: EvalConfig
    run: Artifact
    base: Artifact | None
    dataset: Dataset
    inputs: Sequence[Input]
    known: Known


def _score(job: Job, path: Path, replace: bool, track: Track | None) -> Artifact:
    config, run, base, dataset = job.config, job.run, job.base, job.dataset
    device = pick_device(config.device)
    threads = set_threads(0, int(run.manifest.results["n_parameters"]))
    ranker, model = prepare(run, dataset, config, device)
    top_k = ranker.rank(model, track).checked()
    record = outcome(top_k, dataset, config.split)
    job.known[run.digest] = record
    manifest = draft_manifest(
        "metrics",
        config.model_dump(mode="json"),
        config.identity(),
        job.inputs,
        seed=run.manifest.seed,
        device=device,
        threads=threads,
    )
    with Draft.start(path, manifest) as draft:
        values = write_metrics(draft, record, config)
        write_lists(draft, top_k)
        write_groups(draft, record, dataset, config.k[0])
        write_profiles(draft, record)
        results = summary(run, values) | {"tie_share": float(top_k.tied.mean())}
        results |= wished(run, config.preference)
        if config.preference:
            results |= on_val(run, model, dataset, device)
        if base:
            if base.digest not in job.known:
                theirs = ranker.rank(load_model(base, dataset, device), track).checked()
                job.known[base.digest] = outcome(theirs, dataset, config.split)
            rests = run.manifest.results["base_val"], int(run.manifest.config["min_base_hits"])
            results["comparison"] = against_base(record, job.known[base.digest], *rests, config)
        return draft.finish(results, replace=replace)


def prepare(
    run: Artifact, dataset: Dataset, config: EvalConfig, device: str
) -> tuple[Ranker, Backbone]:
    """Return the model of a run and what ranks with it."""
    model = load_model(run, dataset, device, config.preference)
    length = model.uses_history and int(run.manifest.config["max_length"])
    ranker = Ranker(
        dataset,
        config.split,
        max(config.k),
        config.seed,
        device,
        length,
        candidates=config.candidates,
    )
    return ranker, model


def load_model(
    run: Artifact, dataset: Dataset, device: str, preference: Sequence[float] | None = None
) -> Backbone:
    """Return the model of a run, ready to score, a conditioned one perhaps for a preference."""
    config = build(TrainConfig, run.manifest.config)
    if own.is_file(config.backbone):
        own.trusted(Path(config.backbone), run.path / "backbone.py")
    kind = Popularity if config.method == "popularity" else kind_of(config)
    model = fresh(kind, dataset.n_users, dataset.n_items, config)
    if config.method == "rerank":
        model = Reranked.around(model, dataset.n_items, config)
    model.load_state_dict(load_file(run.path / "model.safetensors"))
    if preference and isinstance(model, Conditioned):
        model.prefer(preference)
    return model.to(device).eval()


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
