"""A recipe: the configs of a whole experiment and what it should give."""

from typing import Any, Self

from pydantic import Field, model_validator

from mobench.config.base import Config, Explained, option

DATASET = "dataset"
"""The key of the expectations about the dataset; all others are rows of the report."""


class Expectation(Config):
    """One number that a recipe should reproduce, or that a paper prints."""

    value: float | None = option(None)
    """The expected mean over the recipe's seeds; unset: nothing is checked."""
    tolerance: float | None = option(None, ge=0)
    """Largest accepted distance from ``value``."""
    paper: float | None = option(None)
    """The number that a paper prints, in the unit of ``value``; for the eye only."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.value is None) != (self.tolerance is None):
            raise Explained("an expected value and its tolerance go together", "give both.")
        if self.value is None and self.paper is None:
            raise Explained("an expectation says nothing", "give value and tolerance, or paper.")
        return self


class Recipe(Config):
    """The four configs plus expectations, nothing else."""

    name: str = option(..., pattern=r"^[a-z0-9][a-z0-9._-]*$")
    """Prefix of every artifact that the recipe makes."""
    note: str = option("")
    """Where the expected values come from, and what the recipe shows."""
    prep: dict[str, Any] = option(...)
    """Settings of prep; 'source' and 'meta' may use ${DATA} for --data."""
    train: list[dict[str, Any]] = option(..., min_length=1)
    """Settings of train, with lists of methods, preferences, seeds; base: a row; label: a name."""
    eval: dict[str, Any] = Field(default_factory=dict)
    """Settings of eval."""
    report: dict[str, Any] = Field(default_factory=dict)
    """Settings of report."""
    expect: dict[str, dict[str, Expectation]] = Field(default_factory=dict)
    """Row of the report → metric such as 'hit@10' → expectation; 'dataset' → result of prep."""
