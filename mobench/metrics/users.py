"""Metrics of users: several held-out items of one, his habits, and how unequally users are served.

N users (``Outcome.person``), each with one row or more.
"""

from math import nan

import numpy as np
from numpy.typing import NDArray

from mobench.metrics.base import Outcome
from mobench.metrics.groups import n_fair, slots_per_user

SMOOTHING = 0.01
"""Share of the profile that is mixed into that of the list: KL stays finite (Steck 2018)."""

ACTIVE_SHARE = 0.05
"""Share of the users who count as active (Li et al. 2021)."""

Vector = NDArray[np.float64]


def recall(outcome: Outcome, k: int) -> float:
    """Return the mean share of a user's targets that are in his list, in [0, 1]; higher is better.

    Herlocker et al., "Evaluating collaborative filtering recommender systems", TOIS 2004. Equal to
    Hit where every user has one target.
    """
    return float(_recalls(outcome, k).mean())


def _recalls(outcome: Outcome, k: int) -> Vector:
    """Return the recall of each user, ``[N]``."""
    person = outcome.person
    hits = np.bincount(person, weights=outcome.rank <= k)
    return np.asarray(hits / np.bincount(person))


def mean_average_precision(outcome: Outcome, k: int) -> float:
    """Return the mean over users of the average precision at k, in [0, 1]; higher is better.

    Σ over the hits of (hits up to this rank) / rank, divided by min(targets, k), the most there can
    be (Manning, Raghavan & Schütze, Introduction to Information Retrieval, 2008, section 8.4, cut
    at k). Equal to MRR where every user has one target.
    """
    person = outcome.person
    n_targets = np.bincount(person)
    order = np.lexsort((outcome.rank, person))
    order = order[outcome.rank[order] <= k]
    owner = person[order]
    n_hits = np.bincount(owner, minlength=len(n_targets))
    before = np.arange(len(owner)) - np.repeat(np.cumsum(n_hits) - n_hits, n_hits)
    precision = np.bincount(owner, (before + 1) / outcome.rank[order], minlength=len(n_targets))
    return float((precision / np.minimum(n_targets, k)).mean())


def calibration(outcome: Outcome, k: int) -> float:
    """Return how far lists stray from their user's categories, in [0, −ln 0.01]; lower is better.

    Mean over the rows with a list and a profile of KL(p ‖ q̃), p the profile's shares of the
    fairness groups, q those of the list, q̃ = 0.99 q + 0.01 p (Steck, "Calibrated recommendations",
    RecSys 2018, Eq. 6). ``nan`` where no such row is.
    """
    if outcome.profile is None:
        return nan
    slots = slots_per_user(outcome, outcome.fair_group, n_fair(outcome), k)
    use = (slots.sum(1) > 0) & (outcome.profile.sum(1) > 0)
    if not use.any():
        return nan
    p, q = (rows[use] / rows[use].sum(1, keepdims=True) for rows in (outcome.profile, slots))
    mixed = (1 - SMOOTHING) * q + SMOOTHING * p
    ratio = np.divide(p, mixed, out=np.ones(p.shape), where=p > 0)
    return float((p * np.log(ratio)).sum(1).mean())


def user_gap(outcome: Outcome, k: int) -> float:
    """Return |recall of active − of other users|, in [0, 1]; lower is better.

    User-oriented fairness (Li et al., "User-oriented fairness in recommendation", WWW 2021). Active
    are the 5 % of the users with most rows in their profile, and whoever has as many as the last
    of these; 0 where that is everybody, ``nan`` without profiles.
    """
    if outcome.profile is None:
        return nan
    served, person = _recalls(outcome, k), outcome.person
    rows = np.zeros(len(served))
    rows[person] = outcome.profile.sum(1)
    n_active = int(np.ceil(ACTIVE_SHARE * len(rows)))
    active = rows >= np.sort(rows)[-n_active]
    if active.all():
        return 0.0
    return float(abs(served[active].mean() - served[~active].mean()))
