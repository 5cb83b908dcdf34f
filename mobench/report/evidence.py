"""What runs and datasets leave behind for a report: traces, origins, shares, facts."""

from dataclasses import dataclass, field
from typing import Any

from mobench.data.summary.records import Summary

Columns = dict[str, list[Any]]
"""A small table in memory, column by column."""


@dataclass(frozen=True)
class Shares:
    """What item groups get of all recommended places, ``[G]``, averaged over the seeds of a row.

    Attributes:
        label: Names of the groups.
        share: Their shares of the places, sum 1.
        target: The shares that they should have, sum 1.
    """

    label: list[str]
    share: list[float]
    target: list[float]


@dataclass(frozen=True)
class Trace:
    """How one run trained; an empty table where the run did not record it."""

    seed: int
    history: Columns
    steps: Columns
    group_weights: Columns
    beta_min: float | None
    beta_max: float | None
    best_epoch: int | None
    guard: float | None = None
    """Share of the base's accuracy that the run was to keep, ``None`` if nobody asked for it."""
    guarded: str = ""
    """The accuracy metric of ``guard``."""


@dataclass(frozen=True)
class Origin:
    """Where one run comes from and how to make it again; ``None`` where the run is gone."""

    seed: int
    run: str
    run_sha256: str
    metrics: str
    metrics_sha256: str
    train: list[str] | None
    evaluate: list[str]
    settings: dict[str, tuple[Any, Any]] | None
    """Settings that differ from base: name → (here, there); ``None`` if either run is gone."""
    versions: dict[str, Any]
    device: str
    train_seconds: float | None
    eval_seconds: float
    train_cpu_seconds: float | None = None
    """CPU seconds of the training, over all threads."""
    train_memory_mb: float | None = None
    """Peak memory of the process that trained."""
    eval_memory_mb: float | None = None
    """Peak memory of the process that evaluated."""
    epochs: int | None = None
    """Epochs run."""


@dataclass(frozen=True)
class DatasetFacts:
    """What is known about the dataset.

    Attributes:
        name: Its name.
        sha256: Its hash.
        results: What prep said of it; empty where its artifact is gone.
        summary: Its numbers, ``None`` where its artifact is gone.
    """

    name: str
    sha256: str
    results: dict[str, Any]
    summary: Summary | None = field(default=None, repr=False)
