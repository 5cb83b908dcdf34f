"""What every solver in the tables must satisfy; a new entry is tested by being there."""

import io
import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq

from mobench.errors import ConfigError, TrainingError
from mobench.solvers import Solver
from mobench.solvers.min_norm import min_norm
from mobench.training.solver import ALL, make_solver

Vector = NDArray[np.float64]
Problem = tuple[Vector, Vector, Vector]

WITHOUT_SOLUTION = {"nash", "fairgrad", "imtl-g"}
"""Where gradients oppose each other exactly, these have none."""


def new(name: str, preferences: Vector) -> Solver:
    return make_solver(name, preferences=preferences.tolist(), steps=100, seed=0)


def others(preference: Vector) -> Vector:
    """``[M + 1, M]``: the wish and, for each objective, one that is closer to it."""
    return np.vstack([preference, (preference + np.eye(len(preference))) / 2])


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


def solved(name: str, given_problem: Problem, preferences: Vector) -> Vector | None:
    """The weights, or None where there is rightly no solution."""
    losses, gramian, preference = given_problem
    try:
        return new(name, preferences).weights(losses, gramian, preference)
    except TrainingError as error:
        if name not in WITHOUT_SOLUTION or "Gramian '[[" not in error.message:
            raise
        cosines = gramian / np.sqrt(np.outer(gramian.diagonal(), gramian.diagonal()))
        hull = min_norm(cosines)
        assert hull @ cosines @ hull < 1e-6, "gradients do not oppose each other"
        return None


@pytest.mark.parametrize("name", ALL)
@settings(deadline=None, max_examples=30)
@given(given_problem=problems)
def test_weights_are_finite_and_in_range(name: str, given_problem: Problem) -> None:
    weights = solved(name, given_problem, others(given_problem[2]))
    if weights is None:
        return
    place = new(name, others(given_problem[2])).range
    assert weights.shape == given_problem[0].shape
    assert weights.dtype == np.float64
    assert np.isfinite(weights).all()
    assert np.abs(weights).max() > 0
    if place != "free":
        assert weights.min() >= 0
    if place == "simplex":
        assert weights.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", ALL)
@settings(deadline=None, max_examples=30)
@given(given_problem=problems, data=st.data())
def test_permuting_the_objectives_permutes_the_weights(
    name: str, given_problem: Problem, data: st.DataObject
) -> None:
    losses, gramian, preference = given_problem
    if name == "pcgrad" and len(losses) > 2:
        return  # its order is random
    if name == "aligned-mtl" and np.linalg.cond(gramian) > 1e8:
        return  # eigenvectors of small eigenvalues are not known well enough
    order = np.array(data.draw(st.permutations(range(len(losses)))))
    swapped = (losses[order], gramian[np.ix_(order, order)], preference[order])
    weights = solved(name, given_problem, others(preference))
    permuted = solved(name, swapped, others(preference)[:, order])
    if weights is None or permuted is None:
        return  # gradients that all but oppose each other (see solved): rounding decides
    # dependent gradients: weights may differ, the direction that they give may not
    norms = np.sqrt(gramian.diagonal())
    unit = norms * (np.abs(weights) @ norms)  # the size of what cancels
    got = gramian[np.ix_(order, order)] @ permuted / unit[order]
    assert got == pytest.approx((gramian @ weights / unit)[order], rel=1e-6, abs=1e-7)
    if np.linalg.cond(gramian / norms[:, None] / norms) < 1e4:
        assert permuted == pytest.approx(weights[order], rel=1e-6, abs=1e-9)


def shortest(_losses: Vector, gramian: Vector, _preference: Vector) -> Vector:
    difference = gramian[0, 0] + gramian[1, 1] - 2 * gramian[0, 1]
    first = np.clip((gramian[1, 1] - gramian[0, 1]) / difference, 0, 1)
    return np.array([first, 1 - first])


def on_the_ray(losses: Vector, gramian: Vector, preference: Vector) -> Vector:
    """EPO balances: the end of an interval of w_1."""
    shares = preference * losses / (preference @ losses)
    logs = np.log(2 * shares)
    assume(shares @ logs > 1e-4)  # else it descends
    pull = gramian @ (preference * (logs - shares @ logs))
    low, high, worst = 0.0, 1.0, int(np.argmax(shares))
    for k in range(2):
        floor = 0.0 if k == worst or (pull <= 0).all() else pull[k]
        if k != worst and pull[k] > 0:
            continue
        slope = gramian[k, 0] - gramian[k, 1]  # (Gw)_k = G_k2 + slope · w_1 ≥ floor
        edge = (floor - gramian[k, 1]) / slope
        low, high = (max(low, edge), high) if slope > 0 else (low, min(high, edge))
    first = high if pull[0] > pull[1] else low
    return np.array([first, 1 - first])


