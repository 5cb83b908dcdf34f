"""Metrics of what is recommended, whoever the target is; empty slots (−1) are ignored."""

import numpy as np
from numpy.typing import NDArray

from mobench.metrics.base import Outcome
from mobench.metrics.groups import n_fair, slots_per_user

HEAD_SHARE = 0.8
"""Share of the train rows that the short head holds (the 80/20 rule)."""


def coverage(outcome: Outcome, k: int) -> float:
    """Return the share of the catalogue that is in at least one list, in (0, 1]; higher is better.

    Ge, Delgado-Battenfeld & Jannach, "Beyond accuracy", RecSys 2010 (catalogue coverage).
    """
    return float((_item_counts(outcome, k) > 0).mean())


def gini(outcome: Outcome, k: int) -> float:
    """Return the Gini index of the items' slot counts; lower is better.

    Σ_j (2j − n − 1) x_(j) / ((n − 1) Σ x) over the n items sorted by x: 0 if all are recommended
    equally often, 1 if one item fills every slot (Shani & Gunawardana, "Evaluating recommendation
    systems", Recommender Systems Handbook 2011, section 8.3.3.1).
    """
    counts = np.sort(_item_counts(outcome, k))
    n = len(counts)
    above = 2 * np.arange(1, n + 1) - n - 1
    # A catalogue of one item has nothing to be unequal; its numerator is 0.
    return float((above * counts).sum() / (max(n - 1, 1) * counts.sum()))


def novelty(outcome: Outcome, k: int) -> float:
    """Return the mean self-information of list items in bits, ≥ 0; higher is better.

    −log2(train rows of the item / all train rows), averaged over each list, then over users (Zhou
    et al., PNAS 2010; Vargas & Castells, RecSys 2011). An item without a train row counts as one
    with a single row, so that the value stays finite.
    """
    rows = np.maximum(outcome.n_train, 1)
    return _mean_over_lists(outcome, k, -np.log2(rows / rows.sum()))


def diversity(outcome: Outcome, k: int) -> float:
    """Return the share of a list's item pairs from two categories, in [0, 1]; higher is better.

    Intra-list distance (Ziegler et al., WWW 2005) with distance 1 between items of different
    fairness groups and 0 within one; averaged over users with a list, and 0 for a list of one item.
    """
    per_group = slots_per_user(outcome, outcome.fair_group, n_fair(outcome), k)
    length = per_group.sum(axis=1)
    same = (per_group * (per_group - 1)).sum(axis=1)
    pairs = length * (length - 1)
    share = np.divide(pairs - same, pairs, out=np.zeros(len(pairs)), where=pairs > 0)
    return float(share[length > 0].mean())


def arp(outcome: Outcome, k: int) -> float:
    """Return the average recommendation popularity, ≥ 0; lower is better.

    Train rows of the items, averaged over each list, then over users (Yin et al., "Challenging the
    long tail recommendation", VLDB 2012).
    """
    return _mean_over_lists(outcome, k, outcome.n_train.astype(np.float64))


def aplt(outcome: Outcome, k: int) -> float:
    """Return the average percentage of long-tail items as a share in [0, 1]; higher is better.

    Abdollahpouri, Burke & Mobasher, "Managing popularity bias in recommender systems with
    personalized re-ranking", FLAIRS 2019. The short head is the fewest most popular items that
    together hold 80 % of the train rows (ties by item code); all others are the tail.
    """
    return _mean_over_lists(outcome, k, is_tail(outcome).astype(np.float64))


def is_tail(outcome: Outcome) -> NDArray[np.bool_]:
    """Return whether each item is outside the short head, ``[I]``; see ``aplt``."""
    order = np.argsort(-outcome.n_train.astype(np.int64), kind="stable")
    held = np.cumsum(outcome.n_train[order], dtype=np.int64)
    n_head = int(np.searchsorted(held, HEAD_SHARE * held[-1])) + 1
    tail = np.ones(len(order), np.bool_)
    tail[order[:n_head]] = False
    return tail


def tail_coverage(outcome: Outcome, k: int) -> float:
    """Return the share of the long tail that is in at least one list; in [0, 1], higher is better.

    Catalogue coverage (Ge et al. 2010) of the tail of ``aplt`` (Abdollahpouri et al. 2019); 0 where
    there is no tail.
    """
    tail = is_tail(outcome)
    return float((_item_counts(outcome, k)[tail] > 0).mean()) if tail.any() else 0.0


def exposure_gap(outcome: Outcome, k: int) -> float:
    """Return how far the groups' exposure is from their train shares, in [0, 1]; lower is better.

    Exposure of a fairness group: its share of Σ 1 / log2(1 + place) over the slots of all lists
    (Singh & Joachims, "Fairness of exposure in rankings", KDD 2018, section 3.2), against its share
    of the train rows as the target: half the sum of the absolute differences (total variation).
    """
    items, groups = outcome.top(k), n_fair(outcome)
    discounts = 1 / np.log2(2 + np.arange(items.shape[1]))
    there = items >= 0
    weights = np.broadcast_to(discounts, items.shape)[there]
    exposure = np.bincount(outcome.fair_group[items[there]], weights, minlength=groups)
    train = np.bincount(outcome.fair_group, outcome.n_train, minlength=groups)
    return float(np.abs(exposure / exposure.sum() - train / train.sum()).sum() / 2)


def _item_counts(outcome: Outcome, k: int) -> NDArray[np.int64]:
    """Return how many lists hold each item, ``[I]``."""
    shifted = outcome.top(k).ravel() + 1  # bin 0 takes the empty slots
    return np.bincount(shifted, minlength=len(outcome.price) + 1)[1:]


def _mean_over_lists(outcome: Outcome, k: int, values: NDArray[np.float64]) -> float:
    """Return the mean over users of the mean of ``values [I]`` over their lists, if not empty."""
    items = outcome.top(k)
    totals = np.append(values, 0.0)[items].sum(axis=1)  # −1 finds the extra last entry
    length = (items >= 0).sum(axis=1)
    return float((totals[length > 0] / length[length > 0]).mean())
