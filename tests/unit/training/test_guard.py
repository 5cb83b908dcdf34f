"""The accuracy guard: where it moves the target, and when it retreats."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobench.training.controller import PIController
from mobench.training.guard import Guard


def test_the_target_is_the_formula():
    guard = Guard(0.97, 0.2, 0.2)
    assert guard.observe(1.01, 0.21) == "go on"
    assert guard.target == pytest.approx(0.21 * math.exp(10 * (1.01 - 0.97 - 0.01)))


def test_running_mean_halves_each_epoch():
    guard = Guard(0.9, 1.0, 1.0)
    for kept in (1.0, 0.96, 0.92):
        guard.observe(kept, 1.0)
    assert guard.mean == pytest.approx(0.5 * 0.92 + 0.5 * (0.5 * 0.96 + 0.5 * 1.0))


def test_accuracy_to_spare_lifts_the_target_above_the_loss_and_none_lowers_it():
    rich, poor = Guard(0.9, 0.3, 0.3), Guard(1.0, 0.3, 0.3)
    rich.observe(0.99, 0.31)
    poor.observe(0.99, 0.31)
    assert poor.target < 0.31 < rich.target


def test_two_bad_epochs_in_a_row_are_a_retreat_every_time():
    guard = Guard(0.97, 0.2, 0.2)
    verdicts = [guard.observe(0.9, 0.2) for _ in range(8)]
    assert verdicts == ["go on", "retreat"] * 4
    assert guard.retreats == 4


def test_a_retreat_forgets_the_mean():
    guard = Guard(0.97, 0.2, 0.2)
    for kept in (0.9, 0.9, 1.0):
        guard.observe(kept, 0.2)
    assert guard.mean == 1.0


def test_one_good_epoch_forgives():
    guard = Guard(0.97, 0.2, 0.2)
    assert [guard.observe(k, 0.2) for k in (0.9, 0.98, 0.9, 0.98)] == ["go on"] * 4


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0.01, 5)), max_size=50))
def test_target_stays_within_a_factor_of_two(epochs):
    guard = Guard(0.97, 0.2, 0.2)
    for kept, loss in epochs:
        guard.observe(kept, loss)
        assert 0.1 <= guard.target <= 0.4


def test_exactly_the_share_to_keep_is_not_below_it():
    """97 of 100 hits among 10,937 users come out as 0.9699999999999999."""
    guard = Guard(0.97, 0.2, 0.2)
    kept = (97 / 10_937) / (100 / 10_937)
    assert kept < 0.97
    assert [guard.observe(kept, 0.2) for _ in range(4)] == ["go on"] * 4


@pytest.mark.parametrize("keep", [0.99, 0.95, 0.90])
def test_guard_and_controller_settle_where_accuracy_is_just_kept(keep):
    """A made-up model: the weight of accuracy decides, with a delay, what loss and kept become."""
    pi = PIController(0.3, ki=1.6 / 10, beta_min=0.05, beta_max=2.0)
    guard, loss, kept, trace = Guard(keep, 0.3, 0.3), 0.3, 1.0, []
    for _ in range(60):
        losses = []
        for _ in range(10):
            beta = float(pi.step(loss))
            loss += 0.05 * (0.36 - 0.06 * beta - loss)  # a heavier weight, a smaller loss
            losses.append(loss)
        kept += 0.5 * (1.0 - 0.15 * (1 - beta) - kept)  # a lighter weight, less accuracy
        guard.observe(kept, sum(losses) / 10)
        pi.target = guard.target
        trace.append(kept)
    assert sum(trace[40:]) / 20 == pytest.approx(keep, abs=0.02)