def bargain(_losses: Vector, gramian: Vector, preference: Vector) -> Vector:
    """w∘Gw = 2p: a quadratic equation for w_1 w_2."""
    a, b, c = gramian[0, 0], gramian[0, 1], gramian[1, 1]
    product = 4 * preference.prod()
    t = product / (b + np.sqrt(b * b + product * (a * c - b * b)))
    return np.sqrt((2 * preference - b * t) / np.array([a, c]))


def fair(_losses: Vector, gramian: Vector, preference: Vector) -> Vector:
    """Gw = 2p/√w: bisection for log(w_2 / w_1)."""
    (a, b), (_, c) = gramian
    p, q = 2 * preference

    def gap(log_ratio: float) -> float:
        ratio = np.exp(log_ratio)
        return float((a + b * ratio) * q - (b + c * ratio) * p * np.sqrt(ratio))

    # both rates of descent must be above 0
    low = np.log(-b / c) if b < 0 else -40
    high = np.log(-a / b) if b < 0 else 40
    ratio = np.exp(brentq(gap, low, high, xtol=1e-14, rtol=1e-14))
    first = (p / (a + b * ratio)) ** (2 / 3)
    return np.array([first, first * ratio])


def averse(_losses: Vector, gramian: Vector, preference: Vector) -> Vector:
    """CAGrad: bisection on the slope of its dual along w_1."""
    radius = 0.4 * np.sqrt(preference @ gramian @ preference)
    edge = np.array([1.0, -1.0])

    def at(first: float) -> Vector:
        return np.array([first, 1 - first])

    def slope(first: float) -> float:
        products = gramian @ at(first)
        length = np.sqrt(at(first) @ products)
        return float(edge @ gramian @ preference + radius * (edge @ products) / length)

    if slope(0.0) >= 0:
        first = 0.0
    elif slope(1.0) <= 0:
        first = 1.0
    else:
        first = brentq(slope, 0, 1, xtol=1e-16, rtol=1e-15)
    weights = at(first)
    return preference + radius / np.sqrt(weights @ gramian @ weights) * weights


def freed(gramian: Vector) -> Vector:
    """By how much each gradient must be added to free the other from it."""
    return max(0.0, -gramian[0, 1]) / gramian.diagonal()


def orthogonal(_losses: Vector, gramian: Vector, preference: Vector) -> Vector:
    """Aligned-MTL: √λ_min G^(−1/2) p, in closed form."""
    det, trace = np.linalg.det(gramian), np.trace(gramian)
    half = (gramian + np.sqrt(det) * np.eye(2)) / np.sqrt(trace + 2 * np.sqrt(det))
    largest = trace / 2 + np.sqrt(trace**2 / 4 - det)
    return np.asarray(np.sqrt(det / largest) * np.linalg.solve(half, preference))


def smoothed(losses: Vector, _gramian: Vector, preference: Vector) -> Vector:
    gap = preference[0] * losses[0] - preference[1] * losses[1]
    first = 1 / (1 + np.exp(-gap / 0.01))
    return 2 * preference * np.array([first, 1 - first])


TWO_OBJECTIVES: dict[str, Callable[[Vector, Vector, Vector], Vector]] = {
    "static": lambda _losses, _gramian, preference: preference,
    "mgda": shortest,
    "pemtl": shortest,  # without another wish
    "epo": on_the_ray,
    "nash": bargain,
    "fairgrad": fair,
    "cagrad": averse,
    "imtl-g": lambda _losses, g, _preference: g.diagonal() ** -0.5 / (g.diagonal() ** -0.5).sum(),
    "stch": smoothed,
    "omd-tch": lambda _losses, _gramian, preference: preference,  # the first step
    "uw": lambda _losses, _gramian, _preference: np.full(2, 0.5),
    "imtl-l": lambda _losses, _gramian, _preference: np.ones(2),
    "dwa": lambda _losses, _gramian, _preference: np.full(2, 0.5),
    "famo": lambda losses, _gramian, _preference: losses[::-1] / losses.sum(),
    "upgrad": lambda _losses, g, preference: preference + preference[::-1] * freed(g),
    "dualproj": lambda _losses, g, preference: (
        preference + np.maximum(0, -g @ preference) / g.diagonal()
    ),
    "pcgrad": lambda _losses, g, _preference: 1 + freed(g),
    "aligned-mtl": orthogonal,
}
"""What each solver must give for two objectives at the first step."""


