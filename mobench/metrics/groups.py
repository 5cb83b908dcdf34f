"""Metrics over groups of items: the worst-served fairness group and the exposure of popularity.

G fairness groups (by the *target's* item), P popularity groups (by the *recommended* items).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from mobench.metrics.base import Outcome

EPSILON = 1e-10
"""Keeps the logarithms of Pop-KL finite for a group that is never recommended."""


@dataclass(frozen=True)
class MinHit:
    """The fairness group with the lowest Hit.

    Attributes:
        value: Its mean hit, in [0, 1].
        group: Its code (the lowest one among equals).
        hits: Users with a target in the group who are hit.
        n: Users with a target in the group, at least 1.
    """

    value: float
    group: int
    hits: int
    n: int

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the Clopper–Pearson interval of the group's Hit.

        It holds for the group as given; that the group was picked for being the lowest is not
        corrected for.
        """
        return clopper_pearson(self.hits, self.n, confidence)


def group_hits(outcome: Outcome, k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return hits and targets per fairness group, both ``[G]``."""
    group = outcome.fair_group[outcome.target]
    n_groups = n_fair(outcome)
    hits = np.bincount(group[outcome.rank <= k], minlength=n_groups)
    return hits, np.bincount(group, minlength=n_groups)


def n_fair(outcome: Outcome) -> int:
    """Return G, the number of fairness groups of the catalogue."""
    return int(outcome.fair_group.max()) + 1


def min_hit(outcome: Outcome, k: int) -> MinHit:
    """Return the lowest mean hit over fairness groups; groups without a target are skipped.

    MoRec (arXiv 2310.13260) calls the objective least misery.
    """
    hits, n = group_hits(outcome, k)
    rate = np.divide(hits, n, out=np.full(len(n), np.inf), where=n > 0)
    worst = int(rate.argmin())
    return MinHit(float(rate[worst]), worst, int(hits[worst]), int(n[worst]))


def clopper_pearson(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a binomial share (Clopper & Pearson, Biometrika 1934).

    Args:
        hits: Successes, in [0, n].
        n: Trials, at least 1.
        confidence: Coverage, in (0, 1).
    """
    tail = (1 - confidence) / 2
    # betaincinv is the quantile of scipy.stats.beta without the half second of its import.
    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(betaincinv(hits + 1, n - hits, 1 - tail))
    return low, high


def slot_counts(
    outcome: Outcome, group: NDArray[np.int16], n_groups: int, k: int
) -> NDArray[np.int64]:
    """Return how many slots of all lists each group of items fills, ``[n_groups]``.

    Args:
        outcome: The ranking; empty slots (−1) count for no group.
        group: Group of each item, ``[I]``, ``fair_group`` or ``pop_group``.
        n_groups: Number of groups.
        k: Cutoff.
    """
    return np.bincount(_codes(outcome, group, n_groups, k).ravel(), minlength=n_groups + 1)[:-1]


def slots_per_user(
    outcome: Outcome, group: NDArray[np.int16], n_groups: int, k: int
) -> NDArray[np.int64]:
    """Return ``slot_counts`` of each user's list, ``[U, n_groups]``."""
    codes = _codes(outcome, group, n_groups, k)
    n_users, width = len(codes), n_groups + 1
    cells = codes + width * np.arange(n_users)[:, None]
    counts = np.bincount(cells.ravel(), minlength=n_users * width)
    return counts.reshape(n_users, width)[:, :-1]


def _codes(
    outcome: Outcome, group: NDArray[np.int16], n_groups: int, k: int
) -> NDArray[np.integer]:
    """Return the group in each slot, ``[U, k]``; −1 finds the extra last entry, ``n_groups``."""
    return np.append(group, group.dtype.type(n_groups))[outcome.top(k)]


def slot_shares(outcome: Outcome, k: int) -> NDArray[np.float64]:
    """Return P, the popularity groups' shares of all filled slots, ``[P]``, sums to 1."""
    counts = slot_counts(outcome, outcome.pop_group, len(outcome.target_share), k)
    return np.asarray(counts / counts.sum())


def pop_kl(outcome: Outcome, k: int) -> float:
    """Return KL(Q ‖ P) of wanted and recommended popularity shares, ≥ 0 up to ε (MoRec).

    All slots at once; the released code averages over batches, which is larger.
    """
    return float(kl_divergence(outcome.target_share, slot_shares(outcome, k)))


def kl_divergence(wanted: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Σ_g Q_g (ln(Q_g + ε) − ln(P_g + ε)), shape ``[...]``.

    Args:
        wanted: Q, ``[P]``.
        shares: P, ``[..., P]``.
    """
    gaps = np.log(wanted + EPSILON) - np.log(shares + EPSILON)
    return np.asarray((wanted * gaps).sum(axis=-1))
