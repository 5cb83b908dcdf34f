"""What the figures show: titles, words and data, so that each has its CSV; ``plots`` draws them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Literal

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.report.records import Columns, Comparison, Row, Trace
from mobench.report.tables import UNIT

Kind = Literal["pareto", "controller", "weights", "groups"]

MOST_POINTS = 400
"""Points of a drawn line; more would only make the file larger."""

MOST_ROWS = 4
"""Rows in the fairness detail, so that the marks stay apart."""


@dataclass(frozen=True)
class Figure:
    """A figure before it is drawn.

    Attributes:
        name: File name without its ending.
        kind: Which way to draw it.
        title: A few words.
        caption: What is drawn, and how to read it.
        alt: What it shows, for those who do not see it.
        data: What is drawn, column by column: the CSV.
        facts: What drawing needs beside the data.
    """

    name: str
    kind: Kind
    title: str
    caption: str
    alt: str
    data: Columns = field(repr=False)
    facts: dict[str, Any] = field(default_factory=dict)


def figures(comparison: Comparison) -> list[Figure]:
    """Return the figures of a report, in their order on the page."""
    found = [_pareto(comparison, name) for name in OBJECTIVE_METRICS if name != "hit"]
    for row in comparison.of_role("method"):
        logged = [trace for trace in row.traces if trace.steps.get("epoch")]
        adapted = [trace for trace in row.traces if trace.group_weights]
        found += [_controller(row, logged)] if logged else []
        found += _weights(row, adapted[0]) if adapted else []
    return _named_apart([*found, _groups(comparison)])


def _named_apart(found: Sequence[Figure]) -> list[Figure]:
    """Return the figures with numbers added to names that labels made equal."""
    seen: dict[str, int] = {}
    apart = []
    for figure in found:
        seen[figure.name] = seen.get(figure.name, 0) + 1
        number = f"-{seen[figure.name]}" if seen[figure.name] > 1 else ""
        apart.append(replace(figure, name=figure.name + number))
    return apart


def slug(label: str) -> str:
    """Return a label as part of a file name."""
    return re.sub(r"[^a-z0-9.]+", "-", label.lower()).strip("-.") or "row"


def _pareto(comparison: Comparison, name: str) -> Figure:
    metric = METRICS[name]
    rows = [row for row in comparison.rows if row.role != "sanity"]
    data: Columns = {key: [] for key in ("label", "seed", "kind", "hit", name, "valid")}
    for row in rows:
        for point in row.points:
            valid = row.role == "reference" or point.valid
            _append(data, row.label, point.seed, "run", *_spot(point.values, name), valid)
        mean = {key: row.values[key].value for key in ("hit", name)}
        _append(data, row.label, None, "mean", *_spot(mean, name), not row.reasons)
    toward = "rising" if metric.higher_is_better else "falling, so its axis is turned,"
    return Figure(
        name=f"pareto-{name.replace('_', '-')}",
        kind="pareto",
        title=f"{metric.label} against Hit",
        caption=(
            f"Up is better: {metric.label} {'rises' if metric.higher_is_better else 'falls'}."
            " The cross-hair is base."
        ),
        alt=f"Scatter plot of {metric.label} ({toward} is better) against Hit, a point per run:"
        f" {_means(rows, name)}.",
        data=data,
        facts={
            "y": name,
            "label": metric.label,
            "higher": metric.higher_is_better,
            "base": next(row.label for row in rows if row.role == "reference"),
            "keep": comparison.config.keep,
            "k": comparison.k,
        },
    )


def _spot(values: dict[str, float], name: str) -> tuple[float, float]:
    """Return Hit and the other metric in the units of the table."""
    return UNIT["hit"] * values["hit"], UNIT[name] * values[name]


def _means(rows: Sequence[Row], name: str) -> str:
    return "; ".join(
        f"{row.label} {_spot({n: e.value for n, e in row.values.items()}, name)[1]:.3g}"
        for row in rows
    )


def _append(data: Columns, *values: Any) -> None:
    for column, value in zip(data.values(), values, strict=True):
        column.append(value)


def _controller(row: Row, traces: Sequence[Trace]) -> Figure:
    names = [key for key in traces[0].steps if key.startswith("weight_")]
    columns = ("loss_acc", "target_loss", "beta", *names)
    data: Columns = {key: [] for key in ("seed", "epoch", *columns)}
    for trace in traces:
        for place, index in _thinned(trace):
            values = (trace.steps[key][index] for key in columns)
            _append(data, trace.seed, place, *values)
    first = traces[0]
    others = f", pale ones those of the other {len(traces) - 1} seeds" if len(traces) > 1 else ""
    return Figure(
        name=f"controller-{slug(row.label)}",
        kind="controller",
        title=f"{row.label}: the controller",
        caption=(
            f"Accuracy loss with its target (dashed), its weight β with its limits (dashed), and"
            f" all loss weights, stacked. Strong lines are seed {first.seed}{others};"
            f" the vertical line is the selected epoch."
        ),
        alt=f"Traces of {row.label} over training: accuracy loss, β, objective weights.",
        data=data,
        facts={
            "row": row.label,
            "beta_min": first.beta_min,
            "beta_max": first.beta_max,
            "best_epoch": first.best_epoch,
        },
    )


def _thinned(trace: Trace) -> Iterator[tuple[float, int]]:
    """Yield (place in epochs, index) of the steps to draw, evenly spread over each epoch."""
    every = -(-len(trace.steps["epoch"]) // MOST_POINTS)
    for epoch, members in groupby(enumerate(trace.steps["epoch"]), key=lambda pair: pair[1]):
        indices = [index for index, _ in members]
        for n, index in enumerate(indices):
            if index % every == 0:
                yield epoch - 1 + (n + 0.5) / len(indices), index


def _weights(row: Row, trace: Trace) -> Iterator[Figure]:
    """Yield one figure per objective whose sampler adapts."""
    table = trace.group_weights
    for objective in dict.fromkeys(table.get("objective", [])):
        own = [n for n, name in enumerate(table["objective"]) if name == objective]
        data = {key: [table[key][n] for n in own] for key in ("epoch", "group", "weight", "signal")}
        start: dict[int, float] = {}
        for group, weight in zip(data["group"], data["weight"], strict=True):
            start.setdefault(group, weight)
        data["of_start"] = [
            weight / start[group] if start[group] else 1.0
            for group, weight in zip(data["group"], data["weight"], strict=True)
        ]
        labels = row.groups.label if objective == "fair" else []
        data["label"] = [_group_name(g, labels) for g in data["group"]]
        yield Figure(
            name=f"weights-{slug(row.label)}-{slug(objective)}",
            kind="weights",
            title=f"{row.label}: group weights for {objective}",
            caption=(
                f"Sampling weight of each group relative to its start, by epoch (seed"
                f" {trace.seed}); the vertical line is the selected epoch."
                + ("" if labels else " Popularity 1 holds the most popular items.")
            ),
            alt=f"Heat map of the sampling weights of the groups of objective {objective}.",
            data=data,
            facts={"row": row.label, "best_epoch": trace.best_epoch},
        )


def _group_name(group: int, labels: Sequence[str]) -> str:
    return labels[group] if group < len(labels) else f"popularity {group + 1}"


def _groups(comparison: Comparison) -> Figure:
    judged = [r for r in comparison.rows if r.role in ("control", "method")]
    best = sorted(judged, key=lambda r: (not r.valid, comparison.rows.index(r)))
    shown = [*comparison.of_role("reference"), *best[: MOST_ROWS - 1]]
    base = shown[0].groups
    order = sorted(
        (g for g in range(len(base.n)) if base.n[g]), key=lambda g: (base.hit[g], base.label[g])
    )
    data: Columns = {key: [] for key in ("row", "group", "label", "n", "hit", "is_minimum")}
    for row in shown:
        least = min(row.groups.hit[g] for g in order)
        for g in order:
            hit = row.groups.hit[g]
            _append(data, row.label, g, base.label[g], base.n[g], 100 * hit, hit == least)
    return Figure(
        name="groups",
        kind="groups",
        title="Hit per item group",
        caption=(
            "Hit × 100 of the users whose target is in a group, averaged over seeds, groups sorted"
            " by base; a ring marks the lowest of each row."
        ),
        alt=f"Dot plot of Hit in {len(order)} item groups for {', '.join(r.label for r in shown)}.",
        data=data,
        facts={"k": comparison.k},
    )
