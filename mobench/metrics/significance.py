"""Confidence intervals over users.

They are percentile intervals (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter
13): they say how much a number depends on *which users* were measured. How much it depends on the
seed of the training is a matter of several runs; comparisons are in ``paired``.
"""

from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mobench.metrics import Outcome, evaluate
from mobench.metrics.groups import min_hit
from mobench.metrics.resampling import resample

Vector = NDArray[np.float64]


class Interval(NamedTuple):
    """A value with its confidence interval; ``nan`` limits where there is none."""

    value: float
    low: float
    high: float


def bootstrap(
    outcome: Outcome, k: int, resamples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> dict[str, Interval]:
    """Return every metric of ``METRICS`` with its interval.

    Catalogue metrics describe the whole set of lists and get none (``nan``); min_hit gets the
    Clopper–Pearson interval of its arg-min group, since resampling a minimum drags it down.

    Args:
        outcome: The ranking.
        k: Cutoff.
        resamples: Resamples of the users, at least 2.
        confidence: Coverage, in (0, 1).
        seed: Seed of the draws.

    Raises:
        ConfigError: ``k`` is not in 1..K, fewer than two resamples.
    """
    samples = resample(outcome, k, resamples, seed).resampled
    limits = {name: percentiles(drawn, confidence) for name, drawn in samples.items()}
    limits["min_hit"] = min_hit(outcome, k).interval(confidence)
    return {
        name: Interval(value, *limits.get(name, (nan, nan)))
        for name, value in evaluate(outcome, k).items()
    }


def percentiles(drawn: Vector, confidence: float) -> tuple[float, float]:
    """Return the limits of the percentile interval of ``drawn [R]``.

    The j-th smallest and the j-th largest value with j = ⌊(R + 1) · (1 − confidence) / 2⌋ (Efron &
    Tibshirani, section 12.5): no interpolation, so infinite values do no harm; ``nan`` if any is.
    """
    if np.isnan(drawn).any():
        return nan, nan
    ordered = np.sort(drawn)
    # 1 − 0.9 is just below 0.1, which must not cost a rank
    j = max(1, int((len(drawn) + 1) * (1 - confidence) / 2 + 1e-9))
    return float(ordered[j - 1]), float(ordered[-j])
