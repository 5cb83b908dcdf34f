"""Figures as SVG text (matplotlib lives here and in the other ``plots`` files, nowhere else).

Same data, same bytes: fixed hash salt, no date, no creator. Text stays text. No global state of the
plotting library is changed.
"""

import io
import warnings
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

from mobench.report.figure import Figure
from mobench.report.palette import LINE, RC, Style, clean
from mobench.report.plots_canvas import columns, legend, new_canvas
from mobench.report.plots_heat import heat
from mobench.report.plots_pareto import pareto
from mobench.report.plots_traces import controller, guard, weights

NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def draw(figure: Figure, style: dict[str, Style]) -> str:
    """Return a figure as an SVG document.

    Args:
        figure: What to draw.
        style: Colour and marker of every row, from ``palette.styles``.
    """
    with mpl.rc_context({**RC, "svg.hashsalt": figure.name}), warnings.catch_warnings():
        # Text stays text: whoever shows the file has the glyphs that this machine may lack.
        warnings.filterwarnings("ignore", message="Glyph")
        canvas = DRAW[figure.kind](figure, style)
        FigureCanvasSVG(canvas)
        out = io.StringIO()
        canvas.savefig(out, format="svg", transparent=True, metadata=NO_METADATA)
    return out.getvalue()


def _groups(figure: Figure, style: dict[str, Style]) -> Canvas:
    data = columns(figure)
    labels = list(dict.fromkeys(figure.data["row"]))
    order = list(dict.fromkeys(figure.data["group"]))
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
    axes.set_yticks(range(len(order)), names)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"Hit@{figure.facts['k']} × 100  →   (users with a target in the group)")
    axes.grid(visible=False, axis="y")
    legend(canvas, labels, style)
    return canvas


DRAW: dict[str, Callable[[Figure, dict[str, Style]], Canvas]] = {
    "pareto": pareto,
    "heat": heat,
    "controller": controller,
    "guard": guard,
    "weights": weights,
    "groups": _groups,
}
