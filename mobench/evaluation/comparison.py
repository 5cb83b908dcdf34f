"""A run beside its base, on the same users."""

from collections.abc import Mapping
from math import isnan
from typing import Any

from mobench.config import EvalConfig
from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.metrics.base import Outcome
from mobench.metrics.comparison import imp_over, validity
from mobench.metrics.correction import holm
from mobench.metrics.paired import Effect, Paired, paired


def against_base(
    record: Outcome,
    base: Outcome,
    support: Mapping[str, float],
    min_hits: int,
    config: EvalConfig,
) -> dict[str, Any]:
    """Return the paired comparison at the first cutoff.

    Args:
        record: The run's ranking.
        base: Its base's ranking of the same rows.
        support: On how many validation hits the base rests (see ``imp_over``).
        min_hits: How many it takes for a metric to enter Imp.
        config: Cutoffs and intervals.

    Returns:
        ``imp_over``, ``imp`` and ``accuracy_kept`` with interval, ``validity``, and ``metrics``:
        for each of the four objective metrics both values, the relative change (larger is better)
        with its interval, and p of no difference by label swaps, corrected for the four (Holm).
    """
    k = config.k[0]
    over = imp_over([support], min_hits)
    found = paired(record, base, k, over, config.resamples, config.confidence, config.seed)
    rows = [
        {
            "metric": name,
            "base": METRICS[name].compute(base, k),
            "run": METRICS[name].compute(record, k),
            **_interval(found.change[name], "change"),
            "p": p,
        }
        for name, p in zip(OBJECTIVE_METRICS, _corrected(found), strict=True)
    ]
    return {
        "k": k,
        "imp_over": list(over),
        **_interval(found.imp, "imp"),
        **_interval(found.accuracy_kept, "accuracy_kept"),
        "validity": validity(*found.accuracy_kept[:3]),
        "metrics": rows,
    }


def _corrected(found: Paired) -> list[float]:
    raw = [found.difference[name].p_value for name in OBJECTIVE_METRICS]
    return holm([1.0 if isnan(p) else p for p in raw])


def _interval(effect: Effect, name: str) -> dict[str, float]:
    return {name: effect.value, f"{name}_low": effect.low, f"{name}_high": effect.high}
