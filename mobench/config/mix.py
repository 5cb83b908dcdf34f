"""Wishes for all objectives, accuracy first, as they are given to a conditioned run."""

from math import isfinite

from mobench.config.base import Explained


def scaled(wishes: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Return a mix with sum 1, so that two ways to write it are one; nothing of nothing.

    Raises:
        Explained: A wish is below 0, or there is none above it.
    """
    if wishes is None:
        return None
    if min(wishes, default=-1) < 0 or not sum(wishes) > 0 or not isfinite(sum(wishes)):
        raise Explained(
            f"--preference {','.join(map(str, wishes))} is no mix of wishes",
            "values are at least 0 and not all 0.",
        )
    return tuple(round(wish / sum(wishes), 6) for wish in wishes)
