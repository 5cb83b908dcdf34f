"""Attainment surfaces, against counting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from mobench.errors import DataError
from mobench.metrics.attainment import LEVELS, attained

Points = NDArray[np.float64]
coordinates = st.integers(0, 8).map(lambda i: i / 4)
fronts = st.lists(
    st.integers(1, 4).flatmap(lambda n: arrays(np.float64, (n, 2), elements=coordinates)),
    min_size=1,
    max_size=5,
)


def at_least_as_good(point: Points, other: Points, maximise: tuple[bool, bool]) -> bool:
    signs = np.where(maximise, 1, -1)
    return bool((signs * point >= signs * other).all())


@settings(deadline=None, max_examples=25)
@given(sets=fronts, maximise=st.tuples(st.booleans(), st.booleans()))
def test_counts_of_every_place(sets: list[Points], maximise: tuple[bool, bool]) -> None:
    found = attained(sets, maximise)
    assert tuple(found) == LEVELS
    needed = {"one": 1, "half": (len(sets) + 1) // 2, "all": len(sets)}
    places = [np.array([x, y]) for x in np.arange(0, 2.5, 0.125) for y in np.arange(0, 2.5, 0.125)]
    for place in places:
        count = sum(any(at_least_as_good(p, place, maximise) for p in each) for each in sets)
        for level, corners in found.items():
            inside = any(at_least_as_good(corner, place, maximise) for corner in corners)
            assert inside == (count >= needed[level])


@settings(deadline=None)
@given(sets=fronts, maximise=st.tuples(st.booleans(), st.booleans()))
def test_corners_are_a_front_in_order(sets: list[Points], maximise: tuple[bool, bool]) -> None:
    for corners in attained(sets, maximise).values():
        assert (np.diff(corners[:, 0]) > 0).all()
        falls = maximise[0] == maximise[1]
        assert ((np.diff(corners[:, 1]) < 0) == falls).all()


def test_by_hand() -> None:
    sets = [[[1, 3], [2, 2]], [[1, 2], [3, 1]], [[2, 3]]]
    found = attained(sets, (True, True))
    assert found["one"].tolist() == [[2, 3], [3, 1]]
    assert found["half"].tolist() == [[1, 3], [2, 2]]
    assert found["all"].tolist() == [[1, 2], [2, 1]]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(DataError, match="a point of the front is not finite"):
        attained([[[1.0, bad]], [[1.0, 1.0]]], (True, True))
