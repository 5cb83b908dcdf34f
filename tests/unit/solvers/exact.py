"""The min-norm weights in rational arithmetic: try every support, keep the shortest vector."""

from fractions import Fraction
from itertools import chain, combinations

import numpy as np
from numpy.typing import NDArray


def solve(rows: list[list[Fraction]]) -> list[Fraction] | None:
    """Solve rows · x = 1 by elimination; None if singular."""
    n = len(rows)
    system = [[*row, Fraction(1)] for row in rows]
    for i in range(n):
        pivot = next((j for j in range(i, n) if system[j][i] != 0), None)
        if pivot is None:
            return None
        system[i], system[pivot] = system[pivot], system[i]
        system[i] = [value / system[i][i] for value in system[i]]
        for j in range(n):
            if j != i:
                factor = system[j][i]
                system[j] = [a - factor * b for a, b in zip(system[j], system[i], strict=True)]
    return [row[n] for row in system]


def exact_min_norm(gradients: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weights for linearly independent ``gradients [M, N]`` (as they are stored)."""
    exact = [[Fraction(float(value)) for value in row] for row in gradients]
    m = len(exact)
    gramian = [[sum(x * y for x, y in zip(a, b, strict=True)) for b in exact] for a in exact]
    best: tuple[Fraction, list[Fraction]] | None = None
    for support in chain.from_iterable(combinations(range(m), size) for size in range(1, m + 1)):
        part = solve([[Fraction(gramian[i][j]) for j in support] for i in support])
        if part is None or min(part) < 0:
            continue
        squared_norm = 1 / sum(part)  # on the support Gw is constant
        if best is None or squared_norm < best[0]:
            weights = [Fraction(0)] * m
            for i, value in zip(support, part, strict=True):
                weights[i] = value * squared_norm
            best = squared_norm, weights
    assert best is not None
    return np.array([float(value) for value in best[1]])