@pytest.mark.parametrize("name", ALL)
@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32), spread=st.sampled_from([0, 1, 2]))
def test_two_objectives(name: str, seed: int, spread: float) -> None:
    two = problem(seed, 2, spread, 10)
    wanted = TWO_OBJECTIVES[name](*two)
    weights = new(name, two[2][None]).weights(*two)
    assert weights == pytest.approx(wanted, rel=1e-6 if name == "aligned-mtl" else 1e-7, abs=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_only_those_that_say_so_follow_the_preference(name: str) -> None:
    wishes = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.3, 0.4, 0.3]])

    def second(wish: Vector, seed: int) -> Vector:
        losses, gramian, _ = problem(seed, 3, 0, 10)
        solver = new(name, wishes)
        solver.weights(losses, gramian, wish)
        return solver.weights(losses, gramian, wish)

    follows = [not np.allclose(second(wishes[0], i), second(wishes[1], i)) for i in range(5)]
    assert any(follows) == new(name, wishes).uses_preference


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("normalise", ["none", "loss", "loss+"])
def test_goes_on_from_a_saved_state(name: str, normalise: str) -> None:
    """Plain data, through torch's safe reader and through JSON, at an odd moment of an epoch."""
    m, rng = 3, np.random.default_rng(5)
    wishes = rng.dirichlet(np.ones(m), 4)

    def start() -> Solver:
        if normalise == "loss+" and not new(name, wishes).needs_gramian:
            return new(name, wishes)
        return make_solver(
            name,
            preferences=wishes.tolist(),
            steps=100,
            seed=0,
            normalise=normalise,  # type: ignore[arg-type]
        )

    def step(solver: Solver, at: int) -> list[float]:
        losses, gramian, _ = problem(at, m, 1, 10)
        weights = solver.weights(losses, gramian, wishes[0])
        if solver.needs_after:
            solver.observe(losses * (0.9, 0.5, 0.7))
        if at % 5 == 4:
            solver.end_epoch()
        return weights.tolist()

    whole, first = start(), start()
    expected = [step(whole, at) for at in range(24)]
    assert [step(first, at) for at in range(12)] == expected[:12]
    buffer = io.BytesIO()
    torch.save(first.state_dict(), buffer)
    buffer.seek(0)
    state = torch.load(buffer, weights_only=True)
    assert json.loads(json.dumps(state)) == state
    second = start()
    second.load_state_dict(state)
    assert [step(second, at) for at in range(12, 24)] == expected[12:]


@pytest.mark.parametrize("name", ALL)
def test_bad_input_is_refused(name: str) -> None:
    losses, gramian, preference = problem(0, 3, 0, 10)
    solver = new(name, preference[None])
    with pytest.raises(ConfigError):
        solver.weights(losses, gramian, preference[:2])
    with pytest.raises(TrainingError):
        solver.weights(losses * np.nan, gramian, preference)
    if solver.needs_gramian:
        for bad in (None, gramian * np.nan, gramian[:2], -gramian):
            with pytest.raises(TrainingError):
                solver.weights(losses, bad, preference)
    else:
        assert solver.weights(losses, None, preference).shape == (3,)


@pytest.mark.parametrize("name", [name for name in ALL if new(name, np.ones((1, 2))).needs_gramian])
def test_objectives_without_a_gradient(name: str) -> None:
    """One zero gradient: weights are finite, in range, and raise no loss that the method guards."""
    losses, gramian, preference = problem(0, 3, 0, 10)
    gramian = gramian * np.outer([1, 0, 1], [1, 0, 1])
    solver = new(name, others(preference))
    weights = solver.weights(losses, gramian, preference)
    assert np.isfinite(weights).all()
    if solver.range != "free":
        assert weights.min() >= 0
    if solver.range == "simplex":
        assert weights.sum() == pytest.approx(1)
