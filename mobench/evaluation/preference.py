"""The preference that a conditioned run is scored at."""

from collections.abc import Sequence
from typing import Any

from mobench.artifacts import Artifact
from mobench.config import TrainConfig, build
from mobench.data.dataset import Dataset
from mobench.errors import ConfigError
from mobench.evaluation.ranking import Ranker
from mobench.metrics.comparison import accuracy_kept, is_valid
from mobench.models import Backbone

TIE_SEED = 0
"""Of validation in training."""
DIGITS = 6
"""Wishes are recorded with so many, so that two ways to one mix are one mix."""


def check_preference(run: Artifact, preference: Sequence[float] | None) -> None:
    """Check that a run can be scored at a preference, if there is one.

    Raises:
        ConfigError: Its model knows none, or one of another number of objectives.
    """
    if preference is None:
        return
    config = build(TrainConfig, run.manifest.config)
    if config.method != "conditioned":
        raise ConfigError(
            f"--preference does nothing for '{run.path}': a {config.method} run has one model for"
            " one preference",
            "leave it out, or train with --method conditioned.",
        )
    if len(preference) != len(config.objectives):
        raise ConfigError(
            f"--preference has {len(preference)} values for {len(config.objectives)} objectives"
            f" ({', '.join(config.objectives)})",
            "give one per objective, acc first.",
        )


def on_val(run: Artifact, model: Backbone, dataset: Dataset, device: str) -> dict[str, Any]:
    """Return the verdict of validation on a model that the run's own validation did not see.

    Another preference keeps another share of the base's Hit, so it is measured as training does.
    """
    config = build(TrainConfig, run.manifest.config)
    length = model.uses_history and config.max_length
    ranked = Ranker(dataset, "val", config.k, TIE_SEED, device, length).rank(model).checked()
    hit = float((ranked.rank <= config.k).mean())
    kept = accuracy_kept(hit, run.manifest.results["base_val"]["hit"])
    return {"run_val": {"hit": hit, "accuracy_kept": kept}, "valid_on_val": is_valid(kept)}


def wished(run: Artifact, preference: Sequence[float] | None) -> dict[str, Any]:
    """Return by objective what a conditioned run was scored for; nothing for other runs."""
    config = build(TrainConfig, run.manifest.config)
    if config.method != "conditioned":
        return {}
    wishes = preference or config.wishes
    named = zip(config.objectives, wishes, strict=True)
    return {"wishes": {name: round(wish, DIGITS) for name, wish in named}}
