"""The worst-served group with its evidence, and the slots of groups."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from mobench.metrics import Outcome
from mobench.metrics.groups import (
    clopper_pearson,
    group_hits,
    kl_divergence,
    min_hit,
    n_fair,
    pop_kl,
    slot_counts,
    slot_shares,
    slots_per_user,
)
from tests.unit.metrics.outcomes import frozen, outcomes, random_outcome


def small() -> Outcome:
    """Items 0..3 in groups 0, 1, 1, 3: nothing in 2, and no target in 3."""
    return frozen(
        target=np.array([0, 0, 1, 2, 2], np.int32),
        rank=np.array([1, 4, 2, 3, 9], np.int32),
        lists=np.array([[0, 1], [1, 2], [3, -1], [1, 0], [-1, -1]], np.int32),
        price=np.ones(4),
        fair_group=np.array([0, 1, 1, 3], np.int16),
        pop_group=np.array([0, 0, 1, 1], np.int16),
        n_train=np.array([4, 3, 2, 1], np.int32),
        target_share=np.array([0.7, 0.3]),
    )


def test_min_hit_with_its_evidence() -> None:
    worst = min_hit(small(), 2)
    assert (worst.value, worst.group, worst.hits, worst.n) == (1 / 3, 1, 1, 3)
    assert worst.interval(0.9) == clopper_pearson(1, 3, 0.9)


def test_groups_without_targets_are_skipped() -> None:
    hits, n = group_hits(small(), 2)
    assert hits.tolist() == [1, 1, 0, 0]
    assert n.tolist() == [2, 3, 0, 0]
    assert min_hit(small(), 9).value == 1.0


def test_slots() -> None:
    outcome = small()
    assert n_fair(outcome) == 4
    assert slot_counts(outcome, outcome.fair_group, 4, 2).tolist() == [2, 4, 0, 1]
    assert slots_per_user(outcome, outcome.pop_group, 2, 2).tolist() == [
        [2, 0],
        [1, 1],
        [0, 1],
        [2, 0],
        [0, 0],
    ]
    assert slot_shares(outcome, 2).tolist() == [5 / 7, 2 / 7]
    assert slot_shares(outcome, 1).tolist() == [3 / 4, 1 / 4]


@settings(deadline=None, max_examples=50)
@given(outcome=outcomes())
def test_slots_per_user_add_up(outcome: Outcome) -> None:
    k, groups = outcome.lists.shape[1], n_fair(outcome)
    per_user = slots_per_user(outcome, outcome.fair_group, groups, k)
    assert per_user.sum(axis=1).tolist() == (outcome.lists >= 0).sum(axis=1).tolist()
    total = slot_counts(outcome, outcome.fair_group, groups, k)
    assert per_user.sum(axis=0).tolist() == total.tolist()


@settings(deadline=None, max_examples=50)
@given(outcome=outcomes())
def test_min_hit_is_a_lower_bound_of_hit(outcome: Outcome) -> None:
    k = outcome.lists.shape[1]
    worst = min_hit(outcome, k)
    hits, n = group_hits(outcome, k)
    assert worst.value == worst.hits / worst.n <= hits.sum() / n.sum()
    assert worst.interval()[0] <= worst.value <= worst.interval()[1]


@settings(deadline=None, max_examples=50)
@given(outcome=outcomes())
def test_pop_kl_is_zero_only_at_equality(outcome: Outcome) -> None:
    k = outcome.lists.shape[1]
    assert pop_kl(outcome, k) >= -1e-8  # ε takes a little from 0
    shares = slot_shares(outcome, k)
    assert pop_kl(replace(outcome, target_share=shares), k) == pytest.approx(0, abs=1e-12)
    gap = np.abs(shares - outcome.target_share).sum()
    assert pop_kl(outcome, k) >= gap**2 / 2 - 1e-8  # Pinsker


def test_kl_is_of_the_target_from_the_lists() -> None:
    q, p = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    wanted = 0.5 * np.log(0.5 / 0.9) + 0.5 * np.log(0.5 / 0.1)
    assert kl_divergence(q, p) == pytest.approx(wanted, abs=1e-8)
    assert kl_divergence(p, q) != pytest.approx(wanted, abs=1e-2)
    assert kl_divergence(q, np.array([1.0, 0.0])) == pytest.approx(10.82, abs=0.01)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), n=st.integers(1, 300), confidence=st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_clopper_pearson_equals_scipy(data: st.DataObject, n: int, confidence: float) -> None:
    hits = data.draw(st.integers(0, n))
    wanted = binomtest(hits, n).proportion_ci(confidence, method="exact")
    got = clopper_pearson(hits, n, confidence)
    assert got == pytest.approx((wanted.low, wanted.high), abs=1e-10)


def test_more_evidence_narrows_the_interval() -> None:
    few, many = clopper_pearson(1, 10), clopper_pearson(100, 1000)
    assert few[0] < many[0] < 0.1 < many[1] < few[1]


def test_random_outcomes_have_short_and_empty_lists() -> None:
    length = (random_outcome(0).lists >= 0).sum(axis=1)
    assert {0, 3, 5, 6} <= set(length.tolist())
