"""Which mixes are tried: points of a grid, or what NSGA-II breeds."""

import importlib.util
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mobench.config import TrainConfig
from mobench.config.lattice import lattice
from mobench.errors import ConfigError
from mobench.seeds import Seeds

Mix = tuple[float, ...]
Measure = Callable[[Mix], Sequence[float]]

POPULATION = 40
"""Mixes of a generation; fewer where there are not ten generations of tries."""
MOST = 100_000
"""Mixes that a grid may have."""


def n_free(config: TrainConfig) -> int:
    """Return how many shares a mix has to choose from: a preference leaves score and the rest."""
    return 2 if config.preference is not None else len(config.objectives)


def grid_size(config: TrainConfig) -> int:
    """Return the number of mixes on the grid of Das and Dennis (1998)."""
    n = n_free(config)
    return math.comb(config.mix_parts + n - 1, n - 1)


def n_tries(config: TrainConfig) -> int:
    """Return how many mixes are tried: all of the grid, or as many as were asked for."""
    if config.acc_share is not None:
        return 1
    return min(config.tries or grid_size(config), grid_size(config))


def check_search(config: TrainConfig) -> None:
    """Check that mixes can be searched for as asked.

    Raises:
        ConfigError: pymoo is missing, the grid is huge, or a mix is given only in part.
    """
    if config.search == "nsga2" and not importlib.util.find_spec("pymoo"):
        raise ConfigError(
            "search nsga2 needs pymoo, which is not installed",
            "pip install 'mobench[evolutionary]', or search on the grid.",
        )
    if config.acc_share is not None and config.preference is None:
        raise ConfigError(
            "acc_share of method rerank needs the shares of the others, too",
            "add --preference, as in --preference 1,1,1.",
        )
    if config.acc_share is not None and (config.tries or config.search != "grid"):
        raise ConfigError(
            "acc_share and --preference give the one mix, and there is none to search for",
            "leave acc_share out.",
        )
    if grid_size(config) > MOST:
        raise ConfigError(
            f"mix_parts {config.mix_parts} makes {grid_size(config):,} mixes",
            f"choose fewer parts, at most {MOST:,} mixes can be tried.",
        )


def complete(config: TrainConfig, shares: Sequence[float]) -> Mix:
    """Return a mix of all objectives from its free shares, which sum to 1.

    The terms after the score share what it can spare, 1 − ``least_score``: mixes that keep most of
    the accuracy lie in that corner, and a grid over all mixes has few points there.
    """
    spare = 1 - config.least_score
    others = [spare * share for share in shares[1:]]
    if config.preference is not None:
        others = [others[0] * share for share in config.shares]
    return (max(0.0, 1 - sum(others)), *others)


def grid(config: TrainConfig) -> Iterator[Mix]:
    """Yield the mixes to try: the base's own order first, then others of the grid at random.

    Without a repetition, as the settings of other methods are tried.
    """
    if config.acc_share is not None:
        yield config.wishes
        return
    n = n_free(config)
    points = [tuple(point) for point in lattice(n, config.mix_parts)]
    own = (1.0, *(0.0,) * (n - 1))
    others = [point for point in points if point != own]
    order = Seeds(config.seed).numpy("mixes").permutation(len(others))
    chosen = [own, *(others[index] for index in order)][: n_tries(config)]
    yield from (complete(config, point) for point in chosen)


def evolve(config: TrainConfig, measure: Measure, ticks: Iterator[int]) -> None:
    """Let NSGA-II (Deb et al. 2002) choose the mixes, all metrics of the objectives its goals.

    The first generation holds the base's own order; the others are drawn evenly.

    Args:
        config: Seed, and how many tries there are.
        measure: Tries a mix, and returns its goals, the smaller the better.
        ticks: Is asked for a number before each try.
    """
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.core.problem import Problem
    from pymoo.core.termination import NoTermination

    n, budget = n_free(config), n_tries(config)
    size = max(2, min(POPULATION, budget // 10))
    rng = Seeds(config.seed).numpy("mixes")
    first = rng.dirichlet(np.ones(n), size)
    first[0] = np.eye(n)[0]
    problem = Problem(n_var=n, n_obj=len(config.objectives), xl=0.0, xu=1.0)
    search = NSGA2(pop_size=size, sampling=first)
    seed = Seeds(config.seed).integer("nsga2") % 2**31
    search.setup(problem, termination=NoTermination(), seed=seed, verbose=False)
    for left in range(budget, 0, -size):
        offspring = search.ask()
        goals = [
            measure(_mix(config, one.X)) for one, _ in zip(offspring[:left], ticks, strict=False)
        ]
        if len(goals) == len(offspring):
            offspring.set("F", np.array(goals, dtype=np.float64))
            search.tell(infills=offspring)


def _mix(config: TrainConfig, point: NDArray[np.float64]) -> Mix:
    """Return the mix that a point of the cube stands for; the origin for accuracy alone."""
    total = float(point.sum())
    shares = point / total if total > 0 else np.eye(len(point))[0]
    return complete(config, [float(share) for share in shares])
