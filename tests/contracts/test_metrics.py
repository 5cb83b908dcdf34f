"""What every metric in the table must satisfy; a new entry is tested by being there."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.metrics import METRICS, OBJECTIVE_METRICS, Outcome
from tests.unit.metrics.outcomes import frozen, outcomes, take

UNBOUNDED = {"rhit", "rndcg", "pop_kl", "novelty", "arp", "calibration"}
"""Metrics with a unit; all others are shares."""


def extreme(*, is_good: bool) -> Outcome:
    """20 users, 20 items, lists of 4: everything as it should be, or nothing.

    Good: the target comes first; each list has another category in each slot, as users had before,
    and all items but the five that hold most train rows. Bad: the target comes last, but for the
    most active user; all lists are the same two head items of one category.
    """
    n, k = 20, 4
    users = np.arange(n)
    tail = 5 + (users[:, None] + np.arange(k)) % (n - 5)
    head = np.tile([0, 4, -1, -1], (n, 1))
    n_train = np.ones(n, np.int32)
    n_train[:5] = 500
    return frozen(
        target=users.astype(np.int32),
        rank=np.where(users == 0, 1, 1 if is_good else n).astype(np.int32),
        lists=(tail if is_good else head).astype(np.int32),
        price=np.arange(1.0, n + 1),
        fair_group=(users % 4).astype(np.int16),
        pop_group=(users % 2).astype(np.int16),
        n_train=n_train,
        target_share=np.array([0.5, 0.5]),
        profile=np.where(users[:, None] == 0, 9, np.ones((n, 4), np.int64)),
    )


def test_names_and_labels_are_unique() -> None:
    assert all(name == metric.name for name, metric in METRICS.items())
    labels = [metric.label for metric in METRICS.values()]
    assert len(set(labels)) == len(labels)
    assert set(OBJECTIVE_METRICS) < set(METRICS)


@pytest.mark.parametrize("name", METRICS)
@settings(deadline=None, max_examples=30)
@given(outcome=outcomes())
def test_range(name: str, outcome: Outcome) -> None:
    value = METRICS[name].compute(outcome, outcome.lists.shape[1])
    assert isinstance(value, float)
    if np.isnan(value):  # nobody with a list has a profile
        assert name == "calibration"
        return
    assert -1e-8 <= value < (np.inf if name in UNBOUNDED else 1 + 1e-12)


@pytest.mark.parametrize("name", METRICS)
@settings(deadline=None, max_examples=30)
@given(outcome=outcomes(), data=st.data())
def test_invariant_to_user_order(name: str, outcome: Outcome, data: st.DataObject) -> None:
    order = np.array(data.draw(st.permutations(range(len(outcome.target)))))
    k = outcome.lists.shape[1]
    wanted = METRICS[name].compute(outcome, k)
    got = METRICS[name].compute(take(outcome, order), k)
    assert got == pytest.approx(wanted, rel=1e-12, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", METRICS)
def test_direction(name: str) -> None:
    metric = METRICS[name]
    good, bad = (metric.compute(extreme(is_good=is_good), 4) for is_good in (True, False))
    assert (good > bad) if metric.higher_is_better else (good < bad)


@pytest.mark.parametrize("name", METRICS)
def test_uses_the_cutoff(name: str) -> None:
    rank = np.repeat([1, 3], 10).astype(np.int32)
    outcome = replace(extreme(is_good=True), rank=rank)
    # items beyond the cutoff differ from those inside in category, popularity and group
    outcome.lists.setflags(write=True)
    outcome.lists[:, 2:] = [7, 9]
    outcome.lists[:, :2] = [[2, 6]]
    metric = METRICS[name]
    assert metric.compute(outcome, 2) != metric.compute(outcome, 4)
