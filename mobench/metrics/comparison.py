"""A run against its base: relative change, Imp, the share of accuracy kept, validity."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mobench.metrics import METRICS, OBJECTIVE_METRICS

KEEP = 0.97
"""A run is valid if it keeps this share of the base's Hit (MoRec: at most 3 % may be lost)."""

Validity = Literal["valid", "invalid", "undecided"]

ROUNDING = 1e-12
"""Two means that stand for 97 and 100 hits have a ratio just below or above 0.97."""


def relative_change(name: str, value: ArrayLike, base: ArrayLike) -> NDArray[np.float64]:
    """Return (x − b) / b, or (b − x) / b where lower is better, so that larger is always better.

    Args:
        name: A key of ``METRICS``, for the direction.
        value: x, any shape.
        base: b ≥ 0, same shape. Against b = 0 an equal value is no change (0) and any other an
            infinite one, so that percentiles over resamples stay ordered.
    """
    gain = np.subtract(value, base, dtype=np.float64)
    if not METRICS[name].higher_is_better:
        gain = -gain
    limit = np.where(gain == 0, 0.0, np.copysign(np.inf, gain))
    return np.divide(gain, base, out=limit, where=np.not_equal(base, 0))


def imp_values(
    values: Mapping[str, ArrayLike], base: Mapping[str, ArrayLike], over: Sequence[str]
) -> NDArray[np.float64]:
    """Return ``imp`` for values of any one shape, such as ``[R]`` resamples."""
    if not over:
        return np.full(np.shape(values["hit"]), math.nan)
    changes = [relative_change(name, values[name], base[name]) for name in over]
    return np.asarray(np.mean(changes, axis=0))


def imp(values: Mapping[str, float], base: Mapping[str, float], over: Sequence[str]) -> float:
    """Return the mean direction-corrected relative change against the base (MoRec, section 5.1).

    Args:
        values: Metric values of the run, by name.
        base: The same of its base (same seed).
        over: The metrics to average, from ``imp_over``.

    Returns:
        0 for the base itself; ``nan`` if ``over`` is empty: the mean of nothing is a fact to show,
        not a number to select by.
    """
    return float(imp_values(values, base, over))


def imp_over(
    supports: Iterable[Mapping[str, float]], min_base_hits: int = 10, min_kl: float = 0.01
) -> tuple[str, ...]:
    """Return which of the objective metrics rest on enough to enter Imp.

    Decide once per table and use the result for all methods, splits and seeds: with 0 or 1 hit
    behind min-Hit, a single vanished hit moved Imp by 25 points. A metric enters if *every* base
    supports it.

    Args:
        supports: One mapping per base, measured on validation: ``hits``, ``min_hit_hits`` (hits in
            the arg-min group), ``rhit``, ``pop_kl``.
        min_base_hits: Hits needed behind hit, rhit and min_hit (at least 1 in any case).
        min_kl: ``pop_kl`` must be above this.

    Returns:
        Names in the order of ``OBJECTIVE_METRICS``; empty if nothing enters or there is no base.
    """
    bases = list(supports)
    return tuple(
        name
        for name in OBJECTIVE_METRICS
        if bases and all(_rests(name, base, max(min_base_hits, 1), min_kl) for base in bases)
    )


def _rests(name: str, base: Mapping[str, float], min_hits: int, min_kl: float) -> bool:
    """Return whether the base's value of ``name`` rests on something."""
    if name == "pop_kl":
        return base["pop_kl"] > min_kl
    if name == "min_hit":
        return base["min_hit_hits"] >= min_hits
    if name == "rhit" and base["rhit"] <= 0:
        return False
    return base["hits"] >= min_hits


def kept_values(hit: ArrayLike, base_hit: ArrayLike) -> NDArray[np.float64]:
    """Return ``accuracy_kept`` for values of any one shape."""
    base = np.asarray(base_hit, dtype=np.float64)
    unknown = np.full(np.broadcast(hit, base).shape, math.nan)
    return np.asarray(np.divide(hit, base, out=unknown, where=base != 0))


def accuracy_kept(hit: float, base_hit: float) -> float:
    """Return hit / base_hit, ≥ 0; ``nan`` (never valid) against a base without a hit."""
    return float(kept_values(hit, base_hit))


def is_valid(kept: float, threshold: float = KEEP) -> bool:
    """Return whether enough accuracy is kept for a run to count (97 of 100 hits are enough)."""
    return kept >= threshold - ROUNDING


def validity(kept: float, low: float, high: float, threshold: float = KEEP) -> Validity:
    """Return whether enough accuracy is kept, as far as the measured users can tell.

    Args:
        kept: ``accuracy_kept``; ``nan`` against a base without a hit.
        low: Lower limit of its interval; ``nan`` where there is none.
        high: Upper limit.
        threshold: The share of the base's accuracy to be kept, in (0, 1].

    Returns:
        ``valid`` if the whole interval keeps enough, ``invalid`` if none of it does or there is
        nothing to keep, else ``undecided``. ``is_valid`` is the paper's rule: the value alone.
    """
    if math.isnan(kept):
        return "invalid"
    point = is_valid(kept, threshold)
    if point and is_valid(low, threshold):
        return "valid"
    surely_not = not math.isnan(high) and not is_valid(high, threshold)
    return "invalid" if surely_not and not point else "undecided"
