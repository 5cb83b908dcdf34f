"""Config of ``mobench report``."""

from typing import Literal

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
    reference: float = option(0.0, "Comparison")
    """Reference point of the hypervolume on every axis: 0 is as bad as can be, 1 is base."""
    test: Literal["both", "permutation", "bootstrap"] = option("both")
    """Whom p speaks of: users and seeds (both), or users alone (permutation, bootstrap)."""
    correction: Literal["holm", "bh"] = option("holm")
    """How p is corrected for the number of tests: Holm, or Benjamini-Hochberg."""
    against: str = option("")
    """Row that the best valid method is compared with; empty takes the runner-up."""
