"""Histograms, quantiles and inequality against plain Python."""

import statistics
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mobench.data.summary.distributions import (
    MOST_CURVE_POINTS,
    MOST_PRICE_BINS,
    MOST_TIME_BINS,
    curve,
    gini,
    histogram,
    periods,
    price_edges,
    spread,
)

PRICES = st.lists(st.floats(0, 1e9) | st.sampled_from([0.0, 0.01, 1.0, 10.0, 1e9]), min_size=1)
COUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=60)
END = 4_102_444_800_000 - 1


@given(PRICES)
@example([0.0])
@example([5e-324])
@example([0.01, 1e9])
@example([999.9999999999999, 1000.0])
def test_every_price_is_in_one_bin(prices: list[float]) -> None:
    edges = price_edges(np.array(prices))
    counts = histogram(np.array(prices), edges)
    assert all(low < high for low, high in pairwise(edges))
    assert len(counts) == len(edges) - 1 <= MOST_PRICE_BINS
    assert counts == [sum(low <= p < high for p in prices) for low, high in pairwise(edges)]
    assert sum(counts) == len(prices)
    assert counts[-1] > 0
    assert counts[0] > 0


@given(st.floats(0.01, 1e6), st.floats(1, 1e4))
def test_edges_are_round_numbers_as_fine_as_allowed(low: float, factor: float) -> None:
    edges = price_edges(np.array([low, low * factor]))
    for edge in edges:
        digits = f"{edge:.3e}".partition("e")[0]
        assert float(digits) in (1, 1.5, 2, 3, 5, 7)
    assert edges[1] > low >= edges[0]
    assert edges[-1] > low * factor >= edges[-2]
    assert max(b / a for a, b in pairwise(edges)) <= 10.01


def test_a_known_histogram() -> None:
    prices = np.array([0, 0, 1, 1.4, 1.5, 2.99, 3, 8])
    edges = price_edges(prices)
    assert edges == [0, 1, 1.5, 2, 3, 5, 7, 10]
    assert histogram(prices, edges) == [2, 2, 1, 1, 1, 0, 1]
    assert price_edges(np.array([0.02, 5e8]))[:3] == [0.01, 0.1, 1]


@given(st.integers(0, END), st.integers(0, END))
def test_periods_hold_a_span_of_time(one: int, other: int) -> None:
    first, last = sorted((one, other))
    unit, starts = periods(first, last)
    edges = starts.astype("datetime64[ms]").astype(np.int64)
    assert edges[0] <= first < edges[1]
    assert edges[-2] <= last < edges[-1]
    assert 2 <= len(edges) <= MOST_TIME_BINS + 1
    texts = [str(start) for start in starts]
    assert texts == sorted(set(texts))
    moment = datetime.fromtimestamp(int(edges[0]) / 1000, UTC)
    if unit in "YM":
        assert (moment.day, moment.hour) == (1, 0)


@pytest.mark.parametrize(
    ("first", "last", "unit", "starts"),
    [
        ("2017-01-01", "2017-12-31", "M", ["2017-01", "2017-02"]),
        ("2018-12-31", "2023-03-20", "M", ["2018-07", "2019-01"]),
        ("1996-05-01", "2014-07-01", "Y", ["1996", "1998"]),
        ("2020-01-01", "2020-02-01", "D", ["2019-12-30", "2020-01-06"]),
    ],
)
def test_known_periods(first: str, last: str, unit: str, starts: list[str]) -> None:
    span = [
        int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
        for text in (first, last)
    ]
    found, edges = periods(*span)
    assert (found, [str(edge) for edge in edges[:2]]) == (unit, starts)


@given(COUNTS)
def test_gini_is_the_mean_difference(counts: list[int]) -> None:
    n, total = len(counts), sum(counts)
    differences = sum(abs(a - b) for a in counts for b in counts)
    expected = differences / (2 * n * total) if total else 0.0
    assert gini(np.array(counts)) == pytest.approx(expected, abs=1e-12)


@given(COUNTS)
def test_the_spread_of_counts(counts: list[int]) -> None:
    found = spread(np.array(counts))
    ordered = sorted(counts)
    place = 0.9 * (len(counts) - 1)
    low, high = ordered[int(place)], ordered[min(int(place) + 1, len(counts) - 1)]
    assert found.median == statistics.median(counts)
    assert found.p90 == pytest.approx(low + (place - int(place)) * (high - low))
    assert (found.max, found.mean) == (ordered[-1], pytest.approx(statistics.mean(counts)))


@given(st.lists(st.integers(0, 99), min_size=1, max_size=2 * MOST_CURVE_POINTS))
def test_the_curve_holds_true_points_from_first_to_last(counts: list[int]) -> None:
    rank, rows = curve(np.array(counts))
    ordered = sorted(counts, reverse=True)
    assert rows == [ordered[r - 1] for r in rank]
    assert (rank[0], rank[-1]) == (1, len(counts))
    assert rank == sorted(set(rank))
    assert len(rank) <= MOST_CURVE_POINTS
