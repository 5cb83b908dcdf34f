"""Config of ``mobench recommend``."""

from typing import Literal

from pydantic import field_validator

from mobench.config.base import Config, option
from mobench.config.mix import scaled


class RecommendConfig(Config):
    """Which lists to write for people to look at."""

    k: int = option(20, "Lists", ge=1)
    """Length of the lists."""
    seen: Literal["train", "val", "test"] = option("val", "Lists")
    """What a user had up to this split is known to the model and not recommended again."""
    preference: tuple[float, ...] | None = option(None, "Lists")
    """Of a conditioned run: wishes for all objectives, acc first (unset: the run's own)."""
    sample: int = option(3, "Lists", ge=1)
    """Users to draw where none are named."""
    seed: int = option(0, "Lists", ge=0)
    """Seed of that draw, and of the order of equal scores."""
    device: Literal["auto", "cpu", "cuda"] = option("auto", "Run", moves=False)
    """Where to compute."""

    _scaled = field_validator("preference")(scaled)
