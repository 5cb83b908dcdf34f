"""CAGrad: no duality gap, no better direction by brute force, and its limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.errors import ConfigError
from mobench.solvers.cagrad import CAGrad
from tests.unit.solvers.samples import Vector, gradients, gram, problems, regular, wish

radii = st.sampled_from([0.05, 0.4, 0.9])


@settings(deadline=None, max_examples=200)
@given(rows=regular, seed=st.integers(0, 2**32), c=radii)
def test_no_duality_gap(rows: Vector, seed: int, c: float) -> None:
    """A feasible d and dual weights with equal values prove each other optimal."""
    gramian, preference = gram(rows), wish(seed, len(rows))
    weights = CAGrad(c=c).weights(np.ones(len(rows)), gramian, preference)
    pull = weights - preference
    assert pull.min() >= -1e-12
    mean, radius = preference @ gramian, c * np.sqrt(preference @ gramian @ preference)
    assert np.sqrt(pull @ gramian @ pull) == pytest.approx(radius, rel=1e-6)
    dual = pull / pull.sum()
    bound = dual @ mean + radius * np.sqrt(dual @ gramian @ dual)
    norms = np.sqrt(gramian.diagonal())
    gap = bound - (gramian @ weights).min()  # at least 0 up to rounding
    assert gap / (norms.min() * (weights @ norms)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("m", [2, 3, 4])
@pytest.mark.parametrize("c", [0.2, 0.8])
def test_no_direction_in_the_ball_is_better(m: int, c: float) -> None:
    rng = np.random.default_rng(m)
    for seed in range(5):
        rows = gradients(seed, m, 0.5, "conflicting")[:, :3]
        preference = wish(seed, m)
        mean = preference @ rows
        radius = c * np.linalg.norm(mean)
        weights = CAGrad(c=c).weights(np.ones(m), gram(rows), preference)
        direction = weights @ rows
        assert np.linalg.norm(direction - mean) <= radius * (1 + 1e-9)
        balls = rng.normal(size=(20_000, 3))
        balls *= radius / np.linalg.norm(balls, axis=1, keepdims=True)
        tried = ((mean + balls) @ rows.T).min(axis=1).max()
        worst = (rows @ direction).min()
        assert worst >= tried - 1e-12
        assert worst > (rows @ mean).min() + 1e-6  # better than static weights
        assert worst == pytest.approx(tried, abs=0.02 * radius * np.linalg.norm(rows, axis=1).max())


@given(rows=problems, seed=st.integers(0, 2**32))
def test_no_radius_is_the_mean(rows: Vector, seed: int) -> None:
    preference = wish(seed, len(rows))
    weights = CAGrad(c=0.0).weights(np.ones(len(rows)), gram(rows), preference)
    assert weights == pytest.approx(preference, rel=1e-12)


@settings(deadline=None, max_examples=100)
@given(rows=problems, seed=st.integers(0, 2**32), c=radii)
def test_stays_in_the_ball_for_any_gradients(rows: Vector, seed: int, c: float) -> None:
    gramian, preference = gram(rows), wish(seed, len(rows))
    pull = CAGrad(c=c).weights(np.ones(len(rows)), gramian, preference) - preference
    norms = np.sqrt(gramian.diagonal())
    length = np.sqrt(max(0.0, pull @ gramian @ pull))
    radius = c * np.sqrt(max(0.0, preference @ gramian @ preference))
    assert length - radius <= 1e-6 * (np.abs(pull) @ norms + preference @ norms)


def test_where_no_dual_direction_is_left() -> None:
    """g1 = −g2, g3 across: the mean serves all, so nothing is added."""
    rows = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 3.0]])
    weights = CAGrad(c=0.5).weights(np.ones(3), gram(rows), np.ones(3))
    assert weights @ rows == pytest.approx([0, 1])
    # the mean hurts objective 2: it is projected onto the dual cone, within the ball
    weights = CAGrad(c=0.5).weights(np.ones(3), gram(rows), np.array([0.4, 0.3, 0.3]))
    assert weights @ rows == pytest.approx([0, 0.9])


def test_opposed_gradients_of_which_one_is_longer() -> None:
    """g2 = −g1/2 and equal weights: the worst-off gains most by going its way."""
    rows = np.array([[2.0, 0.0], [-1.0, 0.0]])
    direction = CAGrad(c=0.4).weights(np.ones(2), gram(rows), np.ones(2)) @ rows
    assert direction == pytest.approx([0.5 - 0.2, 0])


def test_zero_gradients() -> None:
    assert CAGrad().weights(np.ones(2), np.zeros((2, 2)), np.ones(2)).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("c", [-0.1, 1.0, np.nan])
def test_no_such_radius(c: float) -> None:
    with pytest.raises(ConfigError, match="no radius"):
        CAGrad(c=c)
