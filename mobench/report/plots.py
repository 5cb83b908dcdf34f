"""Figures as SVG text (matplotlib lives here and in the other ``plots`` files, nowhere else).

Same data, same bytes: fixed hash salt, no date, no creator. Text stays text. No global state of the
plotting library is changed.
"""

import io
import warnings
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

from mobench.report.figure import Figure
from mobench.report.palette import INK, RC, SHADE, Style
from mobench.report.plots_canvas import columns, legend, new_canvas
from mobench.report.plots_groups import exposure, groups
from mobench.report.plots_heat import heat
from mobench.report.plots_parallel import parallel
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


def _pareto(figure: Figure, style: dict[str, Style]) -> Canvas:
    data, facts = columns(figure), figure.facts
    canvas = new_canvas(3.7, 3.6)
    axes = canvas.add_subplot()
    name = facts["y"]
    for label in dict.fromkeys(figure.data["label"]):
        for kind, size, alpha in (("run", 16, 0.55), ("mean", 62, 1.0)):
            own = (data["label"] == label) & (data["kind"] == kind)
            _points(axes, data, own, name, style[label], size, alpha)
    axes.margins(0.1)
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
    legend(canvas, list(dict.fromkeys(figure.data["label"])), style)
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


DRAW: dict[str, Callable[[Figure, dict[str, Style]], Canvas]] = {
    "pareto": _pareto,
    "parallel": parallel,
    "heat": heat,
    "controller": controller,
    "guard": guard,
    "weights": weights,
    "groups": groups,
    "exposure": exposure,
}
