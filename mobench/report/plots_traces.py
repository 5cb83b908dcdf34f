"""Drawings of how a row trained: the controller, the guard, the sampler's weights."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from mobench.report.figure import Figure
from mobench.report.palette import CYCLE, INK, PARTS, Style, clean
from mobench.report.plots_canvas import DASHED, columns, mark_best, new_canvas


def controller(figure: Figure, style: dict[str, Style]) -> Canvas:
    """Draw loss, beta, its two terms, and all loss weights over the epochs."""
    data, facts = columns(figure), figure.facts
    heights = {"accuracy loss": 2.0, "β": 1.6, "terms of β": 1.3, "loss weights": 1.6}
    if not facts["steered"]:
        del heights["terms of β"]
    canvas = new_canvas(4.8, 0.1 + 0.85 * sum(heights.values()))
    grid = canvas.subplots(len(heights), sharex=True, height_ratios=[*heights.values()])
    parts = dict(zip(heights, grid, strict=True))
    loss, beta, stack = parts["accuracy loss"], parts["β"], parts["loss weights"]
    terms = parts.get("terms of β")
    colour = style[facts["row"]][0]
    seeds = list(dict.fromkeys(figure.data["seed"]))
    for seed in reversed(seeds):
        own = data["seed"] == seed
        thin: Any = {"linewidth": 1.3, "alpha": 1.0 if seed == seeds[0] else 0.3}
        loss.plot(data["epoch"][own], data["loss_acc"][own], color=colour, **thin)
        beta.plot(data["epoch"][own], data["beta"][own], color=colour, **thin)
        if terms:
            terms.plot(data["epoch"][own], data["i_term"][own], color=colour, **thin)
            terms.plot(data["epoch"][own], data["p_term"][own], color=INK, **thin)
    own = data["seed"] == seeds[0]
    loss.plot(data["epoch"][own], data["target_loss"][own], **DASHED)
    for limit in (facts["beta_min"], facts["beta_max"]):
        if limit is not None:
            beta.axhline(limit, **DASHED)
    if terms:
        marks = [Line2D([], [], color=c, linewidth=1.3) for c in (colour, INK)]
        terms.legend(marks, ["I", "P"], ncols=2, loc="best", handlelength=1.2)
    _stack(stack, {name: column[own] for name, column in data.items()})
    for title, axes in parts.items():
        axes.set_ylabel(title)
        mark_best(axes, facts["best_epoch"])
    stack.set_xlabel("epoch")
    canvas.align_ylabels()
    return canvas


def guard(figure: Figure, style: dict[str, Style]) -> Canvas:
    """Draw the share of the base's accuracy after each epoch, the guard, and the retreats."""
    data, facts = columns(figure), figure.facts
    canvas = new_canvas(4.8, 2.4)
    axes = canvas.add_subplot()
    colour = style[facts["row"]][0]
    seeds = list(dict.fromkeys(figure.data["seed"]))
    for seed in reversed(seeds):
        own = data["seed"] == seed
        kept, alpha = 100 * data["kept"][own], 1.0 if seed == seeds[0] else 0.3
        axes.plot(data["epoch"][own], kept, color=colour, linewidth=1.3, alpha=alpha)
        back = own & data["retreat"].astype(bool)
        triangle: Any = {"marker": "v", "s": 34, "color": INK, "zorder": 3, "alpha": alpha}
        axes.scatter(data["epoch"][back], 100 * data["kept"][back], linewidths=0, **triangle)
    axes.axhline(100 * facts["guard"], **DASHED)
    mark_best(axes, facts["best_epoch"])
    axes.set_ylabel(f"{facts['label']} kept, %")
    axes.set_xlabel("epoch")
    return canvas


def _stack(axes: Axes, data: dict[str, np.ndarray]) -> None:
    """Stack the weights of the objectives, accuracy at the bottom; as lines if one is below 0."""
    names = [name.removeprefix("weight_") for name in data if name.startswith("weight_")]
    names.sort(key=lambda name: name != "acc")
    colours = [PARTS.get(name, CYCLE[n % len(CYCLE)]) for n, name in enumerate(names)]
    layers = [data[f"weight_{name}"].astype(float) for name in names]
    signed = min(float(np.nan_to_num(layer).min()) for layer in layers) < 0
    if signed:
        for layer, colour in zip(layers, colours, strict=True):
            axes.plot(data["epoch"], layer, color=colour, linewidth=1.3)
        axes.axhline(0, **DASHED)
    else:
        axes.stackplot(data["epoch"], *layers, colors=colours, alpha=0.85, linewidth=0)
    marks = [Line2D([], [], color=c, marker="s", linestyle="") for c in colours]
    axes.legend(marks, [clean(name) for name in names], ncols=len(names), loc="upper right")
    axes.margins(x=0)
    if not signed:
        axes.set_ylim(0, 1.3 * float(np.nan_to_num(np.sum(layers, axis=0)).max() or 1))


def weights(figure: Figure, style: dict[str, Style]) -> Canvas:  # noqa: ARG001 - one signature
    """Draw the sampling weight of every group over the epochs, relative to its start."""
    data = columns(figure)
    epochs, groups = np.unique(data["epoch"]), np.unique(data["group"])
    grid = np.zeros((len(groups), len(epochs)))
    ratio = np.maximum(data["of_start"].astype(float), 2.0**-10)
    place = np.searchsorted(groups, data["group"]), np.searchsorted(epochs, data["epoch"])
    grid[place] = np.log2(ratio)
    names = {
        int(g): clean(str(n)) for g, n in zip(data["group"], figure.data["label"], strict=True)
    }
    canvas = new_canvas(4.8, 1.1 + 0.24 * len(groups))
    axes = canvas.add_subplot()
    limit = max(0.1, float(np.abs(grid).max()))
    colours = mpl.colormaps["PuOr"].resampled(11)
    edges = np.append(epochs - 0.5, epochs[-1] + 0.5), np.arange(len(groups) + 1) - 0.5
    mesh = axes.pcolormesh(*edges, grid, cmap=colours, vmin=-limit, vmax=limit)
    axes.set_yticks(range(len(groups)), [names[int(g)] for g in groups])
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set_xlabel("epoch")
    if (best := figure.facts["best_epoch"]) is not None:
        axes.axvline(best, color=INK, linewidth=0.9)
    bar = canvas.colorbar(mesh, ax=axes, ticks=[-limit, 0, limit], pad=0.02, aspect=12)
    bar.set_ticklabels([f"× {2.0**x:.2g}" for x in (-limit, 0, limit)])
    bar.outline.set_visible(False)
    return canvas
