"""What all drawings share."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from mobench.report.figure import Figure
from mobench.report.palette import INK, SOFT, Style, clean

DASHED: Any = {"color": INK, "linewidth": 0.9, "linestyle": (0, (4, 3))}
"""How a target or a limit is drawn."""

MARK_WIDTH, LETTER_WIDTH, LINE_HEIGHT = 0.55, 0.075, 0.18
"""Room of the parts of a legend, in inches."""
FREE_LINES = 3
"""So many lines of a legend a drawing has room for; for more it grows, the panels do not shrink."""


def columns(figure: Figure) -> dict[str, np.ndarray]:
    """Return the data of a figure as arrays."""
    return {name: np.asarray(values) for name, values in figure.data.items()}


def new_canvas(width: float, height: float) -> Canvas:
    """Return an empty drawing; its size is in inches."""
    return Canvas(figsize=(width, height), layout="constrained")


def mark_best(axes: Axes, epoch: int | None) -> None:
    """Draw a vertical line at the selected epoch, if there is one."""
    if epoch is not None:
        axes.axvline(epoch, color=SOFT, linewidth=0.9)


def legend(canvas: Canvas, labels: Sequence[str], style: dict[str, Style]) -> None:
    """Draw the mark of every label below the panels; of many, the drawing grows to hold them."""
    marks = [
        Line2D([], [], color=style[label][0], marker=style[label][1], linestyle="", label=label)
        for label in labels
    ]
    names = [clean(label) for label in labels]
    width, height = canvas.get_size_inches()
    fit = int(width / (MARK_WIDTH + LETTER_WIDTH * max(map(len, names))))
    usual = 2 if max(map(len, names)) > 10 else 3
    n_columns = min(max(fit, usual), len(names))
    rows = ceil(len(names) / n_columns)
    canvas.set_size_inches(width, height + LINE_HEIGHT * max(0, rows - FREE_LINES))
    canvas.legend(marks, names, loc="outside lower center", ncols=n_columns)
