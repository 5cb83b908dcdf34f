"""Config of ``mobench eval``."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from mobench.config.base import Config, option
from mobench.config.mix import scaled


class EvalConfig(Config):
    """How a run is scored: by full ranking over all items, seen items masked, if nothing else."""

    split: Literal["val", "test"] = option("test", "Protocol")
    """Which held-out interaction of a user to predict."""
    k: tuple[Annotated[int, Field(ge=1)], ...] = option((10,), "Protocol", min_length=1)
    """List lengths; the first is the headline."""
    candidates: str | None = option(
        None, "Protocol", pattern=r"^(uniform|popularity):[1-9]\d{0,5}$"
    )
    """Rank among that many drawn unseen items only, uniform:N or popularity:N (old papers)."""
    preference: tuple[float, ...] | None = option(None, "Protocol")
    """Of a conditioned run: wishes for all objectives, acc first (unset: the run's own)."""
    resamples: int = option(1000, "Intervals", ge=2)
    """Bootstrap resamples over users for the confidence intervals."""
    confidence: float = option(0.95, "Intervals", gt=0, lt=1)
    """Coverage of the intervals."""
    seed: int = option(0, "Intervals", ge=0)
    """Seed of the tie permutation and of the bootstrap; equal for runs to be compared."""
    device: Literal["auto", "cpu", "cuda"] = option("auto", "Run", moves=False)
    """Where to compute."""

    _scaled = field_validator("preference")(scaled)
