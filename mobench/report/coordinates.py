"""The figure of all objective metrics at once: every run a line over parallel axes."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.report.evidence import Columns
from mobench.report.figure import Figure, append, slug
from mobench.report.records import Comparison, Row
from mobench.report.runs import mean_id, preference, runs
from mobench.report.tables import UNIT


def coordinates(comparison: Comparison, backbone: str, *, several: bool) -> Figure:
    """Return the figure of the rows of a backbone; each axis from its worst to its best value.

    ``at`` is the place on the axis in [0, 1], 1 being the best value that any run has.
    """
    rows = [row for row in comparison.rows if row.role != "sanity" and row.backbone == backbone]
    base = next(row for row in rows if row.role == "reference")
    edge = comparison.config.keep * UNIT["hit"] * base.values["hit"].value
    limits = {name: _limits(name, rows, [edge] * (name == "hit")) for name in OBJECTIVE_METRICS}
    data: Columns = {key: [] for key in ("label", "seed", "kind", "metric", "value", "at", "valid")}
    about: Columns = {key: [] for key in ("id", "preference", "command")}
    for row in rows:
        for run in runs(row):
            told = run.id, run.preference, run.command
            _line(
                data,
                about,
                (row.label, run.point.seed, "run", run.valid),
                run.point.values,
                told,
                limits,
            )
        means = {name: row.values[name].value for name in OBJECTIVE_METRICS}
        told = mean_id(row), preference(row), "the mean of its runs"
        _line(data, about, (row.label, None, "mean", not row.reasons), means, told, limits)
    return Figure(
        name="parallel" + (f"-{slug(backbone)}" if several else ""),
        kind="parallel",
        title="All metrics at once" + (f" on {backbone}" if several else ""),
        caption=(
            "Each axis runs from the worst value (below) to the best (above) among the runs; thick"
            " lines are means over seeds, dashed ones are not valid, and the shaded part of the"
            " Hit axis is valid."
        ),
        alt=f"Parallel coordinates of {len(rows)} rows over {len(OBJECTIVE_METRICS)} metrics; the"
        f" best means: {_best(rows)}.",
        data=data,
        facts={
            "axes": [_axis(name, limits[name]) for name in OBJECTIVE_METRICS],
            "kept_at": _at(edge, limits["hit"]),
            "about": about,
        },
    )


def _line(
    data: Columns,
    about: Columns,
    who: tuple[Any, ...],
    values: dict[str, float],
    told: tuple[str, ...],
    limits: dict[str, tuple[float, float]],
) -> None:
    """Add one line: a row per metric."""
    *name, valid = who
    for metric in OBJECTIVE_METRICS:
        value = UNIT[metric] * values[metric]
        append(data, *name, METRICS[metric].label, value, _at(value, limits[metric]), valid)
        append(about, *told)


def _limits(name: str, rows: Sequence[Row], more: Sequence[float]) -> tuple[float, float]:
    """Return the worst and the best value of a metric among the runs and ``more``."""
    values = [UNIT[name] * point.values[name] for row in rows for point in row.points]
    finite = [value for value in (*values, *more) if isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    return (low, high) if METRICS[name].higher_is_better else (high, low)


def _at(value: float, limits: tuple[float, float]) -> float:
    worst, best = limits
    return (value - worst) / (best - worst) if best != worst else 0.5


def _axis(name: str, limits: tuple[float, float]) -> dict[str, str]:
    worst, best = (f"{limit:.4g}" for limit in limits)
    return {"metric": METRICS[name].label, "worst": worst, "best": best}


def _best(rows: Sequence[Row]) -> str:
    words = []
    for name in OBJECTIVE_METRICS:
        sign = 1 if METRICS[name].higher_is_better else -1
        top = max(rows, key=lambda row: sign * row.values[name].value)
        words.append(
            f"{METRICS[name].label} {UNIT[name] * top.values[name].value:.3g} ({top.label})"
        )
    return ", ".join(words)
