"""Pareto MTL: the min-norm point of losses and constraints, its phases, and the toy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.errors import ConfigError, TrainingError
from mobench.solvers.mgda import MGDA
from mobench.solvers.pareto_mtl import ParetoMTL, loss_vector
from tests.unit.solvers.samples import Toy, Vector, gram, problems, regular, wish

ANGLES = np.linspace(0, np.pi / 2, 10)
WISHES = 1 / (np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1) + 1e-3)
"""The paper's ten vectors on a quarter of a circle, as wishes."""


@settings(deadline=None, max_examples=100)
@given(rows=problems, seed=st.integers(0, 2**32))
def test_a_single_vector_is_mgda(rows: Vector, seed: int) -> None:
    m = len(rows)
    gramian, losses, preference = gram(rows), 0.1 + wish(seed + 1, m), wish(seed, m)
    weights = ParetoMTL([preference.tolist()], 100).weights(losses, gramian, preference)
    expected = MGDA().weights(losses, gramian, preference)
    norms = np.sqrt(gramian.diagonal())
    unit = norms * (expected @ norms)
    assert gramian @ weights / unit == pytest.approx(gramian @ expected / unit, abs=1e-7)


def constraints(wishes: Vector, own: Vector, losses: Vector) -> Vector:
    vectors = np.array([loss_vector(r / r.sum()) for r in wishes])
    normals = vectors - loss_vector(own / own.sum())
    return normals[normals @ losses > 1e-9]


@settings(deadline=None, max_examples=200)
@given(rows=regular, seed=st.integers(0, 2**32), n=st.integers(1, 6))
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_that_counts_is_raised(share: float, rows: Vector, seed: int, n: int) -> None:
    """Phase 1 reduces every broken constraint, phase 2 every loss as well, or nothing can."""
    m, rng = len(rows), np.random.default_rng(seed)
    gramian, losses, wishes = gram(rows), rng.uniform(0.1, 2, m), rng.dirichlet(np.ones(m), n)
    broken = constraints(wishes, wishes[0], losses)
    solver = ParetoMTL(wishes.tolist(), 100, initial_share=share)
    weights = solver.weights(losses, gramian, wishes[0])
    is_first = share == 1 and len(broken)
    must_fall = broken if is_first else np.vstack([np.eye(m), broken])
    squared = weights @ gramian @ weights
    falls = must_fall @ gramian @ weights
    norms = np.sqrt(gramian.diagonal())
    unit = (np.abs(must_fall) @ norms) * (np.abs(weights) @ norms)
    assert (falls - squared >= -1e-8 * unit).all()
    mixes, *_ = np.linalg.lstsq(must_fall.T, weights, rcond=None)
    assert must_fall.T @ mixes == pytest.approx(weights, abs=1e-9 * np.abs(weights).max())


def test_weights_may_be_negative() -> None:
    """Far outside its region the first loss is raised on purpose."""
    solver = ParetoMTL([[0.9, 0.1], [0.1, 0.9]], 100)
    weights = solver.weights(np.array([0.1, 2.0]), np.eye(2), np.array([0.1, 0.9]))
    assert weights[0] < 0 < weights[1]


def test_phase_1_ends_in_the_region_or_with_its_share() -> None:
    wishes, far, own = [[0.9, 0.1], [0.1, 0.9]], np.array([0.1, 2.0]), np.array([0.1, 0.9])
    solver = ParetoMTL(wishes, 10, initial_share=0.3, decay=0.0)
    phases = [solver.weights(far, np.eye(2), own).sum() for _ in range(4)]
    normal = loss_vector(np.array([0.9, 0.1])) - loss_vector(own)
    assert phases[0] == phases[1] == pytest.approx(normal.sum(), abs=1e-12)
    assert phases[3] > 0.1  # losses take part
    solver = ParetoMTL(wishes, 100, decay=0.0)
    solver.weights(np.array([2.0, 0.1]), np.eye(2), own)  # in its region: phase 1 is over for good
    assert solver.weights(far, np.eye(2), own) == pytest.approx(
        ParetoMTL(wishes, 0).weights(far, np.eye(2), own)
    )


def test_a_single_batch_does_not_change_the_region() -> None:
    wishes, own = [[0.9, 0.1], [0.1, 0.9]], np.array([0.1, 0.9])
    inside, outside = np.array([1.0, 0.5]), np.array([0.5, 1.0])
    calm, nervous = ParetoMTL(wishes, 100), ParetoMTL(wishes, 100, decay=0.0)
    for solver in (calm, nervous):
        for _ in range(5):
            solver.weights(inside, np.eye(2), own)
    assert calm.weights(outside, np.eye(2), own).min() > 0
    assert nervous.weights(outside, np.eye(2), own).min() < 0.3


def ended_in_their_regions(rate: float, steps: int, decay: float, share: float, seed: int) -> int:
    toy = Toy()
    vectors = np.array([loss_vector(r / r.sum()) for r in WISHES])
    count = 0
    for k, preference in enumerate(WISHES):
        solver = ParetoMTL(WISHES.tolist(), steps, decay=decay, initial_share=share)
        end = toy.descend(solver, preference, toy.start(10 * seed + k), rate, steps)[-1]
        count += int((vectors @ toy.losses(end)).argmax() == k)
    return count


def test_ten_vectors_end_in_their_regions() -> None:
    """The paper's toy with its step of 1, and without phase 1 for comparison."""
    assert all(ended_in_their_regions(1.0, 200, 0.0, 0.2, seed) >= 9 for seed in range(2))
    assert ended_in_their_regions(1.0, 200, 0.0, 0.0, 0) <= 7


@pytest.mark.slow
def test_ten_vectors_end_in_their_regions_with_the_moving_average() -> None:
    assert ended_in_their_regions(0.1, 1500, 0.9, 0.2, 0) >= 9


def test_every_vector_has_a_region() -> None:
    """L2-normalised ones do, also inside the hull of the others."""
    wishes = np.array([[0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6], [1 / 3] * 3])
    vectors = np.array([loss_vector(r) for r in wishes])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
    assert (vectors @ vectors.T).argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert vectors[0].argmin() == 0  # more important: smaller loss


@pytest.mark.parametrize("losses", [[-0.1, 1.0], [1.0, 1.0, 1.0]])
def test_losses_without_a_region(losses: list[float]) -> None:
    m = len(losses)
    with pytest.raises(TrainingError, match="no region holds the losses"):
        ParetoMTL([[0.5, 0.5]], 100).weights(np.array(losses), np.eye(m), np.ones(m))


@pytest.mark.parametrize("option", [{"initial_share": 1.1}, {"decay": 1.0}, {"decay": -0.1}])
def test_bad_options(option: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="out of range"):
        ParetoMTL([[0.5, 0.5]], 100, **option)


def test_a_bad_wish_of_the_front() -> None:
    with pytest.raises(ConfigError, match="no mix of wishes"):
        ParetoMTL([[0.5, 0.5], [-1.0, 2.0]], 100)
    with pytest.raises(ConfigError, match="preference has 3 values for 2"):
        ParetoMTL([[0.5, 0.5], [1.0, 2.0, 3.0]], 100)
    with pytest.raises(ConfigError, match="no wishes"):
        ParetoMTL([], 100)
