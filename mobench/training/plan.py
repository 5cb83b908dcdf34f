"""What a training run will do, checked before anything is written."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobench import RESULTS_VERSION
from mobench.artifacts import Artifact, existing, partial, short
from mobench.config import PRESETS, TrainConfig
from mobench.data.dataset import Dataset
from mobench.errors import ArtifactError, ConfigError
from mobench.manifest import Input
from mobench.models.device import pick_device
from mobench.training.data import objectives

SHARED = (
    "backbone",
    "embedding_size",
    "learning_rate",
    "batch_size",
    "weight_decay",
    "n_negatives",
    "negative_power",
    "max_redraws",
)
"""Settings that a run takes over from its base."""


@dataclass(frozen=True)
class Plan:
    """A run that can start: everything is read and checked.

    Attributes:
        dataset: The dataset.
        config: The resolved config (preset and base filled in).
        base: The base run, for methods that start from one.
        path: Where the run artifact goes.
        device: ``cpu`` or ``cuda``.
    """

    dataset: Dataset
    config: TrainConfig
    base: Artifact | None
    path: Path
    device: str

    @property
    def inputs(self) -> list[Input]:
        """What the run is made from."""
        base = [self.base.as_input("base")] if self.base else []
        return [self.dataset.artifact.as_input("dataset"), *base]

    @property
    def steps_per_epoch(self) -> int:
        """⌈N_train / B⌉."""
        return -(-len(self.dataset.splits["train"]) // self.config.batch_size)

    @property
    def n_parameters(self) -> int:
        """Size of the model."""
        if self.config.method == "popularity":
            return self.dataset.n_items
        return (self.dataset.n_users + self.dataset.n_items) * self.config.embedding_size


def plan(config: TrainConfig, dataset_path: Path, base_path: Path | None, path: Path) -> Plan:
    """Read and check everything that a run needs; write nothing.

    Args:
        config: What the user set.
        dataset_path: A dataset artifact.
        base_path: A base run; needed by ``morec`` and ``continue``.
        path: Where the run artifact will be.

    Raises:
        ConfigError: Settings that contradict each other, the data or the base.
        ArtifactError: The dataset or the base is missing, incomplete, changed or of another kind.
    """
    device = pick_device(config.device)
    dataset = Dataset.load(dataset_path)
    if not len(dataset.splits["train"]) or not len(dataset.splits["val"]):
        raise ConfigError(
            f"'{dataset_path}' has no rows in train or val", "prepare with a smaller --k-core."
        )
    config = config.with_defaults(PRESETS[config.preset])
    needs_base = config.method in ("morec", "continue")
    if base_path and not needs_base:
        raise ConfigError(f"--base does not go with --method {config.method}", "leave it out.")
    if needs_base and not base_path:
        raise ConfigError(
            f"--method {config.method} starts from a base run",
            f"make one with 'mobench train {dataset_path} --method base'.",
        )
    _check_fit(config)
    base = _base(base_path, dataset, config.seed) if base_path else None
    if base:
        config = inherit(config, base)
    if config.method == "morec":
        for goal in objectives(dataset, config).values():
            goal.start_weights()
    found = Plan(dataset, config, base, path, device)
    _check_memory(found)
    return found


def _check_memory(plan: Plan) -> None:
    """Refuse a model that cannot fit: weights, gradients, and two moments of Adam, 4 bytes each."""
    needed = 16 * plan.n_parameters
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise ConfigError(
            f"--embedding-size {plan.config.embedding_size} needs {needed / 2**30:,.0f} GiB of"
            f" memory, this machine has {there / 2**30:,.0f}",
            "choose a smaller one.",
        )


def _check_fit(config: TrainConfig) -> None:
    """Refuse settings that the method would not look at."""
    for name in ("keep_accuracy", "target_loss"):
        if config.method != "morec" and getattr(config, name) is not None:
            flag = f"--{name.replace('_', '-')}"
            raise ConfigError(
                f"{flag} does nothing for method {config.method}", "use it with --method morec."
            )
    if config.tune and config.method not in ("base", "morec"):
        raise ConfigError(
            f"--tune: method {config.method} has nothing to tune", "use it with base or morec."
        )


def _base(path: Path, dataset: Dataset, seed: int) -> Artifact:
    """Open a base run and check that it was trained on ``dataset`` with the same seed."""
    base = Artifact.open(path, "run")
    base.verify()
    method = base.manifest.results.get("method")
    if method != "base":
        raise ConfigError(f"'{path}' is a {method} run, not a base run", "pass a base run.")
    if base.manifest.seed != seed:
        raise ConfigError(
            f"--seed {seed} differs from the base's {base.manifest.seed}",
            "a run is compared with the base of its own seed: pass that one, or its seed.",
        )
    trained_on = {i.role: i.sha256 for i in base.manifest.inputs}["dataset"]
    if trained_on != dataset.artifact.digest:
        raise ArtifactError(
            f"'{path}' was trained on other data (sha256 {short(trained_on)},"
            f" not {short(dataset.artifact.digest)})",
            f"train a base on this dataset: 'mobench train {dataset.artifact.path} --method base'.",
        )
    return base


def inherit(config: TrainConfig, base: Artifact) -> TrainConfig:
    """Return the config with the base's model settings.

    Raises:
        ConfigError: A setting was given that differs from the base's.
    """
    theirs: dict[str, Any] = {name: base.manifest.config[name] for name in SHARED}
    for name, value in theirs.items():
        if name in config.model_fields_set and getattr(config, name) != value:
            flag, given = f"--{name.replace('_', '-')}", getattr(config, name)
            preset = PRESETS[config.preset].get(name) == given
            source = f"--preset {config.preset}" if preset else flag
            raise ConfigError(
                f"{flag} {given} differs from the base's {value}",
                f"leave {source} out, or train a base with it.",
            )
    return config.with_defaults(theirs)


def up_to_date(plan: Plan) -> Artifact | None:
    """Return the finished run if it is what would be made now, ``None`` if there is none.

    Raises:
        ArtifactError: The name is taken by another run, or by an unfinished one.
    """
    found = existing(plan.path, plan.config.identity(), plan.inputs, RESULTS_VERSION)
    work = partial(plan.path)
    if not found and any((work / name).is_file() for name in ("resume.pt", "tune.json")):
        raise ArtifactError(
            f"'{plan.path}' was begun and not finished",
            f"go on with 'mobench train --resume {work}', or start over with --force.",
        )
    return found
