"""Smooth Tchebycheff and mirror descent: gradients, duals, and what they do on a concave front."""

import numpy as np
import pytest

from mobench.errors import ConfigError
from mobench.solvers.omd_tch import OMDTCH
from mobench.solvers.static import Static
from mobench.solvers.stch import STCH
from tests.unit.solvers.samples import Toy


def test_stch_weights_are_the_gradient() -> None:
    losses, preference = np.array([0.9, 0.4, 1.3]), np.array([0.2, 0.5, 0.3])
    ideal, mu = [0.1, -0.2, 0.3], 0.07

    def value(at: np.ndarray) -> float:
        return float(mu * np.log(np.exp(preference * (at - ideal) / mu).sum()))

    slopes = [(value(losses + step) - value(losses - step)) / 2e-6 for step in 1e-6 * np.eye(3)]
    weights = STCH(smoothness=mu, ideal=ideal).weights(losses, None, 4 * preference)
    assert weights / 3 == pytest.approx(slopes, rel=1e-7)


def test_stch_from_static_to_the_worst_loss() -> None:
    losses, preference = np.array([0.9, 0.4, 1.3]), np.array([0.2, 0.5, 0.3])
    rough = STCH(smoothness=1e-6).weights(losses * 1e4, None, preference)
    assert rough.tolist() == [0, 0, pytest.approx(3 * 0.3)]
    smooth = STCH(smoothness=1e6).weights(losses, None, preference)
    assert smooth == pytest.approx(preference, rel=1e-5)


def test_stch_on_a_concave_front() -> None:
    """μ = 0.01 comes within 0.03 of the target, μ = 0.1 and static weights end at an end."""
    toy, preference = Toy(), np.array([0.8, 0.2])
    target, end = toy.target(preference), toy.front()[-1]

    def reached(solver: STCH | Static) -> np.ndarray:
        return toy.losses(toy.descend(solver, preference, toy.start(0), 0.02, 1500)[-1])

    assert reached(STCH()) == pytest.approx([0.197, 0.904], abs=1e-3)
    assert np.abs(reached(STCH()) - target).max() < 0.03
    assert np.abs(reached(STCH(smoothness=0.1)) - end).max() < 0.03
    assert np.abs(reached(Static()) - end).max() < 0.03


def test_omd_steps() -> None:
    solver, preference = OMDTCH(rate=0.5), np.array([0.25, 0.75])
    first, second = np.array([2.0, 1.0]), np.array([1.0, 3.0])
    assert solver.weights(first, None, preference) == pytest.approx(preference)
    powers = np.exp(0.5 * preference * first)
    assert solver.weights(second, None, preference) == pytest.approx(
        2 * powers / powers.sum() * preference
    )
    powers *= np.exp(0.5 * preference * second)
    assert solver.weights(first, None, preference) == pytest.approx(
        2 * powers / powers.sum() * preference
    )


def test_omd_does_not_overflow() -> None:
    solver, losses = OMDTCH(rate=1.0), np.array([1e4, 1.0])
    for _ in range(3):
        weights = solver.weights(losses, None, np.ones(2))
    assert weights == pytest.approx([1, 0])


def test_omd_reaches_the_target_in_the_mean() -> None:
    """Equal wishes on the concave front: the last iterate is far off, the mean is not."""
    toy, preference = Toy(), np.array([0.5, 0.5])
    path = toy.descend(OMDTCH(), preference, toy.start(0), 0.05, 4000)
    target = toy.target(preference)
    last = np.abs(toy.losses(path[-1]) - target).max()
    mean = np.abs(toy.losses(path.mean(axis=0)) - target).max()
    assert mean < 0.05 < 4 * 0.05 < last


@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, np.nan])
def test_bad_options(value: float) -> None:
    with pytest.raises(ConfigError, match="is none"):
        STCH(smoothness=value)
    with pytest.raises(ConfigError, match="is none"):
        OMDTCH(rate=value)
    with pytest.raises(ConfigError, match="ideal has 3 values for 2 objectives"):
        STCH(ideal=[0.0, 0.0, 0.0]).weights(np.ones(2), None, np.ones(2))
