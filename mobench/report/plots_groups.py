"""Drawings per item group: Hit, and the share of the recommended places."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from mobench.report.figure import Figure
from mobench.report.palette import INK, LINE, Style, clean
from mobench.report.plots_canvas import columns, legend, new_canvas


def groups(figure: Figure, style: dict[str, Style]) -> Canvas:
    """Draw a mark per row and group, the lowest of each row ringed."""
    data = columns(figure)
    labels, order = (list(dict.fromkeys(figure.data[name])) for name in ("row", "group"))
    first = data["row"] == labels[0]
    canvas = new_canvas(4.8, 1.2 + 0.3 * len(order))
    axes = canvas.add_subplot()
    hits = data["hit"].astype(float).reshape(len(labels), len(order))
    axes.hlines(range(len(order)), hits.min(axis=0), hits.max(axis=0), color=LINE, linewidth=5)
    for n, label in enumerate(labels):
        own = data["row"] == label
        hit, least = data["hit"][own].astype(float), data["is_minimum"][own].astype(bool)
        height = np.arange(len(order)) + 0.15 * (n - (len(labels) - 1) / 2)
        colour, marker = style[label]
        axes.scatter(hit, height, s=30, color=colour, marker=marker, zorder=3, linewidths=0)
        axes.scatter(
            hit[least], height[least], s=95, facecolors="none", edgecolors=colour, zorder=4
        )
    names = [
        f"{clean(str(label))}  ({n:,})"
        for label, n in zip(data["label"][first], data["n"][first].tolist(), strict=True)
    ]
    _named(axes, names)
    axes.set_xlabel(f"Hit@{figure.facts['k']} × 100  →   (users with a target in the group)")
    legend(canvas, labels, style)
    return canvas


def exposure(figure: Figure, style: dict[str, Style]) -> Canvas:
    """Draw a bar per row and group from the wanted share to the given one."""
    data = columns(figure)
    labels, order = (list(dict.fromkeys(figure.data[name])) for name in ("row", "group"))
    canvas = new_canvas(4.8, 1.2 + 0.34 * len(order))
    axes = canvas.add_subplot()
    for n, label in enumerate(labels):
        own = data["row"] == label
        share, target = (data[name][own].astype(float) for name in ("share", "target"))
        height = np.arange(len(order)) + 0.17 * (n - (len(labels) - 1) / 2)
        colour, marker = style[label]
        axes.hlines(height, target, share, color=colour, linewidth=2.2, alpha=0.5)
        axes.scatter(share, height, s=26, color=colour, marker=marker, zorder=3, linewidths=0)
    places = np.arange(len(order))
    axes.vlines(target, places - 0.4, places + 0.4, color=INK, linewidth=1.6, zorder=4)
    first = data["row"] == labels[0]
    _named(axes, [clean(str(label)) for label in data["label"][first]])
    axes.invert_yaxis()
    axes.set_xlabel("% of all recommended places")
    legend(canvas, labels, style)
    return canvas


def _named(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_xlim(left=0)
    axes.grid(visible=False, axis="y")
