"""Fronts: rows that differ in preference only, measured as sets, each seed by itself."""

from collections.abc import Callable, Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.metrics.attainment import attained
from mobench.metrics.pareto import hypervolume, igd_plus, maximum_spread, non_dominated
from mobench.report.estimates import Estimate
from mobench.report.front_records import Budget, Corners, Front
from mobench.report.measuring import spread
from mobench.report.records import Point, Row
from mobench.report.wishes import shared_words, studies

Points = NDArray[np.float64]


def fronts(rows: Sequence[Row], over: Sequence[str], reference: float) -> tuple[Front, ...]:
    """Return the fronts of a table, and the single rows beside them, by hypervolume.

    There are none unless at least three rows differ in preference only. Distances and widths are
    measured against all judged runs of the backbone, whose changes are against the same bases.

    Args:
        rows: All rows of the table.
        over: The axes, as for Imp.
        reference: Reference point of the hypervolume on every axis.
    """
    found: list[Front] = []
    for backbone in dict.fromkeys(row.backbone for row in rows):
        judged = [r for r in rows if r.backbone == backbone and r.role in ("control", "method")]
        groups = studies([row for row in judged if row.role == "method"])
        inside = {row.label for group in groups for row in group}
        singles = [[row] for row in judged if row.label not in inside]
        if groups:
            everything = _finite([point for row in judged for point in row.points], over)
            for group in (*groups, *singles):
                taken = {front.label for front in found} | {row.label for [row] in singles}
                found.append(_front(group, over, reference, everything, _label(group, taken)))
    return tuple(sorted(found, key=lambda front: -np.nan_to_num(front.hv.value, nan=-np.inf)))


def _finite(points: Sequence[Point], over: Sequence[str]) -> Points:
    """Return runs as points, ``[Z, M]``, without those that are infinitely far away."""
    found = _points(points, over)
    return found[np.isfinite(found).all(axis=1)]


def _points(points: Sequence[Point], over: Sequence[str]) -> Points:
    """Return the runs in the space of the hypervolume: 1 + relative change, larger is better."""
    rows = [[1 + point.change[name] for name in over] for point in points]
    return np.asarray(rows, dtype=np.float64).reshape(len(points), len(over))


def _front(
    group: Sequence[Row],
    over: Sequence[str],
    reference: float,
    everything: Points,
    label: str,
) -> Front:
    best = everything[non_dominated(everything, [True] * len(over))] if over else everything
    seeds = sorted(set.intersection(*(set(row.seeds) for row in group)))
    sets = [[p for row in group for p in row.points if p.seed == seed] for seed in seeds]

    def over_seeds(measure: Callable[[Points], float], *, valid: bool = False) -> Estimate:
        kept = [[p for p in points if p.valid or not valid] for points in sets]
        values = [_measure(_points(points, over), measure) for points in kept]
        sd = spread(values) if np.isfinite(values).all() else None
        return Estimate(float(np.mean(values)) if values else nan, sd, nan, nan)

    return Front(
        label=label,
        backbone=group[0].backbone,
        members=tuple(row.label for row in group),
        seeds=tuple(seeds),
        non_dominated=over_seeds(lambda p: float(non_dominated(p, [True] * len(over)).sum())),
        hv=over_seeds(lambda p: hypervolume(p, reference)),
        hv_valid=over_seeds(lambda p: hypervolume(p, reference), valid=True),
        igd_plus=over_seeds(lambda p: igd_plus(p, best)),
        spread=over_seeds(lambda p: maximum_spread(p, everything)),
        bands={} if len(group) == 1 or not sets else _bands(sets),
        budget=Budget.of([each for row in _trained(group) for each in row.spent]),
    )


def _trained(group: Sequence[Row]) -> list[Row]:
    """Return the rows whose runs were trained for them: the first of several from the same runs."""
    first = {tuple(origin.run_sha256 for origin in row.origins): row for row in reversed(group)}
    return list(first.values())


def _measure(points: Points, measure: Callable[[Points], float]) -> float:
    """Return a measure; ``nan`` for a set without axes, or with a run infinitely far away."""
    return measure(points) if points.shape[1] and np.isfinite(points).all() else nan


def _label(group: Sequence[Row], taken: set[str]) -> str:
    """Return the words that all labels begin with, else method and backbone; numbered if taken."""
    first = group[0]
    if len(group) == 1:
        return first.label
    words = shared_words([row.label for row in group]) or f"{first.method} {first.backbone}"
    numbers = (f"{words} #{n}" for n in range(2, len(taken) + 3))
    return next(name for name in (words, *numbers) if name not in taken)


def _bands(sets: Sequence[Sequence[Point]]) -> dict[str, dict[str, Corners]]:
    return {name: _band(name, sets) for name in OBJECTIVE_METRICS if name != "hit"}


def _band(name: str, sets: Sequence[Sequence[Point]]) -> dict[str, Corners]:
    places = [[(point.values["hit"], point.values[name]) for point in points] for points in sets]
    found = attained(places, (True, METRICS[name].higher_is_better))
    return {level: tuple(map(tuple, corners.tolist())) for level, corners in found.items()}
