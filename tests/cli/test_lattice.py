"""Preferences spread evenly: all points of a lattice, and the finest that is small enough."""

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobench.cli.wishes import names_of, preferences
from mobench.config import TrainConfig, build
from mobench.config.lattice import finest, lattice, lattice_size
from mobench.errors import ConfigError


@given(st.integers(1, 4), st.integers(1, 6))
def test_a_lattice_is_all_the_points_that_counting_finds(n: int, divisions: int) -> None:
    counted = {
        parts for parts in product(range(divisions + 1), repeat=n) if sum(parts) == divisions
    }
    found = lattice(n, divisions)
    assert {tuple(round(share * divisions) for share in point) for point in found} == counted
    assert len(found) == len(counted) == lattice_size(n, divisions)
    assert np.sum(found, axis=1) == pytest.approx(1)
    assert found == sorted(found, reverse=True)


@given(st.integers(2, 5), st.integers(1, 60))
def test_the_finest_fits_and_the_next_does_not(n: int, points: int) -> None:
    divisions = finest(n, points)
    assert comb(divisions + n - 1, n - 1) <= points or divisions == 0
    assert comb(divisions + n, n - 1) > points
    assert (divisions == 0) == (points < n)


def test_two_objectives_are_evenly_spaced() -> None:
    first = [point[0] for point in lattice(2, finest(2, 9))]
    assert first == pytest.approx(np.linspace(1, 0, 9))


def configs(*wishes: str) -> list[TrainConfig]:
    return [build(TrainConfig, {"preference": wish}) for wish in wishes]


def test_names_tell_preferences_apart_in_as_few_digits_as_that_takes() -> None:
    assert names_of(configs("8,1,1", "1,8,1")) == ["p80-10-10", "p10-80-10"]
    assert names_of(configs("1,1,1", "33,34,33")) == ["p33-33-33", "p33-34-33"]
    assert names_of(configs("1,1,1", "333,334,333")) == ["p33.3-33.3-33.3", "p33.3-33.4-33.3"]
    assert names_of(configs("1,1,1")) == [""]
    with pytest.raises(ConfigError, match="nearly the same"):
        names_of(configs("1,1,1", "1,1,1.00001"))


@pytest.mark.parametrize(
    ("points", "n", "words"),
    [
        (10, 10, "10 preferences over rev, fair, align, in steps of 1/3"),
        (
            9,
            6,
            "6 preferences over rev, fair, align, in steps of 1/2 (not 9: the next grid has 10)",
        ),
        (3, 3, "3 preferences over rev, fair, align, in steps of 1"),
    ],
)
def test_a_front_says_which_grid_it_chose(points: int, n: int, words: str) -> None:
    found, note = preferences([TrainConfig(tries=4)], points)
    assert len({config.shares for config in found}) == n
    assert note == words
    assert {config.tries_at for config in found} == {"equal"}


def test_one_preference_is_tuned_at_itself() -> None:
    found, note = preferences(configs("1,2,3"), None)
    assert (found, note) == (configs("1,2,3"), "")
