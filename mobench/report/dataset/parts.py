"""Parts of the page of a dataset: figures beside their tables."""

from collections.abc import Iterator, Mapping, Sequence

from mobench.data.summary.records import Summary
from mobench.report.dataset import tables, words
from mobench.report.dataset.tables import TextTable
from mobench.report.figure import Chart
from mobench.report.markup import (
    Markup,
    element,
    folded,
    inline_svg,
    joined,
    lead,
    pairs,
    scrolling,
)
from mobench.report.notation import percent

Figures = Mapping[str, Markup]
"""Figures of the page by name."""

SHOWN = ("funnel", "groups", "prices")
"""Kinds of the figures that a report of runs shows, too."""


def funnel(summary: Summary, figures: Figures) -> Markup:
    """Return what each stage left."""
    return beside(figures["funnel"], text_table(tables.funnel_table(summary)))


def groups(summary: Summary, figures: Figures) -> Markup:
    """Return the groups of both kinds with their shares and prices."""
    told = (
        f"Categories are known for {percent(summary.category_coverage)} of the items; fairness"
        f" groups are from level {summary.fair_level}."
    )
    return joined(lead(told), beside(*_group_parts(summary, figures), layout="groups"))


def _group_parts(summary: Summary, figures: Figures) -> Iterator[Markup]:
    for kind in words.GROUPS:
        yield figures[f"groups-{kind}"]
        yield text_table(tables.group_table(summary.group_list(kind), kind))


def prices(summary: Summary, figures: Figures) -> Markup:
    """Return how many items have a price, and which."""
    notes = pairs(words.price_notes(summary))
    if not summary.prices.items:
        return notes
    levels, bins = tables.level_table(summary), tables.price_table(summary)
    described = element("div", notes, text_table(levels), as_table(bins))
    return beside(figures["prices"], described)


def figure(chart: Chart, svg: str) -> Markup:
    """Return a figure with its words and a link to its data."""
    data = f"figures/{chart.name}.csv"
    link = element("a", "CSV", href=data, aria_label=f"{chart.title}: CSV")
    return element(
        "figure",
        element("figcaption", element("b", chart.title)),
        inline_svg(svg, chart.name, chart.alt),
        element("p", chart.caption, " ", link, class_="caption"),
    )


def text_table(text: TextTable) -> Markup:
    """Return a table that can be read aloud, and scrolled by keyboard where there is no room."""
    titles = [element("th", title, scope="col") for title in text.head]
    if text.prose:
        titles[-1] = element("th", text.head[-1], scope="col", class_="prose")
    table = element(
        "table",
        element("caption", text.caption),
        element("thead", element("tr", *titles)),
        element("tbody", *[_row(row, prose=text.prose) for row in text.rows]),
    )
    return scrolling(table, text.caption)


def _row(cells: Sequence[str], *, prose: bool) -> Markup:
    name, *values = cells
    last = [element("td", values.pop(), class_="prose")] if prose else []
    return element(
        "tr", element("th", name, scope="row"), *[element("td", v) for v in values], *last
    )


def as_table(text: TextTable) -> Markup:
    """Return a table that repeats a figure, closed at first."""
    return folded(f"{text.caption}, as a table", text_table(text))


def beside(*parts: Markup, layout: str = "two") -> Markup:
    """Return parts side by side where there is room."""
    return element("div", *parts, class_=f"grid {layout}")
