"""Exact min-norm weights: closed forms, rational arithmetic, optimality."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.errors import ConfigError, TrainingError
from mobench.solvers import min_norm as solving
from mobench.solvers.mgda import MGDA
from mobench.solvers.min_norm import kkt_residual, min_norm
from tests.unit.solvers.exact import exact_min_norm
from tests.unit.solvers.samples import Vector, gradients, gram, problems, regular, up_to_1e4

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("min_norm.json").read_text())


@pytest.mark.parametrize("case", CASES)
def test_known_weights(case: dict[str, Any]) -> None:
    gramian = np.array(case["gramian"])
    weights = min_norm(gramian)
    assert weights == pytest.approx(case["min_norm_weights"], abs=1e-10)
    assert weights @ gramian @ weights == pytest.approx(case["squared_norm"], rel=1e-9)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    m=st.integers(2, 4),
    spread=st.sampled_from([0, 1, 3, 5]),
    kind=st.sampled_from(["unrelated", "conflicting"]),
)
def test_equals_rational_arithmetic(seed: int, m: int, spread: float, kind: str) -> None:
    rows = gradients(seed, m, spread, kind)[:, :6]
    assert min_norm(gram(rows)) == pytest.approx(exact_min_norm(rows), rel=1e-6, abs=1e-9)


@settings(deadline=None, max_examples=300)
@given(rows=problems)
def test_no_gradient_stays_behind(rows: Vector) -> None:
    gramian = gram(rows)
    weights = min_norm(gramian)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    norms = np.sqrt(gramian.diagonal())
    products = gramian @ weights
    shortfall = (weights @ products - products) / (norms * (weights @ norms))
    assert shortfall.max() <= 1e-8
    assert np.abs(shortfall[weights > 0]).max() <= 1e-8  # equality on the support


@settings(deadline=None, max_examples=100)
@given(rows=problems, scale=st.sampled_from([1e-9, 1e-3, 1e6]))
def test_common_scale_does_not_matter(rows: Vector, scale: float) -> None:
    gramian = gram(rows)
    direction, scaled = gramian @ min_norm(gramian), gramian @ min_norm(gram(rows * scale))
    norms = np.sqrt(gramian.diagonal())
    assert scaled / norms == pytest.approx(direction / norms, rel=1e-6, abs=1e-7 * norms.min())


@settings(deadline=None)
@given(
    a=st.floats(0.01, 100),
    b=st.floats(0.01, 100),
    cosine=st.floats(-1, 0.999),
)
def test_two_objectives(a: float, b: float, cosine: float) -> None:
    inner = a * b * cosine
    first = np.clip((b * b - inner) / (a * a + b * b - 2 * inner), 0, 1)
    weights = min_norm(np.array([[a * a, inner], [inner, b * b]]))
    assert weights == pytest.approx([first, 1 - first], abs=1e-9)


def test_closed_forms() -> None:
    norms = np.array([1.0, 2.0, 5.0, 1e4])
    orthogonal = min_norm(np.diag(norms**2))
    assert orthogonal == pytest.approx(norms**-2 / (norms**-2).sum(), rel=1e-12)
    assert min_norm(gram([[2.0, 1.0], [-6.0, -3.0]])) == pytest.approx([0.75, 0.25])  # opposite
    assert min_norm(gram([[1.0, 1.0], [3.0, 3.0]])) == pytest.approx([1.0, 0.0])  # parallel
    assert min_norm(gram([[2.0, 3.0]])).tolist() == [1.0]


def test_zero_gradients_share_the_weight() -> None:
    assert min_norm(gram([[1.0, 2.0], [0.0, 0.0], [3.0, 1.0]])).tolist() == [0, 1, 0]
    assert min_norm(np.zeros((4, 4))).tolist() == [0.25] * 4


def test_frank_wolfe_would_be_far_off() -> None:
    """Gradient norms over 1e±2: 100 steps of Frank–Wolfe miss what this solver finds."""
    gramian = gram(gradients(3, 8, 2, "unrelated"))
    weights = np.full(8, 1 / 8)
    for _ in range(100):
        products = gramian @ weights
        t = int(products.argmin())
        gap = weights @ products - products[t]
        curve = weights @ products - 2 * products[t] + gramian[t, t]
        weights = weights + np.clip(gap / curve, 0, 1) * (np.eye(8)[t] - weights)
    best = min_norm(gramian)
    assert best @ gramian @ best < 0.99 * (weights @ gramian @ weights)
    assert kkt_residual(gramian, weights) > 1e-4 > 1e-12 > kkt_residual(gramian, best)


def test_float32_gramian() -> None:
    rows = gradients(5, 4, 2, "parallel").astype(np.float32)
    weights = MGDA().weights(np.ones(4), rows @ rows.T, np.ones(4))
    assert weights.dtype == np.float64
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("gramian", "message"),
    [
        (None, "needs the 2 × 2 Gramian"),
        (np.eye(3), "needs the 2 × 2 Gramian"),
        (np.array([[1.0, np.nan], [np.nan, 1.0]]), r"not the inner .* Gramian '\[\[1\.0, nan\]"),
        (np.array([[np.inf, 0.0], [0.0, 1.0]]), "not the inner products of finite gradients"),
        (np.array([[-1.0, 0.0], [0.0, 1.0]]), "not the inner products of finite gradients"),
        (
            np.array([[1.0, 2.0], [2.0, 1.0]]),
            r"^no weights: smallest eigenvalue of the cosines is -1; "
            r"Gramian '\[\[1\.0, 2\.0\], \[2\.0, 1\.0\]\]'$",
        ),
    ],
)
def test_no_gramian_no_weights(gramian: Vector | None, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        MGDA().weights(np.ones(2), gramian, np.ones(2))


def test_a_least_squares_that_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(_matrix: Vector, _wanted: Vector) -> tuple[Vector, float]:
        raise RuntimeError("Maximum number of iterations reached.")

    monkeypatch.setattr(solving, "nnls", give_up)
    with pytest.raises(TrainingError, match=r"did not converge; Gramian '\[\[1\.0, 0\.0\]"):
        min_norm(np.eye(2))


def test_a_least_squares_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "nnls", lambda _a, _b: (np.array([0.9, 0.1]), 0.0))
    with pytest.raises(TrainingError, match="solution is not optimal"):
        min_norm(np.eye(2))


@settings(deadline=None, max_examples=200)
@given(rows=up_to_1e4, seed=st.integers(0, 2**32), total=st.floats(0.01, 0.99))
def test_minimum_weights(rows: Vector, seed: int, total: float) -> None:
    """PE-LTR: above its floor no gradient is ahead, at its floor none behind, to 1e-8."""
    gramian, m = gram(rows), len(rows)
    floors = total * np.random.default_rng(seed).dirichlet(np.ones(m))
    weights = MGDA(min_weights=floors.tolist()).weights(np.ones(m), gramian, np.ones(m))
    assert (weights >= floors * (1 - 1e-12)).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    norms = np.sqrt(gramian.diagonal())
    products = gramian @ weights
    behind = (products - products.min()) / (norms * (weights @ norms))
    above = weights > floors + 1e-9
    assert behind[above].max(initial=0) <= 1e-8


@settings(deadline=None)
@given(a=st.floats(0.01, 100), b=st.floats(0.01, 100), cosine=st.floats(-1, 0.999))
def test_minimum_weights_of_two_objectives(a: float, b: float, cosine: float) -> None:
    inner = a * b * cosine
    first = np.clip((b * b - inner) / (a * a + b * b - 2 * inner), 0.2, 0.7)
    solver = MGDA(min_weights=[0.2, 0.3])
    gramian = np.array([[a * a, inner], [inner, b * b]])
    weights = solver.weights(np.ones(2), gramian, np.ones(2))
    assert weights == pytest.approx([first, 1 - first], abs=1e-9)


@given(rows=regular)
def test_no_minimum_weights_is_mgda(rows: Vector) -> None:
    gramian, ones = gram(rows), np.ones(len(rows))
    tiny = MGDA(min_weights=1e-14).weights(ones, gramian, ones)
    none = MGDA(min_weights=0.0).weights(ones, gramian, ones)
    norms = np.sqrt(gramian.diagonal())
    unit = norms * (none @ norms)
    assert gramian @ tiny / unit == pytest.approx(gramian @ none / unit, abs=1e-6)


def test_minimum_weights_that_leave_no_choice() -> None:
    gramian = gram([[1.0, 2.0], [3.0, -1.0]])
    solver = MGDA(min_weights=[0.25, 0.75])
    assert solver.weights(np.ones(2), gramian, np.ones(2)).tolist() == [0.25, 0.75]
    assert MGDA(min_weights=0.5).weights(np.ones(2), gramian, np.ones(2)).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("floors", [-0.1, [0.6, 0.6], [np.nan, 0.1], 1.5])
def test_minimum_weights_that_cannot_be(floors: float | list[float]) -> None:
    with pytest.raises(ConfigError, match="leave no weights"):
        MGDA(min_weights=floors)


@pytest.mark.parametrize("floors", [[0.1, 0.1], [0.1], 0.4])
def test_minimum_weights_for_other_objectives(floors: float | list[float]) -> None:
    with pytest.raises(ConfigError, match="do not fit 3 objectives"):
        MGDA(min_weights=floors).weights(np.ones(3), np.eye(3), np.ones(3))
