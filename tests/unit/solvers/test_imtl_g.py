"""IMTL-G: equal projections on all unit gradients."""

import numpy as np
import pytest
from hypothesis import given, settings

from mobench.errors import TrainingError
from mobench.solvers.imtl_g import IMTLG
from tests.unit.solvers.samples import Vector, gram, regular


@settings(deadline=None, max_examples=200)
@given(rows=regular)
def test_projections_are_equal(rows: Vector) -> None:
    gramian, m = gram(rows), len(rows)
    weights = IMTLG().weights(np.ones(m), gramian, np.ones(m))
    norms = np.sqrt(gramian.diagonal())
    unit = np.abs(weights) @ norms  # the size of what cancels
    projections = gramian @ weights / norms / unit
    assert abs(weights.sum()) == pytest.approx(1)
    assert projections == pytest.approx(np.full(m, projections.mean()), abs=1e-9)
    assert projections.min() > 0


def test_a_negative_sum_does_not_turn_the_direction_round() -> None:
    """g3 is short and lies nearly between the others: its weight must be far below 0."""
    three = np.array([[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [0.9, 0.3, 0.02]]) * [[1], [1], [0.01]]
    weights = IMTLG().weights(np.ones(3), gram(three), np.ones(3))
    assert weights.sum() == pytest.approx(-1)
    assert (three @ (weights @ three)).min() > 0


def test_orthogonal_gradients_and_one_of_length_0() -> None:
    weights = IMTLG().weights(np.ones(3), np.diag([1.0, 0.0, 16.0]), np.ones(3))
    assert weights == pytest.approx([0.8, 0, 0.2])


@pytest.mark.parametrize("rows", [[[1.0, 2.0], [-2.0, -4.0]], [[0.0], [0.0]]])
def test_no_impartial_direction(rows: list[list[float]]) -> None:
    with pytest.raises(TrainingError, match=r"no direction is impartial; Gramian '\[\["):
        IMTLG().weights(np.ones(2), gram(rows), np.ones(2))
