"""Histograms with edges that people can read, quantiles, and inequality."""

from bisect import bisect_right
from dataclasses import dataclass
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

MOST_PRICE_BINS = 14
MOST_TIME_BINS = 16
MOST_CURVE_POINTS = 200

MANTISSAS = ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))
"""Edges within a decade, finest first."""

DECADES = 12
"""Prices further below the largest share the first bin with those that are 0."""

PERIODS: tuple[tuple[str, int, int], ...] = (
    *(("s", n, 0) for n in (1, 10)),
    *(("m", n, 0) for n in (1, 10)),
    *(("h", n, 0) for n in (1, 6)),
    ("D", 1, 0),
    ("D", 7, 4),  # 1970-01-05 was a Monday
    *(("M", n, 0) for n in (1, 3, 6)),
    *(("Y", n, -1970) for n in (1, 2, 5, 10)),  # round years
)
"""Unit, units in a period, and a unit (from 1970) at which a period begins; finest first."""


@dataclass(frozen=True)
class Spread:
    """Where the middle and the end of some counts lie (quantiles interpolate linearly)."""

    median: float
    p90: float
    max: int
    mean: float


def spread(counts: NDArray[np.int64]) -> Spread:
    """Return the spread of counts ``[N]``, N ≥ 1."""
    median, p90 = np.quantile(counts, (0.5, 0.9))
    return Spread(float(median), float(p90), int(counts.max()), float(counts.mean()))


def gini(counts: NDArray[np.int64]) -> float:
    """Return the Gini coefficient of counts ``[N]``: 0 if all are equal, near 1 if one has all.

    With x sorted ascending, G = Σ_i (2i − N − 1) x_i / (N Σ x), i from 1 (Gini 1912; Sen 1973); 0
    where nothing was counted.
    """
    n, total = len(counts), int(counts.sum())
    if not total:
        return 0.0
    place = 2 * np.arange(1, n + 1) - n - 1
    return float((place * np.sort(counts).astype(np.float64)).sum() / (n * total))


def price_edges(prices: NDArray[np.float64]) -> list[float]:
    """Return edges ``[B + 1]`` of a histogram on a log scale, each bin without its upper edge.

    The finest of a few series whose bins are at most 14. A first edge of 0 takes what a log scale
    cannot show: prices of 0, or twelve decades below the largest.

    Args:
        prices: Finite prices ``[N]`` ≥ 0, N ≥ 1.
    """
    top = float(prices.max())
    if not top:
        return [0.0, 1.0]
    least = max(float(prices[prices > 0].min()), float(f"1e{floor(log10(top)) - DECADES + 1}"))
    below = [0.0] * bool((prices < least).any())
    for mantissas in MANTISSAS:
        edges = [*below, *_log_edges(least, top, mantissas)]
        if len(edges) <= MOST_PRICE_BINS + 1:
            break
    return edges


def _log_edges(least: float, top: float, mantissas: tuple[float, ...]) -> list[float]:
    """Return round numbers from the last that is ≤ ``least`` to the first that is > ``top``."""
    exponents = range(floor(log10(least)) - 1, floor(log10(top)) + 3)  # rounding of logs
    edges = [float(f"{m}e{e}") for e in exponents for m in mantissas]
    return edges[bisect_right(edges, least) - 1 : bisect_right(edges, top) + 1]


def histogram(values: NDArray[np.float64], edges: list[float]) -> list[int]:
    """Return how many values lie in each bin ``[B]``, each without its upper edge."""
    place = np.searchsorted(edges, values, side="right") - 1
    return [int(n) for n in np.bincount(place, minlength=len(edges) - 1)]


def periods(first: int, last: int) -> tuple[str, NDArray[np.datetime64]]:
    """Return the shortest of a few calendar periods of which at most 16 hold a span of time.

    Args:
        first: Its begin in milliseconds since 1970 UTC.
        last: Its end, inclusive.

    Returns:
        The unit in NumPy's letters, and the begin of each period and of the one after ``[P + 1]``.
    """
    span = np.array([first, last], "datetime64[ms]")
    for unit, step, origin in PERIODS:
        low, high = (span.astype(f"datetime64[{unit}]").astype(np.int64) - origin) // step
        if high - low < MOST_TIME_BINS:
            break
    starts = np.arange(low, high + 2) * step + origin
    return unit, starts.astype(f"datetime64[{unit}]")


def curve(counts: NDArray[np.int64]) -> tuple[list[int], list[int]]:
    """Return ranks from 1 and counts, most first, at most 200 points evenly spread by log rank."""
    ordered = -np.sort(-counts)
    points = np.geomspace(1, len(counts), min(MOST_CURVE_POINTS, len(counts)))
    ranks = np.unique(points.round().astype(np.int64))
    return ranks.tolist(), ordered[ranks - 1].tolist()
