"""Confidence intervals, paired comparison of runs, and correction for many comparisons.

The intervals are percentile intervals over users (Efron & Tibshirani, An Introduction to the
Bootstrap, 1993, chapter 13): they say how much a number depends on *which users* were measured. How
much it depends on the seed of the training is a matter of several runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mobench.errors import ConfigError, DataError
from mobench.metrics import Outcome, evaluate
from mobench.metrics.comparison import imp_values, kept_values, relative_change
from mobench.metrics.groups import min_hit
from mobench.metrics.resampling import HEADLINE, Samples, resample

Vector = NDArray[np.float64]


class Interval(NamedTuple):
    """A value with its confidence interval; ``nan`` limits where there is none."""

    value: float
    low: float
    high: float


class Effect(NamedTuple):
    """A value with its confidence interval and the two-sided p of there being no effect."""

    value: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True)
class Paired:
    """A method against its base on the same users, averaged over pairs of runs (seeds).

    Attributes:
        difference: Run − base by headline metric, in the metric's own direction and unit.
        change: Relative change by headline metric, larger is better (``relative_change``).
        imp: Imp; all ``nan`` if it averages over no metric.
        accuracy_kept: Hit / base Hit; its p is for "all is kept" (1).
    """

    difference: dict[str, Effect]
    change: dict[str, Effect]
    imp: Effect
    accuracy_kept: Effect


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


def paired(
    outcome: Outcome,
    base: Outcome,
    k: int,
    over: Sequence[str],
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Paired:
    """Compare two rankings of the same users; see ``paired_mean``."""
    return paired_mean([(outcome, base)], k, over, resamples, confidence, seed)


def paired_mean(
    pairs: Sequence[tuple[Outcome, Outcome]],
    k: int,
    over: Sequence[str],
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Paired:
    """Compare the runs of a method with their bases and average over the pairs.

    Each resample draws the users once and uses them in every ranking. A report over many methods
    should ``resample`` each ranking once and ``compare`` the results.

    Args:
        pairs: (run, base) per seed, at least one.
        k: Cutoff.
        over: The metrics of Imp, from ``imp_over``.
        resamples: Resamples of the users, at least 2.
        confidence: Coverage, in (0, 1).
        seed: Seed of the draws.

    Raises:
        ConfigError: No pair, ``k`` is not in 1..K, fewer than two resamples.
        DataError: The rankings are not of the same users and targets.
    """
    samples = [
        (resample(run, k, resamples, seed), resample(base, k, resamples, seed))
        for run, base in pairs
    ]
    return compare(samples, over, confidence)


def compare(
    pairs: Sequence[tuple[Samples, Samples]], over: Sequence[str], confidence: float = 0.95
) -> Paired:
    """Do as ``paired_mean`` does, on rankings that are resampled already."""
    _check_alike([samples for pair in pairs for samples in pair])
    runs = [_measured_first(run) for run, _ in pairs]
    bases = [_measured_first(base) for _, base in pairs]
    each = list(zip(runs, bases, strict=True))

    def effect(values: Sequence[Vector], null: float = 0.0) -> Effect:
        return _effect(np.mean(values, axis=0), null, confidence)

    return Paired(
        difference={
            name: effect([run[name] - base[name] for run, base in each]) for name in HEADLINE
        },
        change={
            name: effect([relative_change(name, run[name], base[name]) for run, base in each])
            for name in HEADLINE
        },
        imp=effect([imp_values(run, base, over) for run, base in each]),
        accuracy_kept=effect(
            [kept_values(run["hit"], base["hit"]) for run, base in each], null=1.0
        ),
    )


def _measured_first(samples: Samples) -> dict[str, Vector]:
    """Return measured and resampled values in one array per metric, ``[1 + R]``."""
    return {
        name: np.append(samples.values[name], drawn) for name, drawn in samples.resampled.items()
    }


def _check_alike(samples: Sequence[Samples]) -> None:
    """Raise unless all are resamples of the same users with the same draws."""
    if not samples:
        raise ConfigError("nothing to compare", "give at least one pair of run and base.")
    first = samples[0]
    for other in samples[1:]:
        if not np.array_equal(first.target, other.target):
            raise DataError(
                "runs to be compared have different users or targets",
                "evaluate them on the same dataset and split.",
            )
        if (first.seed, len(first.resampled["hit"])) != (other.seed, len(other.resampled["hit"])):
            raise ConfigError("runs to be compared were resampled differently", "use one seed.")


def _effect(values: Vector, null: float, confidence: float) -> Effect:
    """Return the effect from measured and resampled values, ``[1 + R]``."""
    measured, drawn = float(values[0]), values[1:]
    return Effect(measured, *percentiles(drawn, confidence), p_value(drawn, null))


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


def p_value(drawn: Vector, null: float) -> float:
    """Return the two-sided bootstrap p of ``null``, in [2 / (R + 1), 1].

    Twice the share of resamples on the rarer side of ``null``, which counts itself (Davison &
    Hinkley, Bootstrap Methods, 1997, section 4.2); ``nan`` if any value is.
    """
    if np.isnan(drawn).any():
        return nan
    rarer = min(int((drawn <= null).sum()), int((drawn >= null).sum()))
    return min(1.0, 2 * (1 + rarer) / (len(drawn) + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, in the given order (Holm, 1979).

    The i-th smallest of m is multiplied by m − i + 1, never falls below the one before it, and is
    at most 1. Rejecting where the result is ≤ α keeps the family-wise error at α.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    scaled = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(scaled, 1.0)
    return [float(value) for value in corrected]
