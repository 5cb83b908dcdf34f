"""The page's plots: live where scripts run, still in print and without; each with its data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.report.figure import Figure
from mobench.report.live import live
from mobench.report.markup import (
    Markup,
    copied,
    element,
    folded,
    inline_svg,
    joined,
    lead,
    table,
)
from mobench.report.notation import MISSING, counted, minus, percent
from mobench.report.palette import Style
from mobench.report.records import Comparison
from mobench.report.runs import Run, all_runs, mean_id
from mobench.report.tables import UNIT
from mobench.report.tabulate import swatch

MOST_ROWS = 40
"""Rows of the data below a plot; longer ones are thinned evenly, for the CSV has them all."""

HOW = (
    "Up and right is better in every panel. Small marks are runs, large ones means over seeds,"
    " hollow ones are not valid; the shaded region keeps at least {keep} of base's Hit, and the"
    " cross-hair is base. Popularity is left out."
)
SELECT = (
    "Drag in a panel, or choose methods or single runs, to see the same runs everywhere; point at"
    " a mark for its run, preference and command."
)


@dataclass(frozen=True)
class Panels:
    """The figures of a report as parts of its page.

    Attributes:
        figures: The figures in order.
        drawn: The SVG of each by name.
        style: Colour and mark of each row by label.
    """

    figures: Sequence[Figure]
    drawn: Mapping[str, str]
    style: Mapping[str, Style]

    def of(self, *kinds: str) -> list[Figure]:
        """Return the figures of some kinds in order."""
        return [figure for figure in self.figures if figure.kind in kinds]

    def pareto(self, comparison: Comparison) -> Markup:
        """Return the panels, what selects runs in all of them, and the runs themselves."""
        shown, groups = all_runs(comparison), _groups(comparison)
        panels = [self._plot(figure) for figure in self.of("pareto")]
        keep = percent(comparison.config.keep, places=0)
        return joined(
            lead(HOW.format(keep=keep)),
            _chooser(list(dict.fromkeys(groups.values())), self.style),
            element("div", *panels, class_="grid"),
            *[self._plot(figure) for figure in self.of("parallel")],
            folded(f"The {counted(len(shown), 'run')} behind the marks", self._runs(shown, groups)),
        )

    def preferences(self) -> Markup:
        """Return the heat maps; nothing where no rows differ in preference only."""
        words = (
            "Rows that differ in their preference only: whether each objective follows its wish."
        )
        plots = [self._plot(figure, data=True) for figure in self.of("heat")]
        return joined(lead(words), *plots) if plots else Markup("")

    def training(self, comparison: Comparison) -> Markup:
        """Return the traces of every method that has some; all but the first folded."""
        blocks: list[Markup] = []
        for row in comparison.of_role("method"):
            own = [
                f for f in self.of("controller", "guard", "weights") if f.facts["row"] == row.label
            ]
            if own:
                grid = self._traces(own)
                name = f"{row.label} ({counted(len(own), 'figure')})"
                blocks.append(folded(name, grid) if blocks else grid)
        words = "How accuracy loss was held at its target, and which groups were drawn more often."
        return joined(lead(words), *blocks) if blocks else Markup("")

    def _traces(self, own: Sequence[Figure]) -> Markup:
        first, *rest = [self._plot(figure, data=True) for figure in own]
        return element("div", first, element("div", *rest), class_="grid two")

    def groups(self) -> Markup:
        """Return Hit and exposure per group of items."""
        words = (
            "min-Hit is the lowest Hit of a group in each run: how well the worst one is served."
        )
        plots = [self._plot(figure, data=True) for figure in self.of("groups", "exposure")]
        rows = list(dict.fromkeys(self.of("groups")[0].data["row"]))
        key = [element("li", swatch(label, self.style), label) for label in rows]
        legend = element("ul", *key, class_="key", aria_label="Rows in these plots")
        return joined(lead(words), legend, element("div", *plots, class_="grid"))

    def _plot(self, figure: Figure, *, data: bool = False) -> Markup:
        link = element(
            "a", "CSV", href=f"figures/{figure.name}.csv", aria_label=f"{figure.title}: CSV"
        )
        still = inline_svg(self.drawn[figure.name], figure.name, figure.alt)
        spec = element("script", Markup(live(figure, self.style)), type="application/json")
        caption = element("p", figure.caption, " ", link, class_="caption")
        return element(
            "figure",
            element("figcaption", element("b", figure.title)),
            element("div", still, class_="still"),
            element("div", class_="live"),
            spec,
            caption,
            *([folded("Data", _data_table(figure))] if data else []),
            class_=f"plot {figure.kind}",
        )

    def _runs(self, shown: Sequence[Run], groups: Mapping[str, str]) -> Markup:
        metrics = [METRICS[name].label for name in OBJECTIVE_METRICS]
        pick = element("span", "Select", class_="live-only")
        head = [pick, "Run", *metrics, "Valid", "Preference", "Command"]
        rows = [self._run(run, groups[run.row.label]) for run in shown]
        return table(
            "Hit columns × 100; unrounded numbers are in the CSV files.", head, rows, "Runs", "runs"
        )

    def _run(self, run: Run, group: str) -> Markup:
        check = element(
            "input",
            type="checkbox",
            class_="live-only",
            data_run=run.id,
            data_row=group,
            data_mean=mean_id(run.row),
            aria_label=f"Select {run.id}",
        )
        values = [UNIT[name] * run.point.values[name] for name in OBJECTIVE_METRICS]
        command = joined(element("code", run.command), " ", copied(run.command, run.id))
        return element(
            "tr",
            element("td", check),
            element("th", swatch(group, self.style), run.id, scope="row"),
            *[element("td", _number(value)) for value in values],
            element("td", run.status),
            element("td", run.preference),
            element("td", command, class_="prose"),
        )


def _groups(comparison: Comparison) -> dict[str, str]:
    """Return what the marks of each row stand for: its front where it is in one, else itself."""
    rows = [row.label for row in comparison.rows if row.role != "sanity"]
    inside = {m: front.label for front in comparison.fronts if front.bands for m in front.members}
    return {label: inside.get(label, label) for label in rows}


def _chooser(labels: Sequence[str], style: Mapping[str, Style]) -> Markup:
    """Return the key of the panels, whose names are buttons, and what is selected."""
    names = [
        element(
            "button",
            swatch(label, style),
            label,
            type="button",
            data_method=label,
            aria_pressed="false",
        )
        for label in labels
    ]
    clear = Markup('<button type="button" id="clear" class="live-only" hidden>Show all</button>')
    return element(
        "div",
        element("p", SELECT, class_="lead live-only"),
        element(
            "div", *names, clear, class_="key", role="group", aria_label="Methods in the panels"
        ),
        element("p", id="picked", role="status", class_="note"),
        class_="chooser",
    )


def _data_table(figure: Figure) -> Markup:
    """Return the data of a figure, evenly thinned where they are many."""
    chosen, note = _chosen(figure)
    columns = list(figure.data.values())
    rows = [
        element("tr", *[element("td", _number(column[index])) for column in columns])
        for index in chosen
    ]
    head = [name.replace("_", " ") for name in figure.data]
    return table(note, head, rows, f"Data of {figure.title}")


def _chosen(figure: Figure) -> tuple[Sequence[int], str]:
    """Return which rows of the data to show, and how they were chosen.

    Of what is a grid over epochs, whole epochs are left out, so that every group is seen.
    """
    n = len(next(iter(figure.data.values())))
    every = -(-n // MOST_ROWS)
    if every == 1:
        return range(n), f"{counted(n, 'row')}, as drawn."
    if figure.kind != "weights":
        return range(0, n, every), f"One row in {every} of {n:,}; the CSV has them all."
    epochs = set(sorted(set(figure.data["epoch"]))[::-every])
    chosen = [index for index, epoch in enumerate(figure.data["epoch"]) if epoch in epochs]
    return chosen, f"One epoch in {every}; the CSV has them all."


def _number(value: Any) -> str:
    """Return a value of any kind for a table."""
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return minus(text) if isinstance(value, int | float) else text
