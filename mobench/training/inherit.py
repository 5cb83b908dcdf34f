"""What a run takes over from the base that it starts from."""

from collections.abc import Mapping
from typing import Any

from mobench.config import PRESETS, TrainConfig
from mobench.config.base import place_of
from mobench.errors import ConfigError

OF_HISTORIES = (
    "max_length",
    "n_blocks",
    "n_heads",
    "inner_size",
    "dropout",
    "norm",
    "targets",
    "autocast",
)
"""Settings of backbones that read histories."""
SHARED = (
    "backbone",
    "embedding_size",
    "learning_rate",
    "batch_size",
    "weight_decay",
    "optimizer",
    "n_negatives",
    "negative_power",
    "max_redraws",
    *OF_HISTORIES,
)
"""Settings that a run takes over from its base."""


def inherit(config: TrainConfig, base: Mapping[str, Any]) -> TrainConfig:
    """Return the config with the model settings of the base's config.

    A base of an earlier version may lack the younger settings; their defaults are what it had.

    Raises:
        ConfigError: A setting was given that differs from the base's.
    """
    theirs: dict[str, Any] = {name: base[name] for name in SHARED if name in base}
    for name, value in theirs.items():
        if name in config.model_fields_set and getattr(config, name) != value:
            flag, given = place_of(TrainConfig, name), getattr(config, name)
            preset = PRESETS[config.preset].get(name) == given
            source = f"preset={config.preset}" if preset else flag
            raise ConfigError(
                f"{flag} {given} differs from the base's {value}",
                f"leave {source} out, or train a base with it.",
            )
    return config.with_defaults(theirs)
