"""Non-dominated sets and hypervolumes."""

import json
from itertools import combinations
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from mobench.errors import DataError, MobenchError
from mobench.metrics import OBJECTIVE_METRICS
from mobench.metrics.pareto import hv_points, hypervolume, non_dominated

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("hypervolume.json").read_text())
Points = NDArray[np.float64]
# quarters: many ties and duplicates
grid = st.integers(-2, 8).map(lambda i: i / 4)
point_sets = st.tuples(st.integers(1, 6), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=grid)
)


def inclusion_exclusion(points: Points) -> float:
    boxes, total = np.maximum(points, 0), 0.0
    for size in range(1, len(boxes) + 1):
        for chosen in combinations(boxes, size):
            total += (-1) ** (size + 1) * float(np.prod(np.min(chosen, axis=0)))
    return total


def beats(a: Points, b: Points) -> bool:
    return bool((a >= b).all() and (a > b).any())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{len(case['reference'])}d")
def test_known_volumes(case: dict[str, Any]) -> None:
    assert case["maximise"]
    assert set(case["reference"]) == {0.0}
    assert hypervolume(case["points"]) == pytest.approx(case["want"], abs=1e-12)


@settings(deadline=None)
@given(points=point_sets)
def test_equals_inclusion_exclusion(points: Points) -> None:
    points.setflags(write=False)
    assert hypervolume(points) == pytest.approx(inclusion_exclusion(points), abs=1e-9)
    assert hypervolume(points + 3, reference=3.0) == pytest.approx(hypervolume(points), abs=1e-9)


@settings(deadline=None)
@given(points=point_sets, data=st.data())
def test_another_point_never_lowers_it(points: Points, data: st.DataObject) -> None:
    extra = data.draw(arrays(np.float64, (1, points.shape[1]), elements=grid))
    more = hypervolume(np.vstack([points, extra]))
    assert more >= hypervolume(points) - 1e-12
    if any(beats(point, extra[0]) or (point == extra[0]).all() for point in points):
        assert more == pytest.approx(hypervolume(points), abs=1e-12)


@settings(deadline=None)
@given(points=point_sets, data=st.data())
def test_non_dominated_equals_pairwise(points: Points, data: st.DataObject) -> None:
    points.setflags(write=False)
    m = points.shape[1]
    maximise = data.draw(st.lists(st.booleans(), min_size=m, max_size=m))
    signed = np.where(maximise, points, -points)
    wanted = [not any(beats(other, point) for other in signed) for point in signed]
    assert non_dominated(points, maximise).tolist() == wanted


@settings(deadline=None)
@given(points=point_sets)
def test_volume_is_that_of_the_front(points: Points) -> None:
    front = points[non_dominated(points, [True] * points.shape[1])]
    assert len(front) > 0
    assert hypervolume(front) == pytest.approx(hypervolume(points), abs=1e-12)


def test_base_alone_has_one() -> None:
    base = {"hit": 0.03, "rhit": 1.7, "min_hit": 0.01, "pop_kl": 0.4}
    for m in range(1, 5):
        assert hypervolume(hv_points([base], [base], OBJECTIVE_METRICS[:m])) == 1.0


def test_points_count_each_direction_against_their_own_base() -> None:
    bases = [{"hit": 0.02, "pop_kl": 0.5}, {"hit": 0.04, "pop_kl": 0.2}]
    runs = [{"hit": 0.03, "pop_kl": 0.4}, {"hit": 0.02, "pop_kl": 0.5}]
    points = hv_points(runs, bases, ("hit", "pop_kl"))
    assert points == pytest.approx(np.array([[1.5, 1.2], [0.5, -0.5]]))
    assert hypervolume(points) == pytest.approx(1.8)  # the second is worse than the reference


def test_nothing() -> None:
    assert hv_points([], [], ("hit", "rhit")).shape == (0, 2)
    assert hypervolume(hv_points([], [], ("hit", "rhit"))) == 0.0
    assert hypervolume([[0.0, 3.0]]) == 0.0
    assert non_dominated(np.empty((0, 2)), [True, True]).tolist() == []
    base = {"hit": 0.1}
    assert isnan(hypervolume(hv_points([base], [base], ())))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_is_refused(bad: float) -> None:
    points = [[1.0, 2.0], [2.0, bad]]
    message = rf"a point of the front is not finite: '\[2\.0, {bad}\]'"
    with pytest.raises(DataError, match=message):
        hypervolume(points)
    with pytest.raises(MobenchError, match=message):
        non_dominated(points, [True, True])
