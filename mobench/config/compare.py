"""Config of ``mobench compare``."""

from mobench.config.base import Config, option


class CompareConfig(Config):
    """How two results are told apart."""

    k: int = option(0, "Comparison", ge=0)
    """List length to compare metrics at; 0 takes the first that both have."""
    tolerance: float | None = option(None, "Comparison", ge=0)
    """Exit with 6 if a number changed, beyond noise, by more than this share of the first."""
    resamples: int = option(1000, "Comparison", ge=2)
    """Bootstrap resamples over users."""
    confidence: float = option(0.95, "Comparison", gt=0, lt=1)
    """Coverage of the intervals."""
    seed: int = option(0, "Comparison", ge=0)
    """Seed of the bootstrap."""
