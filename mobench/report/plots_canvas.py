"""What all drawings share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from mobench.report.figure import Figure
from mobench.report.palette import INK, SOFT, Style, clean

DASHED: Any = {"color": INK, "linewidth": 0.9, "linestyle": (0, (4, 3))}
"""How a target or a limit is drawn."""


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
    """Draw the mark of every label below the panels."""
    marks = [
        Line2D([], [], color=style[label][0], marker=style[label][1], linestyle="", label=label)
        for label in labels
    ]
    n_columns = 2 if max(map(len, labels)) > 10 else 3
    names = [clean(label) for label in labels]
    canvas.legend(marks, names, loc="outside lower center", ncols=min(n_columns, len(labels)))
