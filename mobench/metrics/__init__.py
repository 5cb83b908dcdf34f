"""Metrics of a full ranking, in plain NumPy.

``METRICS`` is the table: name → direction and function. Comparison with a base is in
``comparison``, intervals and tests in ``significance``, fronts in ``pareto``.
"""

from mobench.metrics.base import Metric, Outcome
from mobench.metrics.catalogue import (
    aplt,
    arp,
    coverage,
    diversity,
    exposure_gap,
    gini,
    novelty,
    tail_coverage,
)
from mobench.metrics.groups import min_hit, pop_kl
from mobench.metrics.ranking import PER_USER, average
from mobench.metrics.users import calibration, mean_average_precision, recall, user_gap

__all__ = ["METRICS", "OBJECTIVE_METRICS", "Metric", "Outcome", "evaluate"]


def _min_hit(outcome: Outcome, k: int) -> float:
    return min_hit(outcome, k).value


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("hit", "Hit", True, average(PER_USER["hit"])),
        Metric("ndcg", "NDCG", True, average(PER_USER["ndcg"])),
        Metric("mrr", "MRR", True, average(PER_USER["mrr"])),
        Metric("rhit", "rHit", True, average(PER_USER["rhit"])),
        Metric("rndcg", "rNDCG", True, average(PER_USER["rndcg"])),
        Metric("min_hit", "min-Hit", True, _min_hit),
        Metric("pop_kl", "Pop-KL", False, pop_kl),
        Metric("coverage", "Coverage", True, coverage),
        Metric("gini", "Gini", False, gini),
        Metric("novelty", "Novelty", True, novelty, percent=False),
        Metric("diversity", "Diversity", True, diversity),
        Metric("arp", "ARP", False, arp, percent=False),
        Metric("aplt", "APLT", True, aplt),
        Metric("tail_coverage", "Tail cover", True, tail_coverage),
        Metric("exposure_gap", "Exposure gap", False, exposure_gap),
        Metric("recall", "Recall", True, recall),
        Metric("map", "MAP", True, mean_average_precision),
        Metric("calibration", "Calibration", False, calibration, percent=False),
        Metric("user_gap", "User gap", False, user_gap),
    )
}
"""Every metric by name, in the order of tables."""

OBJECTIVE_METRICS = ("hit", "rhit", "min_hit", "pop_kl")
"""The metric of each objective (acc, rev, fair, align): the four that Imp averages."""


def evaluate(outcome: Outcome, k: int) -> dict[str, float]:
    """Return the value of every metric at cutoff ``k``, by name.

    Raises:
        ConfigError: ``k`` is not in 1..K.
    """
    outcome.top(k)  # the ranking metrics would take any k, also one that the lists do not reach
    return {name: metric.compute(outcome, k) for name, metric in METRICS.items()}
