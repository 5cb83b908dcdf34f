"""Drawing of all metrics at once: every run a line over parallel axes, up is better."""

import numpy as np
from matplotlib.figure import Figure as Canvas

from mobench.report.figure import Figure
from mobench.report.palette import LINE, SHADE, SOFT, Style
from mobench.report.plots_canvas import columns, legend, new_canvas


def parallel(figure: Figure, style: dict[str, Style]) -> Canvas:
    """Draw a line per run and a strong one per mean, dashed where it is not valid."""
    data, axes_of = columns(figure), figure.facts["axes"]
    canvas = new_canvas(7.4, 3.4)
    axes = canvas.add_subplot()
    places = np.arange(len(axes_of))
    axes.vlines(places, 0, 1, color=LINE, linewidth=1)
    axes.vlines(0, figure.facts["kept_at"], 1, color=SHADE, alpha=0.18, linewidth=9)
    lines = data["at"].reshape(-1, len(axes_of)).astype(float)
    for n, line in enumerate(lines):
        first = n * len(axes_of)
        label, kind, valid = (data[name][first] for name in ("label", "kind", "valid"))
        colour, marker = style[str(label)]
        is_mean = kind == "mean"
        axes.plot(
            places,
            line,
            color=colour,
            marker=marker,
            markersize=6 if is_mean else 3,
            linewidth=2.2 if is_mean else 0.8,
            alpha=0.95 if is_mean else 0.6,
            linestyle="-" if valid else (0, (4, 3)),
        )
    for place, axis in enumerate(axes_of):
        for height, key, up in ((1.04, "best", "bottom"), (-0.04, "worst", "top")):
            axes.text(place, height, axis[key], color=SOFT, ha="center", va=up, fontsize=8)
    axes.set_xticks(places, [axis["metric"] for axis in axes_of])
    axes.set_yticks([])
    axes.set_ylim(-0.14, 1.14)
    axes.spines[:].set_visible(False)
    legend(canvas, list(dict.fromkeys(figure.data["label"])), style)
    return canvas
