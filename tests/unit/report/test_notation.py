"""Numbers as people read them."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.report.notation import (
    concise,
    counted,
    decimals,
    interval,
    minus,
    p_text,
    percent,
    percent_range,
)


@pytest.mark.parametrize(
    ("value", "sd", "places", "text"),
    [
        (6.012, 0.031, 2, "6.01(3)"),
        (0.4129, 0.0052, 3, "0.413(5)"),
        (9.994, 0.0996, 2, "9.99(10)"),
        (9.996, 0.004, 2, "10.00(0)"),
        (3.12, 0.12, 2, "3.12(12)"),
        (99.24, 1.21, 1, "99.2(12)"),
        (306.4, 11.7, 0, "306(12)"),
        (6.0123, 0.0041, 3, "6.012(4)"),
        (3.0, 0.0, 2, "3.00(0)"),
        (24.27, None, 2, "24.27"),
        (-0.5, 0.01, 2, "−0.50(1)"),
        (math.nan, 0.1, 2, "—"),
    ],
)
def test_concise_notation(value: float, sd: float | None, places: int, text: str) -> None:
    assert concise(value, sd, places) == text


@pytest.mark.parametrize(
    ("sds", "default", "places"),
    [
        ([0.03, 0.05, 0.04], 2, 2),
        ([0.12], 2, 2),
        ([1.2], 2, 1),
        ([12.0], 2, 0),
        ([0.004], 2, 3),
        ([0.005], 3, 3),
        ([0.0996], 2, 2),
        ([1e-9], 2, 4),
        ([], 3, 3),
        ([0.0, None], 2, 2),
        ([0.001, 0.03, 0.03], 2, 2),
    ],
)
def test_a_column_shows_the_digits_of_its_median_spread(
    sds: list[float | None], default: int, places: int
) -> None:
    assert decimals(sds, default) == places


@settings(deadline=None, max_examples=60)
@given(st.floats(-500, 500), st.floats(1e-4, 50), st.integers(0, 4))
def test_concise_notation_can_be_read_back(value: float, sd: float, places: int) -> None:
    found = re.fullmatch(r"(−?[\d.]+)\((\d+)\)", concise(value, sd, places))
    assert found
    half = 0.5 * 10.0**-places + 1e-9
    assert abs(float(found[1].replace("−", "-")) - value) <= half
    assert abs(int(found[2]) * 10.0**-places - sd) <= half


@pytest.mark.parametrize(
    ("low", "high", "most", "digits", "text"),
    [
        (5.81, 6.44, 2, 1, "5.8–6.4"),
        (5.81, 6.44, 2, 2, "5.81–6.44"),
        (0.4013, 0.4249, 3, 1, "0.40–0.42"),
        (0.4013, 0.4249, 3, 2, "0.401–0.425"),
        (93.2, 106.4, 2, 1, "93–106"),
        (1.0, 1.0, 2, 2, ""),
        (math.nan, 1.0, 2, 2, ""),
        (0.0, math.inf, 2, 2, ""),
    ],
)
def test_intervals_are_short(low: float, high: float, most: int, digits: int, text: str) -> None:
    assert interval(low, high, most, digits) == text


def test_percentages() -> None:
    assert percent(0.982) == "98.2 %"
    assert percent(0.136, signed=True) == "+13.6 %"
    assert percent(-0.018, signed=True) == "−1.8 %"
    assert percent(-0.0001) == "0.0 %"
    assert percent(0.97, places=0) == "97 %"
    assert percent(math.nan) == "—"


def test_ranges_of_percentages() -> None:
    assert percent_range(0.102, 0.170) == "+10.2 to +17.0 %"
    assert percent_range(-0.14, 0.16) == "−14 to +16 %"
    assert percent_range(0.102, 0.170, digits=1) == "+10 to +17 %"
    assert percent_range(-math.inf, 0.1) == ""


def test_words() -> None:
    assert counted(1, "seed") == "1 seed"
    assert counted(12000, "user") == "12,000 users"
    assert p_text(0.0004) == "p < 0.001"
    assert p_text(0.0316) == "p 0.032"
    assert minus("-0.00") == "0.00"
    assert minus("-1.50") == "−1.50"
