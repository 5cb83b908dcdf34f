"""Metrics of where the target stands: one number per user, averaged over users.

``rank`` is the target's place in the full ranking, so nothing here looks at the lists.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mobench.metrics.base import Outcome

Vector = NDArray[np.float64]


def hit(outcome: Outcome, k: int) -> Vector:
    """Return 1 where the rank is at most k, else 0, ``[U]`` (also: HR, Recall at one target)."""
    return (outcome.rank <= k).astype(np.float64)


def ndcg(outcome: Outcome, k: int) -> Vector:
    """Return 1 / log2(1 + rank), 0 beyond k, ``[U]`` in [0, 1].

    Järvelin & Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002; with one
    relevant item the ideal gain is 1.
    """
    return np.asarray(hit(outcome, k) / np.log2(1.0 + outcome.rank))


def mrr(outcome: Outcome, k: int) -> Vector:
    """Return 1 / rank, 0 beyond k, ``[U]`` in [0, 1] (Voorhees, TREC-8 1999)."""
    return hit(outcome, k) / outcome.rank


def rhit(outcome: Outcome, k: int) -> Vector:
    """Return the target's price where it is hit, ``[U]`` ≥ 0 (MoRec, arXiv 2310.13260).

    The unit is the currency; nothing is normalised. A missing price is 0.
    """
    return hit(outcome, k) * outcome.price[outcome.target]


def rndcg(outcome: Outcome, k: int) -> Vector:
    """Return the discounted gain times the target's price, ``[U]`` ≥ 0."""
    return ndcg(outcome, k) * outcome.price[outcome.target]


PER_USER: dict[str, Callable[[Outcome, int], Vector]] = {
    "hit": hit,
    "ndcg": ndcg,
    "mrr": mrr,
    "rhit": rhit,
    "rndcg": rndcg,
}
"""The per-user metrics by name."""


def average(per_user: Callable[[Outcome, int], Vector]) -> Callable[[Outcome, int], float]:
    """Return the metric whose value is the mean of ``per_user`` over users."""

    def compute(outcome: Outcome, k: int) -> float:
        return float(per_user(outcome, k).mean())

    return compute
