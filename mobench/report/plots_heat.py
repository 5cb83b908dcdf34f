"""The heat map of preferences: a table whose cells are coloured, readable in the dark, too."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from mobench.metrics import METRICS
from mobench.report.figure import Figure
from mobench.report.notation import percent
from mobench.report.palette import CYCLE, INK, SHADE, SOFT, Style, clean
from mobench.report.plots_canvas import columns, new_canvas

STRONGEST = 0.6
"""Opacity of the strongest cell, so that its number can be read on it."""

FAINT = 0.02
"""A column whose changes are all below this stays pale."""


def heat(figure: Figure, style: dict[str, Style]) -> Canvas:  # noqa: ARG001 - one signature
    """Draw a row per preference: its shares as text, then a coloured cell per metric."""
    data, facts = columns(figure), figure.facts
    objectives, metrics = facts["objectives"], facts["metrics"]
    rest = [label.removeprefix(facts["shared"]).strip() for label in figure.data["label"]]
    labels = [
        clean(short or label) for short, label in zip(rest, figure.data["label"], strict=True)
    ]
    canvas = new_canvas(2.0 + 0.42 * len(objectives) + 0.9 * len(metrics), 0.7 + 0.36 * len(labels))
    axes = canvas.add_subplot()
    start = 0.5 * len(objectives) + 0.2
    _shares(axes, [data[f"share_{name}"] for name in objectives])
    for n, name in enumerate(metrics):
        _column(axes, start + n, data[f"change_{name}"].astype(float))
    places = [0.5 * n + 0.25 for n in range(len(objectives))]
    places += [start + n + 0.5 for n in range(len(metrics))]
    axes.set_xticks(places, [*objectives, *(METRICS[name].label for name in metrics)])
    axes.xaxis.tick_top()
    axes.set_yticks(np.arange(len(labels)) + 0.5, [clean(label) for label in labels])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_xlim(0, start + len(metrics))
    axes.set_ylim(len(labels), 0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return canvas


def _shares(axes: Axes, shares: list[np.ndarray]) -> None:
    for n, column in enumerate(shares):
        for row, share in enumerate(column):
            axes.text(
                0.5 * n + 0.25, row + 0.5, f"{share:.2f}", color=SOFT, ha="center", va="center"
            )


def _column(axes: Axes, left: float, changes: np.ndarray) -> None:
    """Draw the cells of a metric; what is not a number stays blank."""
    known = changes[np.isfinite(changes)]
    scale = max(FAINT, float(np.abs(known).max(initial=0)))
    for row, change in enumerate(changes):
        if np.isfinite(change):
            strength = STRONGEST * abs(change) / scale
            colour = SHADE if change > 0 else CYCLE[0]
            box = Rectangle((left + 0.02, row + 0.04), 0.96, 0.92, facecolor=colour, alpha=strength)
            axes.add_patch(box)
        text = percent(float(change), signed=True)
        axes.text(left + 0.5, row + 0.5, text, color=INK, ha="center", va="center")
