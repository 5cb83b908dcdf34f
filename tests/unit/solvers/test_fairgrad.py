"""FairGrad and Nash-MTL: the condition that defines them, and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.errors import ConfigError, TrainingError
from mobench.solvers.fairgrad import FairGrad
from mobench.solvers.nash import NashMTL
from tests.unit.solvers.samples import Vector, gram, regular, wish


@settings(deadline=None, max_examples=300)
@given(rows=regular, scale=st.sampled_from([1e-6, 1.0, 1e4]))
def test_nash_condition(rows: Vector, scale: float) -> None:
    """Norms over 1e±2, nearly parallel, conflicting: w∘Gw = 1 to 1e-8, so the norm is √M."""
    gramian, m = gram(scale * rows), len(rows)
    weights = NashMTL().weights(np.ones(m), gramian, np.ones(m))
    assert weights.min() > 0
    assert np.abs(weights * (gramian @ weights) - 1).max() <= 1e-8
    assert weights @ gramian @ weights == pytest.approx(m, rel=1e-8)


@settings(deadline=None, max_examples=200)
@given(rows=regular, seed=st.integers(0, 2**32), alpha=st.sampled_from([0.5, 1.0, 2.0, 5.0]))
def test_fair_condition(rows: Vector, seed: int, alpha: float) -> None:
    gramian, m = gram(rows), len(rows)
    preference = (wish(seed, m) + 0.05) / (1 + 0.05 * m)
    weights = FairGrad(alpha=alpha).weights(np.ones(m), gramian, preference)
    rates = m * preference * weights ** (-1 / alpha)
    assert weights.min() > 0
    assert gramian @ weights / rates == pytest.approx(np.ones(m), abs=1e-8)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_orthogonal_gradients(alpha: float) -> None:
    norms = np.array([0.01, 1.0, 7.0, 300.0])
    weights = FairGrad(alpha=alpha).weights(np.ones(4), np.diag(norms**2), np.ones(4))
    assert weights == pytest.approx(norms ** (-2 * alpha / (1 + alpha)), rel=1e-10)


def test_nash_is_fairgrad_with_alpha_1() -> None:
    """By the closed form for orthogonal gradients and by an unequal pair with its solution."""
    assert NashMTL().weights(np.ones(3), np.diag([1.0, 4.0, 0.25]), np.ones(3)) == pytest.approx(
        [1.0, 0.5, 2.0]
    )
    gramian = np.array([[5.0, 2.0], [2.0, 1.0]])  # 5a² + 2ab = 1, b² + 2ab = 1
    ratio = 5**0.5  # b = ratio · a
    first = (5 + 2 * ratio) ** -0.5
    expected = [first, ratio * first]
    for solver in (NashMTL(), FairGrad(alpha=1.0)):
        assert solver.weights(np.ones(2), gramian, np.ones(2)) == pytest.approx(expected)


def test_the_utility_is_the_largest() -> None:
    """Nash: no direction of the same length has a larger Σ p log ⟨g, d⟩."""
    rng = np.random.default_rng(0)
    rows, preference = rng.normal(size=(3, 5)), np.array([0.5, 0.3, 0.2])
    weights = NashMTL().weights(np.ones(3), rows @ rows.T, preference)
    best = weights @ rows
    utility = preference @ np.log(rows @ best)
    others = best + 0.3 * rng.normal(size=(2000, 5))
    others *= np.linalg.norm(best) / np.linalg.norm(others, axis=1, keepdims=True)
    rates = others @ rows.T
    agreeable = (rates > 0).all(axis=1)
    assert agreeable.sum() > 50
    assert (np.log(rates[agreeable]) @ preference).max() < utility


def test_no_gradient_or_no_wish_has_no_part() -> None:
    gramian = gram([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, -1.0], [0.0, 1.0, 1.0]])
    weights = NashMTL().weights(np.ones(4), gramian, np.array([1.0, 1.0, 1.0, 0.0]))
    assert weights[[1, 3]].tolist() == [0, 0]
    assert (weights * (gramian @ weights))[[0, 2]] == pytest.approx([4 / 3, 4 / 3])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1.0, 2.0], [-3.0, -6.0]], "gradients that oppose each other"),
        ([[1.0, 0.0], [-1.0, 1.0], [-1.0, -1.0]], "gradients that oppose each other"),
        ([[0.0, 0.0], [0.0, 0.0]], "no objective with a wish has a gradient"),
    ],
)
@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_a_stationary_point_has_no_bargain(
    rows: list[list[float]], message: str, alpha: float
) -> None:
    ones = np.ones(len(rows))
    with pytest.raises(TrainingError, match=rf"{message}.*; Gramian '\[\["):
        FairGrad(alpha=alpha).weights(ones, gram(rows), ones)


@pytest.mark.parametrize("alpha", [0.0, -1.0, np.inf, np.nan])
def test_no_such_fairness(alpha: float) -> None:
    with pytest.raises(ConfigError, match="no fairness"):
        FairGrad(alpha=alpha)
