"""Preferences spread evenly: the points of a simplex lattice."""

from math import comb


def lattice(n: int, divisions: int) -> list[tuple[float, ...]]:
    """Return all points of the simplex whose shares are multiples of 1 / divisions.

    Das and Dennis, Normal-boundary intersection (SIAM J. Optim. 8, 1998), section 3: there are
    C(divisions + n - 1, n - 1) of them.

    Args:
        n: Shares of a point, at least 1.
        divisions: H, at least 1.

    Returns:
        Points of ``n`` shares that sum to 1, the largest first shares first.
    """
    return [tuple(part / divisions for part in parts) for parts in _splits(n, divisions)]


def _splits(n: int, total: int) -> list[tuple[int, ...]]:
    """Return the ways to write ``total`` as a sum of ``n`` numbers from 0 on, in order."""
    if n == 1:
        return [(total,)]
    return [
        (first, *rest) for first in range(total, -1, -1) for rest in _splits(n - 1, total - first)
    ]


def lattice_size(n: int, divisions: int) -> int:
    """Return how many points ``lattice`` has."""
    return comb(divisions + n - 1, n - 1)


def finest(n: int, points: int) -> int:
    """Return the largest H whose lattice has at most so many points, 0 if even H = 1 has more.

    Args:
        n: Shares of a point, at least 2 (with one share every lattice has one point).
        points: Most points.
    """
    divisions = 0
    while lattice_size(n, divisions + 1) <= points:
        divisions += 1
    return divisions
