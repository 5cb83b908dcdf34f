"""Non-dominated sets, hypervolumes, distances and widths."""

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
from mobench.metrics.pareto import (
    hv_points,
    hypervolume,
    igd_plus,
    maximum_spread,
    non_dominated,
)

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


# Fronts of known volume, to be minimised, at the reference 1.1 on every axis (ZDT: Zitzler, Deb &
# Thiele 2000; DTLZ: Deb et al. 2002; areas and volumes by integration).
GRID = np.linspace(0, 1, 1001)
ANGLES = np.linspace(0, np.pi / 2, 61)
SPHERE = [(np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)) for a in ANGLES for b in ANGLES]
VOLUMES = {
    "ZDT1": (np.column_stack([GRID, 1 - np.sqrt(GRID)]), 1.21 - 1 / 3, 2e-3),
    "ZDT2": (np.column_stack([GRID, 1 - GRID**2]), 1.21 - 2 / 3, 2e-3),
    "DTLZ2, two": (np.column_stack([np.cos(ANGLES), np.sin(ANGLES)]), 1.21 - np.pi / 4, 2e-2),
    "DTLZ2, three": (np.array(SPHERE), 1.331 - np.pi / 6, 4e-2),
}


@pytest.mark.parametrize("name", VOLUMES)
def test_volumes_of_known_fronts(name: str) -> None:
    """A sample of a front has a little less than the front itself, never more."""
    points, exact, room = VOLUMES[name]
    volume = hypervolume(-points, reference=-1.1)
    assert exact - room < volume < exact


def slow_igd_plus(points: Points, pooled: Points) -> float:
    nearest = [
        min(
            np.sqrt(sum(max(z - p, 0) ** 2 for z, p in zip(far, near, strict=True)))
            for near in points
        )
        for far in pooled
    ]
    return float(np.mean(nearest))


pairs_of_sets = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4)).flatmap(
    lambda n: st.tuples(
        arrays(np.float64, (n[0], n[2]), elements=grid),
        arrays(np.float64, (n[1], n[2]), elements=grid),
    )
)


@settings(deadline=None)
@given(sets=pairs_of_sets)
def test_igd_plus_equals_a_loop_and_is_0_where_all_is_attained(sets: tuple[Points, Points]) -> None:
    points, pooled = sets
    points.setflags(write=False)
    got = igd_plus(points, pooled)
    assert got == pytest.approx(slow_igd_plus(points, pooled), abs=1e-12)
    covers = all(any((p >= z).all() for p in points) for z in pooled)
    assert (got == 0) == covers


@settings(deadline=None)
@given(sets=pairs_of_sets, data=st.data())
def test_another_point_never_raises_igd_plus(
    sets: tuple[Points, Points], data: st.DataObject
) -> None:
    points, pooled = sets
    extra = data.draw(arrays(np.float64, (1, points.shape[1]), elements=grid))
    assert igd_plus(np.vstack([points, extra]), pooled) <= igd_plus(points, pooled) + 1e-12


def test_igd_plus_of_a_shifted_front() -> None:
    pooled = np.column_stack([GRID, 1 - GRID])
    assert igd_plus(pooled - [0.1, 0], pooled) <= 0.1
    # A single point short on one axis only: by how much it falls short, whatever it has beyond.
    assert igd_plus([[5.0, 0.5]], [[1.0, 1.0]]) == 0.5


def test_spread_by_hand() -> None:
    pooled = [[0.0, 4.0], [2.0, 0.0]]
    assert maximum_spread(pooled, pooled) == 1.0
    assert maximum_spread([[0.0, 4.0], [1.0, 3.0]], pooled) == pytest.approx(
        np.sqrt((0.5**2 + 0.25**2) / 2)
    )
    assert maximum_spread([[1.0, 1.0]], pooled) == 0.0
    # Dominated points make no front wider.
    assert maximum_spread([[1.0, 3.0], [-5.0, -5.0]], pooled) == 0.0
    assert maximum_spread([[-2.0, 4.0], [2.0, 0.0]], pooled) == pytest.approx(np.sqrt(2.5))
    # Nothing to measure on an axis without width.
    flat = [[0.0, 1.0], [2.0, 1.0]]
    assert maximum_spread(flat, flat) == 0.0
    assert maximum_spread([[0.0, 1.0], [2.0, 0.0]], [[0.0, 1.0], [4.0, 1.0]]) == 0.5
    assert isnan(maximum_spread([[1.0, 1.0]], [[1.0, 1.0]]))


@settings(deadline=None)
@given(points=point_sets, data=st.data(), scale=st.integers(1, 5), shift=st.integers(-3, 3))
def test_spread_has_no_unit_and_is_at_most_1(
    points: Points, data: st.DataObject, scale: int, shift: int
) -> None:
    some = data.draw(st.integers(1, len(points)))
    got = maximum_spread(points[:some], points)
    if np.ptp(points, axis=0).any():
        assert 0 <= got <= 1
        assert maximum_spread(scale * points[:some] + shift, scale * points + shift) == got
    else:
        assert isnan(got)


def test_nothing_has_no_distance_and_no_width() -> None:
    empty, one = np.empty((0, 2)), np.ones((1, 2))
    for measure in (igd_plus, maximum_spread):
        assert isnan(measure(empty, one))
        assert isnan(measure(one, empty))
        assert isnan(measure(np.empty((1, 0)), np.empty((1, 0))))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_is_refused(bad: float) -> None:
    points = [[1.0, 2.0], [2.0, bad]]
    message = rf"a point of the front is not finite: '\[2\.0, {bad}\]'"
    with pytest.raises(DataError, match=message):
        hypervolume(points)
    with pytest.raises(MobenchError, match=message):
        non_dominated(points, [True, True])
    for measure in (igd_plus, maximum_spread):
        with pytest.raises(DataError, match=message):
            measure(points, [[1.0, 2.0]])
        with pytest.raises(DataError, match=message):
            measure([[1.0, 2.0]], points)
