"""Runs from what another tool made: vectors, or scores."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mobench import places
from mobench.config import TrainConfig
from mobench.errors import ConfigError

if TYPE_CHECKING:
    from mobench.training.plan import Plan


@dataclass(frozen=True)
class Given:
    """Files of which a base run is made rather than trained: at most one of them.

    Raises:
        ConfigError: Both are given.
    """

    vectors: Path | None
    candidates: Path | None

    def __post_init__(self) -> None:
        if self.vectors and self.candidates:
            raise ConfigError("--candidates does not go with --init-from", "leave one of them out.")

    @property
    def file(self) -> Path | None:
        """The file, if there is one."""
        return self.vectors or self.candidates

    @property
    def stem(self) -> str:
        """What the default names of the runs hold of it."""
        stem = self.file.stem if self.file else ""
        return re.sub(r"[^A-Za-z0-9_+-]+", "-", stem).strip("-") or self.noun

    @property
    def flag(self) -> str:
        """What it is named with."""
        return "--init-from" if self.vectors else "--candidates"

    @property
    def noun(self) -> str:
        """What it holds."""
        return "vectors" if self.vectors else "scores"


def plan_from(given: Given, config: TrainConfig, dataset: Path, name: str | None) -> "list[Plan]":
    """Return the plans of a base made of a file and of the run that starts from it.

    Their default names hold that of the file, so that they stand beside trained ones.
    """
    from mobench.training.run import plan
    from mobench.training.vectors import base_config

    def path(config: TrainConfig, name: str | None) -> Path:
        usual = places.run_name(dataset.name, config.model_copy(update={"backbone": given.stem}))
        return places.place("runs", name or usual)

    vectors, candidates = given.vectors, given.candidates
    if not config.starts_from_base:
        return [
            plan(
                config,
                dataset,
                None,
                path(config, name),
                vectors=given.vectors,
                candidates=given.candidates,
            )
        ]
    before = base_config(config)
    made = path(before, name and f"{name}-base")
    first = plan(before, dataset, None, made, vectors=vectors, candidates=candidates)
    return [first, plan(config, dataset, None, path(config, name), first=first)]
