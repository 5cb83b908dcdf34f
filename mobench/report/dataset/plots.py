"""The figures of a dataset as SVG text: same data, same bytes, text stays text."""

import io
import warnings
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator, NullFormatter

from mobench.report.dataset.words import MOST_GROUPS, between
from mobench.report.figure import Chart
from mobench.report.notation import percent
from mobench.report.palette import BLUE, INK, RC, SOFT, clean
from mobench.report.plots import NO_METADATA

SPLIT_COLOURS = {"train": BLUE, "val": "#e69f00", "test": "#009e73"}
WIDTH = 4.8


def draw(chart: Chart) -> str:
    """Return a figure as an SVG document."""
    with mpl.rc_context({**RC, "svg.hashsalt": chart.name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the reader's fonts have them
        canvas = Canvas(figsize=(WIDTH, _height(chart)), layout="constrained")
        DRAW[chart.kind](canvas.add_subplot(), chart)
        FigureCanvasSVG(canvas)
        out = io.StringIO()
        canvas.savefig(out, format="svg", transparent=True, metadata=NO_METADATA)
    return out.getvalue()


def _height(chart: Chart) -> float:
    """Return inches: as many as its rows need, if it has rows."""
    n_rows = min(len(next(iter(chart.data.values()))), MOST_GROUPS)
    return {"funnel": 0.5 + 0.38 * n_rows, "groups": 0.8 + 0.28 * n_rows}.get(chart.kind, 2.9)


def _rows(axes: Axes, names: list[str]) -> None:
    """Name horizontal bars, the first at the top."""
    axes.set_yticks(range(len(names)), [clean(name) for name in names])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")


def _whole(axes: Axes) -> None:
    """Count upright bars in whole numbers."""
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(_count)
    axes.grid(visible=False, axis="x")


def _count(value: float, _: float) -> str:
    return f"{value:,.0f}"


def _between_decades(value: float, _: float) -> str:
    """Return the name of a minor mark on a log scale: only 2 and 5 of a decade have one."""
    return _count(value, _) if f"{value:e}"[0] in "25" else ""


def _funnel(axes: Axes, chart: Chart) -> None:
    rows = chart.data["rows"]
    axes.barh(range(len(rows)), rows, color=BLUE, height=0.62)
    for place, (n, kept) in enumerate(zip(rows, chart.data["kept"], strict=True)):
        text = f"{n:,}  ({percent(kept)})"
        axes.annotate(text, (n, place), (4, 0), textcoords="offset points", va="center")
    _rows(axes, list(chart.data["name"]))
    axes.set_xlim(0, 1.42 * max(rows))  # room for the text
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _times(axes: Axes, chart: Chart) -> None:
    names = list(chart.data["from"])
    base = np.zeros(len(names))
    for split, colour in SPLIT_COLOURS.items():
        rows = np.asarray(chart.data[split])
        axes.bar(range(len(names)), rows, 0.82, base, color=colour, label=split)
        base += rows
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    _whole(axes)
    axes.set_ylabel("rows")
    axes.figure.legend(loc="outside upper right", ncols=3)


def _groups(axes: Axes, chart: Chart) -> None:
    share, target = (
        100 * np.asarray(chart.data[name][:MOST_GROUPS]) for name in ("share", "target_share")
    )
    place = np.arange(len(share))
    axes.barh(place, share, color=BLUE, height=0.62)
    axes.vlines(target, place - 0.4, place + 0.4, color=INK, linewidth=2)
    _rows(axes, list(chart.data["label"][:MOST_GROUPS]))
    axes.set_xlim(left=0)
    axes.set_xlabel("% of the train rows")


def _prices(axes: Axes, chart: Chart) -> None:
    items = chart.data["items"]
    names = [between(*pair) for pair in zip(chart.data["low"], chart.data["high"], strict=True)]
    axes.bar(range(len(items)), items, 0.92, color=BLUE)
    axes.set_xticks(range(len(items)), names, rotation=45, ha="right", rotation_mode="anchor")
    _whole(axes)
    axes.set_ylabel("items")


def _popularity(axes: Axes, chart: Chart) -> None:
    rank, rows = (np.asarray(chart.data[name]) for name in ("rank", "train_rows"))
    axes.plot(rank[rows > 0], rows[rows > 0], color=BLUE, linewidth=1.8, marker=".", markersize=3)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.axvline(-(-int(rank[-1]) // 10), color=SOFT, linewidth=0.9)
    for axis, values in ((axes.xaxis, rank), (axes.yaxis, rows)):
        axis.set_major_formatter(_count)
        narrow = values.max() < 20 * max(values.min(), 1)
        axis.set_minor_formatter(_between_decades if narrow else NullFormatter())
    axes.set_xlabel("item, by popularity")
    axes.set_ylabel("train rows")


DRAW: dict[str, Callable[[Axes, Chart], None]] = {
    "funnel": _funnel,
    "times": _times,
    "groups": _groups,
    "prices": _prices,
    "popularity": _popularity,
}
