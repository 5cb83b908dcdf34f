"""Figures of how the runs of a row trained: the controller, the guard, the sampler's weights."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from math import isfinite

from mobench.metrics import METRICS
from mobench.report.evidence import Columns, Trace
from mobench.report.figure import Figure, append, slug
from mobench.report.notation import counted, percent
from mobench.report.records import Row

MOST_POINTS = 400
"""Points of a drawn line; more would only make the file larger."""


def traces_of(row: Row) -> list[Figure]:
    """Return the figures of a row, none where its runs are gone or record nothing."""
    logged = [trace for trace in row.traces if trace.steps.get("epoch")]
    guarded = [trace for trace in row.traces if trace.guard is not None]
    adapted = [trace for trace in row.traces if trace.group_weights]
    found = [_controller(row, logged)] if logged else []
    found += [_guard(row, guarded)] if guarded else []
    return [*found, *(_weights(row, adapted[0]) if adapted else ())]


def _controller(row: Row, traces: Sequence[Trace]) -> Figure:
    names = [key for key in traces[0].steps if key.startswith("weight_")]
    columns = ("loss_acc", "target_loss", "beta", "p_term", "i_term", *names)
    data: Columns = {key: [] for key in ("seed", "epoch", *columns)}
    for trace in traces:
        for place, index in _thinned(trace):
            values = (trace.steps[key][index] for key in columns)
            append(data, trace.seed, place, *values)
    first = traces[0]
    n = len(traces) - 1
    others = f", pale ones those of {counted(n, 'other seed')}" if n else ""
    steered = any(isfinite(value) for value in data["i_term"])
    shown = (
        "Accuracy loss with its target (dashed), its weight β with its limits (dashed), the"
        " proportional and the integral term of β, and all loss weights, stacked."
        if steered
        else "Accuracy loss, its weight β, and all loss weights, stacked where none is below 0."
    )
    return Figure(
        name=f"controller-{slug(row.label)}",
        kind="controller",
        title=f"{row.label}: {'the controller' if steered else 'the loss weights'}",
        caption=(
            f"{shown} Strong lines are seed {first.seed}{others}; the vertical line is the selected"
            f" epoch."
        ),
        alt=f"Traces of {row.label} over training: accuracy loss, β, objective weights.",
        data=data,
        facts={
            "row": row.label,
            "steered": steered,
            "beta_min": first.beta_min if steered else None,
            "beta_max": first.beta_max if steered else None,
            "best_epoch": first.best_epoch,
        },
    )


def _guard(row: Row, traces: Sequence[Trace]) -> Figure:
    data: Columns = {key: [] for key in ("seed", "epoch", "kept", "learning_rate", "retreat")}
    for trace in traces:
        table = trace.history
        rates = [*table["learning_rate"], table["learning_rate"][-1]]
        back = [later < now for now, later in pairwise(rates)]
        columns = (table["epoch"], table["kept"], table["learning_rate"], back)
        for values in zip(*columns, strict=True):
            append(data, trace.seed, *values)
    first, n = traces[0], sum(data["retreat"])
    metric = METRICS[first.guarded].label
    return Figure(
        name=f"guard-{slug(row.label)}",
        kind="guard",
        title=f"{row.label}: the accuracy guard",
        caption=(
            f"Validation {metric} kept after each epoch, the guard dashed; a triangle marks a"
            f" retreat: back to the best valid weights at half the learning rate."
        ),
        alt=f"Line plot of the share of base's {metric} that {row.label} keeps, by epoch, beside"
        f" the guard at {percent(first.guard or 0)}; {n} retreats.",
        data=data,
        facts={
            "row": row.label,
            "guard": first.guard,
            "label": metric,
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
                f" {trace.seed}): violet is more, orange less; the vertical line is the selected"
                f" epoch." + ("" if labels else " Popularity 1 holds the most popular items.")
            ),
            alt=f"Heat map of the sampling weights of the groups of objective {objective}.",
            data=data,
            facts={"row": row.label, "best_epoch": trace.best_epoch},
        )


def _group_name(group: int, labels: Sequence[str]) -> str:
    return labels[group] if group < len(labels) else f"popularity {group + 1}"
