"""Pareto panels: runs, means, and what the seeds of a front attain."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from mobench.metrics.attainment import LEVELS
from mobench.report.figure import Figure
from mobench.report.palette import INK, SHADE, Style
from mobench.report.plots_canvas import columns, legend, new_canvas


def pareto(figure: Figure, style: dict[str, Style]) -> Canvas:
    """Draw a metric against Hit: marks of runs and rows, fronts with their bands, base, 97 %."""
    data, facts = columns(figure), figure.facts
    canvas = new_canvas(3.7, 3.6)
    axes = canvas.add_subplot()
    name = facts["y"]
    drawn = np.where(data["front"] == "", data["label"], data["front"])
    for label in dict.fromkeys(drawn.tolist()):
        small = 0.4 if (data["front"] == label).any() else 1.0  # a front has many marks
        for kind, size, alpha in (("run", 16, 0.55), ("mean", 62, 1.0)):
            own = (drawn == label) & (data["kind"] == kind)
            _points(axes, data, own, name, style[label], small * size, alpha)
    axes.margins(0.1)
    for label in dict.fromkeys(data["front"][data["front"] != ""].tolist()):
        _band(axes, data, label, name, style[label][0], higher=facts["higher"])
    at_base = (data["label"] == facts["base"]) & (data["kind"] == "mean")
    hit, other = float(data["hit"][at_base][0]), float(data[name][at_base][0])
    axes.axvline(hit, color=INK, linewidth=0.7, zorder=1)
    axes.axhline(other, color=INK, linewidth=0.7, zorder=1)
    _shade(axes, facts["keep"] * hit, f"Hit ≥ {100 * facts['keep']:g} % of base")
    if not facts["higher"]:
        axes.invert_yaxis()
    axes.set_xlabel(f"Hit@{facts['k']} × 100  →")
    unit = "" if name == "pop_kl" else " × 100"
    axes.set_ylabel(f"{facts['label']}@{facts['k']}{unit}  →")
    legend(canvas, list(dict.fromkeys(drawn.tolist())), style)
    return canvas


def _points(
    axes: Axes,
    data: dict[str, np.ndarray],
    own: np.ndarray,
    name: str,
    style: Style,
    size: float,
    alpha: float,
) -> None:
    """Draw marks, filled where the run is valid."""
    colour, marker = style
    for valid in (True, False):
        mine = own & (data["valid"].astype(bool) == valid)
        axes.scatter(
            data["hit"][mine].astype(float),
            data[name][mine].astype(float),
            s=size,
            marker=marker,
            facecolors=colour if valid else "none",
            edgecolors=colour,
            linewidths=1.2,
            alpha=alpha,
            zorder=3,
        )


def _shade(axes: Axes, start: float, text: str) -> None:
    """Shade everything right of ``start``; the view grows to show where that is."""
    low, high = axes.get_xlim()
    low = min(low, start - 0.05 * (high - start))
    axes.set_xlim(low, high)
    axes.axvspan(start, high, color=SHADE, alpha=0.09, linewidth=0, zorder=0)
    axes.annotate(
        text,
        (1, 1),
        (0, 3),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=SHADE,
    )


def _band(
    axes: Axes, data: dict[str, np.ndarray], label: str, name: str, colour: str, *, higher: bool
) -> None:
    """Draw what a front's seeds attain; the view stays as it is."""
    low, high = axes.get_xlim()
    worst, best = axes.get_ylim() if higher else axes.get_ylim()[::-1]
    paths = {}
    for level in LEVELS:
        own = (data["label"] == label) & (data["kind"] == f"attained by {level}")
        corners = (data["hit"][own].astype(float), data[name][own].astype(float))
        paths[level] = stairs(*corners, left=low, bottom=worst)
    outline = np.vstack([paths["one"], paths["all"][::-1]])
    axes.fill(*outline.T, color=colour, alpha=0.13, linewidth=0, zorder=1)
    axes.plot(*paths["half"].T, color=colour, linewidth=1.1, alpha=0.8, zorder=2)
    axes.set_xlim(low, high)
    axes.set_ylim(*sorted((worst, best)))


def stairs(hit: np.ndarray, value: np.ndarray, *, left: float, bottom: float) -> np.ndarray:
    """Return the border of what corners attain, from the left edge to the bottom, ``[2V + 2, 2]``.

    Args:
        hit: First coordinate of the corners, rising.
        value: Second coordinate, from the best to the worst.
        left: Where the view begins.
        bottom: The worst value in view.
    """
    across = np.repeat(hit, 2)
    down = np.append(np.repeat(value, 2), bottom)
    return np.column_stack([np.concatenate([[left], across]), down])
