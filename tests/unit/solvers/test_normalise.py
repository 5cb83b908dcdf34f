"""Scaled objectives: what must not matter any more does not."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.errors import ConfigError, TrainingError
from mobench.solvers.epo import EPO
from mobench.solvers.imtl_g import IMTLG
from mobench.solvers.mgda import MGDA
from mobench.solvers.nash import NashMTL
from mobench.solvers.normalise import How, Normalised, back, scaled, scales
from mobench.solvers.static import Static
from mobench.solvers.stch import STCH
from tests.unit.solvers.samples import Vector, gradients, gram, regular, wish


def same_direction(rows: Vector, weights: Vector, other: Vector) -> None:
    """The directions Σ w g of two sets of weights agree up to length."""
    one, two = weights @ rows, other @ rows
    size = np.abs(weights) @ np.linalg.norm(rows, axis=1) / np.linalg.norm(one)
    assert two / np.linalg.norm(two) == pytest.approx(
        one / np.linalg.norm(one), abs=1e-8 * max(1.0, size)
    )


@settings(deadline=None, max_examples=100)
@given(rows=regular, k=st.integers(0, 7), factor=st.sampled_from([1e-2, 10.0, 1e3]))
@pytest.mark.parametrize("name", ["l2", "imtl-g", "nash"])
def test_one_loss_times_ten_changes_nothing(name: str, rows: Vector, k: int, factor: float) -> None:
    m = len(rows)
    solver = {"l2": Normalised(MGDA(), "l2"), "imtl-g": IMTLG(), "nash": NashMTL()}[name]
    factors = np.where(np.arange(m) == k % m, factor, 1.0)
    before = solver.weights(np.ones(m), gram(rows), np.ones(m))
    after = solver.weights(factors, gram(rows * factors[:, None]), np.ones(m))
    same_direction(rows, before, after * factors)


@pytest.mark.parametrize(("how", "inner"), [("l2", MGDA), ("loss", MGDA), ("loss", EPO)])
def test_the_unit_of_a_loss_does_not_matter(how: How, inner: type[MGDA] | type[EPO]) -> None:
    for seed in range(20):
        rows, preference = gradients(seed, 3, 1, "conflicting"), wish(seed, 3)
        rng = np.random.default_rng(seed)
        initial, now = rng.uniform(0.5, 2, 3), rng.uniform(0.1, 2, 3)
        units = 10.0 ** rng.normal(size=3)
        one = Normalised(inner(), how, initial.tolist())
        two = Normalised(inner(), how, (units * initial).tolist())
        before = one.weights(now, gram(rows), preference)
        after = two.weights(units * now, gram(rows * units[:, None]), preference)
        same_direction(rows, before, after * units)


def test_without_a_scale_the_unit_does_matter() -> None:
    """So that the tests above can fail."""
    rows, units = np.eye(2), np.array([10.0, 1.0])
    for solver in (MGDA(), Normalised(MGDA(), "none")):
        after = units * solver.weights(np.ones(2), gram(rows * units[:, None]), np.ones(2))
        assert after / after.sum() == pytest.approx([1 / 11, 10 / 11])


def test_scales() -> None:
    gramian, initial = np.diag([4.0, 0.0, 9.0]), np.array([0.5, 2.0, 4.0])
    expected = {"none": [1, 1, 1], "l2": [2, 1, 3], "loss": [0.5, 2, 4], "loss+": [1, 2, 12]}
    assert set(get_args(How)) == expected.keys()
    for how in get_args(How):
        assert scales(gramian, initial, how).tolist() == expected[how]


@given(rows=regular, seed=st.integers(0, 2**32))
def test_the_way_back_keeps_direction_and_sum(rows: Vector, seed: int) -> None:
    m, rng = len(rows), np.random.default_rng(seed)
    scale, weights = 10.0 ** rng.uniform(-2, 2, m), rng.normal(size=m)
    original = back(weights, scale)
    assert np.abs(original).sum() == pytest.approx(np.abs(weights).sum())
    same_direction(rows, weights / scale, original)
    assert scaled(gram(rows), scale) == pytest.approx(gram(rows / scale[:, None]), rel=1e-9)


def test_simplex_weights_stay_there_and_no_weights_too() -> None:
    solver = Normalised(MGDA(), "l2")
    weights = solver.weights(np.ones(2), np.diag([1.0, 1e6]), np.ones(2))
    assert weights == pytest.approx([1000 / 1001, 1 / 1001])
    assert solver.range == "simplex"
    assert back(np.zeros(2), np.ones(2)).tolist() == [0, 0]


def test_losses_of_the_first_step_are_the_unit() -> None:
    solver, preference = Normalised(STCH(smoothness=0.1), "loss"), np.array([0.5, 0.5])
    solver.weights(np.array([10.0, 0.1]), None, preference)
    weights = solver.weights(np.array([5.0, 0.1]), None, preference)
    inner = STCH(smoothness=0.1).weights(np.array([0.5, 1.0]), None, preference) / [10, 0.1]
    assert weights / weights.sum() == pytest.approx(inner / inner.sum())


def test_what_cannot_be_scaled() -> None:
    with pytest.raises(ConfigError, match="'l2' needs a solver of the Gramian"):
        Normalised(Static(), "l2")
    with pytest.raises(ConfigError, match="unknown normalisation 'norm'"):
        Normalised(MGDA(), "norm")  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match="are no scale"):
        Normalised(MGDA(), "loss").weights(np.array([0.0, 1.0]), np.eye(2), np.ones(2))
    with pytest.raises(TrainingError, match="needs the 2 × 2 Gramian"):
        Normalised(MGDA(), "l2").weights(np.ones(2), None, np.ones(2))
