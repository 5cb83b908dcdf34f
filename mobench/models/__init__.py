"""Backbones: what scores items for users (torch lives here)."""

from mobench.models.base import Backbone, bpr_loss
from mobench.models.mf import MF
from mobench.models.popularity import Popularity

BACKBONES: dict[str, type[Backbone]] = {"mf": MF}

__all__ = ["BACKBONES", "MF", "Backbone", "Popularity", "bpr_loss"]
