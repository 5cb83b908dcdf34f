"""Linear programs over the simplex, exact for few variables."""

from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from mobench.solvers.base import Vector, unsolved

ENUMERATED = 6
"""Up to so many variables trying all vertices is faster than HiGHS (1,300 systems of 6 × 6)."""

MOST_VERTICES = 20_000
"""So many are tried, in some 50 ms, where HiGHS gives up: 8 variables with norms over 1e±6."""

TOLERANCE = 1e-10
"""How far a constraint may be missed, in units of the terms that cancel in it."""


def maximise(
    gain: Vector, matrix: Vector, bounds: Vector, costs: Vector, gramian: Vector
) -> Vector:
    """Return ``argmax gain · z`` with z ≥ 0, costs · z = 1 and matrix · z ≥ bounds, ``[M]``.

    Args:
        gain: ``[M]``.
        matrix: ``[N, M]``, entries of about 1.
        bounds: ``[N]``; −∞ is no bound.
        costs: Above 0, ``[M]``.
        gramian: For the message.

    Raises:
        TrainingError: No z fulfils the constraints, or the solver failed.
    """
    has_bound = np.isfinite(bounds)
    matrix, bounds = matrix[has_bound], bounds[has_bound]
    found = None if len(gain) <= ENUMERATED else _highs(gain, matrix, bounds, costs)
    if found is None and comb(len(matrix) + len(gain), len(gain) - 1) <= MOST_VERTICES:
        return _best_vertex(gain, matrix, bounds, costs, gramian)
    if found is None:
        raise unsolved("the linear program is too badly scaled for HiGHS", gramian)
    return found


def _best_vertex(
    gain: Vector, matrix: Vector, bounds: Vector, costs: Vector, gramian: Vector
) -> Vector:
    """Try every set of M − 1 constraints that may hold with equality."""
    m = len(gain)
    rows, values = np.vstack([matrix, np.eye(m)]), np.append(bounds, np.zeros(m))
    lengths = np.linalg.norm(rows, axis=1)
    is_row = lengths > 0  # a zero row (no gradient) bounds nothing
    rows, values = rows[is_row] / lengths[is_row, None], values[is_row] / lengths[is_row]
    chosen = _subsets(len(rows), m - 1)
    systems = np.concatenate([rows[chosen], np.broadcast_to(costs, (len(chosen), 1, m))], axis=1)
    wanted = np.concatenate([values[chosen], np.ones((len(chosen), 1))], axis=1)
    solvable = np.abs(np.linalg.det(systems)) > 1e-14
    vertices = np.linalg.solve(systems[solvable], wanted[solvable][..., None])[..., 0]
    spare = vertices @ rows.T - values
    np.put_along_axis(spare, chosen[solvable], 0.0, axis=1)  # equal, up to rounding
    sizes = np.abs(vertices).max(axis=1, keepdims=True) + np.abs(values)
    feasible = (spare >= -TOLERANCE * sizes).all(axis=1)
    if not feasible.any():
        raise unsolved("no vertex of the linear program is feasible", gramian)
    vertices = np.maximum(vertices[feasible], 0.0)
    return np.asarray(vertices[(vertices @ gain).argmax()])


@lru_cache(maxsize=32)
def _subsets(n: int, size: int) -> NDArray[np.intp]:
    return np.array(list(combinations(range(n), size)), dtype=np.intp).reshape(comb(n, size), size)


def _highs(gain: Vector, matrix: Vector, bounds: Vector, costs: Vector) -> Vector | None:
    """Return the solution, ``None`` where HiGHS does not find one."""
    result = linprog(
        -gain / max(float(np.abs(gain).max()), np.finfo(float).tiny),
        A_ub=-matrix,
        b_ub=-bounds,
        A_eq=costs[None],
        b_eq=[1.0],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    return np.asarray(np.maximum(result.x, 0.0)) if result.status == 0 else None
