"""Backbones: what scores items for users (torch lives here)."""

from mobench.models.base import Backbone, bce_loss, bpr_loss
from mobench.models.conditioning import Conditioned, conditioned
from mobench.models.histories import Histories
from mobench.models.kinds import BACKBONES, find, fresh, kind_of, n_parameters
from mobench.models.listed import Listed
from mobench.models.mf import MF
from mobench.models.popularity import Popularity
from mobench.models.reranked import Reranked
from mobench.models.sasrec import SASRec

__all__ = [
    "BACKBONES",
    "MF",
    "Backbone",
    "Conditioned",
    "Histories",
    "Listed",
    "Popularity",
    "Reranked",
    "SASRec",
    "bce_loss",
    "bpr_loss",
    "conditioned",
    "find",
    "fresh",
    "kind_of",
    "n_parameters",
]
