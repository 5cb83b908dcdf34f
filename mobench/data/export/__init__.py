"""A dataset as other tools read it: our rows, our split, raw ids.

A new target is a file here and a line in ``TARGETS``.
"""

from mobench.data.export.base import Target
from mobench.data.export.comma import Comma
from mobench.data.export.lenskit import LensKit
from mobench.data.export.recbole import RecBole

TARGETS: dict[str, Target] = {"recbole": RecBole(), "csv": Comma(), "lenskit": LensKit()}

__all__ = ["TARGETS", "Target"]
