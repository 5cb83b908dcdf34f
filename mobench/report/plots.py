"""Figures as SVG text (matplotlib lives here and in the other ``plots`` files, nowhere else).

Same data, same bytes: fixed hash salt, no date, no creator. Text stays text. No global state of the
plotting library is changed.
"""

import io
import warnings
from collections.abc import Callable

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

from mobench.report.figure import Figure
from mobench.report.palette import RC, Style
from mobench.report.plots_groups import exposure, groups
from mobench.report.plots_heat import heat
from mobench.report.plots_parallel import parallel
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


DRAW: dict[str, Callable[[Figure, dict[str, Style]], Canvas]] = {
    "pareto": pareto,
    "parallel": parallel,
    "heat": heat,
    "controller": controller,
    "guard": guard,
    "weights": weights,
    "groups": groups,
    "exposure": exposure,
}
