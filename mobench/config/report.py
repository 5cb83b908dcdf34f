"""Config of ``mobench report``."""

from mobench.config.base import Config, option


class ReportConfig(Config):
    """How evaluated runs are compared."""

    k: int = option(0, "Comparison", ge=0)
    """List length to compare at; 0 takes the first that the runs share."""
    keep: float = option(0.97, "Comparison", gt=0, le=1)
    """A run is valid if it keeps this share of its base's Hit."""
    min_base_hits: int = option(10, "Comparison", ge=0)
    """A metric enters Imp only if the base has so many hits behind it on validation."""
    resamples: int = option(1000, "Comparison", ge=2)
    """Bootstrap resamples over users for intervals and comparisons."""
    seed: int = option(0, "Comparison", ge=0)
    """Seed of the bootstrap."""
