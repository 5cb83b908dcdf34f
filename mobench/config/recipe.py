"""A recipe: the configs of a whole experiment and what it should give."""

from typing import Any

from pydantic import Field

from mobench.config.base import Config, option


class Expectation(Config):
    """One number that a recipe should reproduce."""

    value: float = option(...)
    """The expected mean over the recipe's seeds."""
    tolerance: float = option(..., ge=0)
    """Largest accepted distance from ``value``."""
    paper: float | None = option(None)
    """The number that a paper prints, for the eye only."""


class Recipe(Config):
    """The four configs plus expectations, nothing else."""

    name: str = option(..., pattern=r"^[a-z0-9][a-z0-9._-]*$")
    """Prefix of every artifact that the recipe makes."""
    note: str = option("")
    """Where the expected values come from, and what the recipe shows."""
    prep: dict[str, Any] = option(...)
    """Settings of prep; 'source' and 'meta' may use ${DATA} for --data."""
    train: list[dict[str, Any]] = option(..., min_length=1)
    """Settings of train; 'seeds' is a list, base = "base" names an earlier method."""
    eval: dict[str, Any] = Field(default_factory=dict)
    """Settings of eval."""
    report: dict[str, Any] = Field(default_factory=dict)
    """Settings of report."""
    expect: dict[str, dict[str, Expectation]] = Field(default_factory=dict)
    """Method → metric name such as 'hit@10' → expectation."""
