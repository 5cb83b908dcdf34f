"""The table of backbones, and what is done with an entry of it."""

from pathlib import Path

import torch

from mobench.config import TrainConfig
from mobench.errors import ConfigError, suggest
from mobench.models import own
from mobench.models.base import Backbone
from mobench.models.conditioning import conditioned
from mobench.models.listed import Listed
from mobench.models.mf import MF
from mobench.models.sasrec import SASRec
from mobench.seeds import Seeds

BACKBONES: dict[str, type[Backbone]] = {"mf": MF, "sasrec": SASRec}
GIVEN = "candidates"
"""What the backbone of a run is called whose scores came in a file."""


def find(name: str, code: Path | None = None) -> type[Backbone]:
    """Return the backbone of a name, or the one in a Python file.

    Args:
        name: Entry of the table, or a path that ends in ``.py``.
        code: Where that file is now, if not there.

    Raises:
        ConfigError: There is none of that name, or the file does not hold one.
    """
    if own.is_file(name):
        return own.load(code or Path(name))
    if name == GIVEN:
        return Listed
    if name not in BACKBONES:
        raise ConfigError(
            f"--backbone '{name}' is unknown",
            f"{suggest(name, BACKBONES)}One of: {', '.join(BACKBONES)}, or a Python file.",
        )
    return BACKBONES[name]


def kind_of(config: TrainConfig, code: Path | None = None) -> type[Backbone]:
    """Return the class of the models of a config: its backbone, conditioned where it is to be.

    Raises:
        ConfigError: As in ``find``.
    """
    kind = find(config.backbone, code)
    return conditioned(kind) if config.method == "conditioned" else kind


def fresh(kind: type[Backbone], n_users: int, n_items: int, config: TrainConfig) -> Backbone:
    """Return a model with the initial weights of the config's seed, on the CPU."""
    generator = torch.Generator().manual_seed(Seeds(config.seed).integer("init"))
    return kind.build(n_users, n_items, config, generator)


def n_parameters(kind: type[Backbone], n_users: int, n_items: int, config: TrainConfig) -> int:
    """Return how many weights a model would have, without making all of them.

    Tables grow with the users or with the items, so models of one or two of each tell it. (The
    device ``meta`` would too, but takes two seconds to load.)
    """
    one, user, item = (_size(kind, u, i, config) for u, i in ((1, 1), (2, 1), (1, 2)))
    return one + (n_users - 1) * (user - one) + (n_items - 1) * (item - one)


def _size(kind: type[Backbone], n_users: int, n_items: int, config: TrainConfig) -> int:
    model = fresh(kind, n_users, n_items, config)
    return sum(parameter.numel() for parameter in model.parameters())
