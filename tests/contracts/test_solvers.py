"""What every solver in the table must satisfy; a new entry is tested by being there."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mobench.errors import ConfigError, TrainingError
from mobench.solvers import SOLVERS

Vector = NDArray[np.float64]
Problem = tuple[Vector, Vector, Vector]


def problem(seed: int, m: int, spread: float, rank: int) -> Problem:
    """Read-only losses, Gramian of gradients with norms over 10^±spread, and preference."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(m, rank)) @ rng.normal(size=(rank, 10))
    rows *= 10.0 ** rng.uniform(-spread, spread, size=(m, 1))
    parts = (rng.uniform(0.1, 2, m), rows @ rows.T, rng.dirichlet(np.ones(m)))
    for part in parts:
        part.setflags(write=False)
    return parts


problems = st.builds(
    problem,
    seed=st.integers(0, 2**32),
    m=st.integers(2, 8),
    spread=st.sampled_from([0, 1, 2, 4]),
    rank=st.sampled_from([1, 3, 10]),
)


@pytest.mark.parametrize("name", SOLVERS)
@settings(deadline=None, max_examples=60)
@given(given_problem=problems)
def test_weights_are_finite_and_in_range(name: str, given_problem: Problem) -> None:
    solver = SOLVERS[name]()
    weights = solver.weights(*given_problem)
    assert weights.shape == given_problem[0].shape
    assert weights.dtype == np.float64
    assert np.isfinite(weights).all()
    assert np.abs(weights).max() > 0
    if solver.range != "free":
        assert weights.min() >= 0
    if solver.range == "simplex":
        assert weights.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", SOLVERS)
@settings(deadline=None, max_examples=60)
@given(given_problem=problems, data=st.data())
def test_permuting_the_objectives_permutes_the_weights(
    name: str, given_problem: Problem, data: st.DataObject
) -> None:
    losses, gramian, preference = given_problem
    order = np.array(data.draw(st.permutations(range(len(losses)))))
    weights = SOLVERS[name]().weights(losses, gramian, preference)
    permuted = SOLVERS[name]().weights(
        losses[order], gramian[np.ix_(order, order)], preference[order]
    )
    # dependent gradients: weights may differ, the direction that they give may not
    norms = np.sqrt(gramian.diagonal())
    unit = norms * norms.min()
    got = gramian[np.ix_(order, order)] @ permuted / unit[order]
    assert got == pytest.approx((gramian @ weights / unit)[order], rel=1e-6, abs=1e-7)
    if np.linalg.cond(gramian / norms[:, None] / norms) < 1e4:
        assert permuted == pytest.approx(weights[order], rel=1e-6, abs=1e-9)


def shortest(_losses: Vector, gramian: Vector, _preference: Vector) -> Vector:
    difference = gramian[0, 0] + gramian[1, 1] - 2 * gramian[0, 1]
    first = np.clip((gramian[1, 1] - gramian[0, 1]) / difference, 0, 1)
    return np.array([first, 1 - first])


TWO_OBJECTIVES: dict[str, Callable[[Vector, Vector, Vector], Vector]] = {
    "static": lambda _losses, _gramian, preference: preference,
    "mgda": shortest,
}
"""What each solver must give for two objectives."""


@pytest.mark.parametrize("name", SOLVERS)
@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), spread=st.sampled_from([0, 1, 2]))
def test_two_objectives(name: str, seed: int, spread: float) -> None:
    two = problem(seed, 2, spread, 10)
    wanted = TWO_OBJECTIVES[name](*two)
    assert SOLVERS[name]().weights(*two) == pytest.approx(wanted, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("name", SOLVERS)
def test_bad_input_is_refused(name: str) -> None:
    solver = SOLVERS[name]()
    losses, gramian, preference = problem(0, 3, 0, 10)
    with pytest.raises(ConfigError):
        solver.weights(losses, gramian, preference[:2])
    with pytest.raises(TrainingError):
        solver.weights(losses * np.nan, gramian, preference)
    if solver.needs_gramian:
        for bad in (None, gramian * np.nan, gramian[:2]):
            with pytest.raises(TrainingError):
                solver.weights(losses, bad, preference)
    else:
        assert solver.weights(losses, None, preference).shape == (3,)
