"""Which backbone a run trains, and where its code is."""

from pathlib import Path

from mobench.config import TrainConfig
from mobench.errors import ConfigError
from mobench.manifest import Input
from mobench.models import Backbone, own
from mobench.tables import sha256

COPY = "backbone.py"
"""Name of the copy of a backbone of one's own in a run."""


def code_of(config: TrainConfig, work: Path, base: Path | None) -> Path | None:
    """Return the file of a backbone of one's own, ``None`` for those of the table.

    The file itself counts where it is still there; otherwise the copy in the unfinished run.

    Args:
        config: Settings, whose backbone is a name or a path.
        work: Directory in which the run is made.
        base: Directory of the base run.

    Raises:
        ConfigError: It is gone, or differs from what the base was trained with.
    """
    if not own.is_file(config.backbone):
        return None
    given = Path(config.backbone)
    kept = work / COPY
    if base:
        return own.trusted(given, base / COPY)
    return kept if kept.is_file() and not given.is_file() else given


def as_input(config: TrainConfig, code: Path) -> Input:
    """Return the record that a run keeps of its backbone's file."""
    return Input(role="backbone", path=config.backbone, sha256=sha256(code))


def settle(config: TrainConfig, kind: type[Backbone]) -> TrainConfig:
    """Return the config with the backbone's own defaults where nobody set anything.

    Raises:
        ConfigError: All positions are to be targets, and the backbone gives only the last state.
    """
    defaults = dict(kind.defaults)
    if kind.uses_history and not kind.has_states:
        defaults["targets"] = "rows"
    config = config.with_defaults(defaults)
    if kind.uses_history and not kind.has_states and config.targets == "positions":
        raise ConfigError(
            f"targets positions needs the states of all positions, {kind.__name__} has none",
            "train it with targets rows, or give it states and score_states.",
        )
    return config
