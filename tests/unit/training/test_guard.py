"""The accuracy guard: where it moves the target, and when it retreats."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobench.training.guard import Guard


def test_first_step_is_the_formula():
    guard = Guard(0.97, 0.2, 0.2)
    assert guard.observe(1.01, 0, 0) == "go on"
    assert guard.target == pytest.approx(0.2 * math.exp(2 * (1.01 - 0.97 - 0.01)))


def test_running_mean_halves_each_epoch():
    guard = Guard(0.9, 1.0, 1.0)
    for kept in (1.0, 0.96, 0.92):
        guard.observe(kept, 0, 0)
    assert guard.mean == pytest.approx(0.5 * 0.92 + 0.5 * (0.5 * 0.96 + 0.5 * 1.0))


@pytest.mark.parametrize(("kept", "low", "high"), [(1.2, 1.0, 0.0), (0.9, 0.0, 1.0)])
def test_target_rests_while_beta_is_pinned_that_way(kept, low, high):
    guard = Guard(0.97, 0.2, 0.2)
    guard.observe(kept, low, high)
    assert guard.target == 0.2


def test_pinned_the_other_way_it_still_moves():
    guard = Guard(0.97, 0.2, 0.2)
    guard.observe(0.9, 1.0, 0.0)
    assert guard.target < 0.2


def test_two_bad_epochs_retreat_and_the_third_time_stops():
    guard = Guard(0.97, 0.2, 0.2)
    verdicts = [guard.observe(0.9, 0, 0) for _ in range(6)]
    assert verdicts == ["go on", "retreat", "go on", "retreat", "go on", "stop"]


def test_one_good_epoch_forgives():
    guard = Guard(0.97, 0.2, 0.2)
    assert [guard.observe(k, 0, 0) for k in (0.9, 0.98, 0.9, 0.98)] == ["go on"] * 4


@given(st.lists(st.floats(0, 2), max_size=50))
def test_target_stays_within_a_factor_of_two(kepts):
    guard = Guard(0.97, 0.2, 0.2)
    for kept in kepts:
        guard.observe(kept, 0, 0)
        assert 0.1 <= guard.target <= 0.4


def test_exactly_the_share_to_keep_is_not_below_it():
    """97 of 100 hits among 10,937 users come out as 0.9699999999999999."""
    guard = Guard(0.97, 0.2, 0.2)
    kept = (97 / 10_937) / (100 / 10_937)
    assert kept < 0.97
    assert [guard.observe(kept, 0, 0) for _ in range(4)] == ["go on"] * 4
