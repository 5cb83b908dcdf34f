"""The report as one page: opens offline, prints, reads on a phone and in the dark."""

from collections.abc import Mapping, Sequence
from importlib.resources import files

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.report.changes import Change, change_table
from mobench.report.facts import dataset_section, provenance_section
from mobench.report.figure import Figure
from mobench.report.markup import Markup, element, inline_svg, joined, section
from mobench.report.notation import counted, percent
from mobench.report.palette import Style
from mobench.report.records import Comparison, Row
from mobench.report.tabulate import changes_section, hits_table, results_section
from mobench.report.text import TextTable

Drawn = Mapping[str, str]


def page(
    comparison: Comparison,
    title: str,
    table: TextTable,
    figures: Sequence[Figure],
    drawn: Drawn,
    style: Mapping[str, Style],
) -> str:
    """Return the report as an HTML document that needs nothing beside itself.

    Args:
        comparison: What to show.
        title: Name of the report.
        table: Its main table.
        figures: Its figures, in order.
        drawn: The SVG of each figure by name.
        style: Colour and mark of each row by label.
    """
    css = files("mobench.report").joinpath("page.css").read_text(encoding="utf-8")
    body = joined(
        _header(comparison, title),
        element(
            "main",
            _verdict(comparison),
            results_section(table, style),
            changes_section(comparison, style),
            _pareto(comparison, figures, drawn),
            _preferences(figures, drawn),
            _training(comparison, figures, drawn),
            _fairness(figures, drawn, style),
            dataset_section(comparison),
            provenance_section(comparison),
        ),
        element("footer", "Made by mobench; every number is in results.parquet and results.csv."),
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{element('title', f'{title} · mobench report')}\n<style>\n{css}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _header(comparison: Comparison, title: str) -> Markup:
    seeds = sorted({seed for row in comparison.rows for seed in row.seeds})
    facts = (
        ("dataset", comparison.dataset.name),
        ("split", comparison.split),
        ("users", f"{comparison.n_users:,}"),
        ("items", f"{comparison.n_items:,}"),
        ("k", str(comparison.k)),
        ("seeds", ", ".join(map(str, seeds))),
        ("valid from", f"{percent(comparison.config.keep, places=0)} of base's Hit"),
    )
    items = [element("li", name, " ", element("b", value)) for name, value in facts]
    return element(
        "header",
        element("p", "mobench report", class_="eyebrow"),
        element("h1", title),
        element("ul", *items, class_="facts"),
    )


def _verdict(comparison: Comparison) -> Markup:
    notes = [*comparison.warnings, *comparison.notes]
    items = [element("li", note) for note in notes]
    return element(
        "section",
        element("div", *_sentences(comparison), class_="verdict"),
        _tiles(comparison),
        *([element("ul", *items, class_="warnings")] if items else []),
        aria_label="Verdict",
    )


def _sentences(comparison: Comparison) -> list[Markup]:
    first, *others = comparison.sentences
    rest = [element("p", " ".join(others))] if others else []
    return [element("p", first, class_="first"), *rest]


def _tiles(comparison: Comparison) -> Markup:
    """Return the changes of the leading method as a strip of numbers."""
    methods = comparison.of_role("method")
    if not methods:
        return Markup("")
    lead = next((row for row in methods if row.valid_point), methods[0])
    changes = change_table(comparison)[lead.label]
    tiles = [
        _tile(METRICS[name].label, change)
        for name, change in zip(OBJECTIVE_METRICS, changes, strict=True)
    ]
    return joined(
        element("p", f"{lead.label} against base:", class_="lead tiles-of"),
        element("div", *tiles, class_="tiles"),
    )


def _tile(title: str, change: Change) -> Markup:
    word = change.verdict or "no clear change"
    return element(
        "dl",
        element("dt", title),
        element("dd", change.text, class_=change.verdict or "unclear"),
        element("dd", f"{word} ({change.note})" if change.note else word, class_="note"),
        class_="tile",
    )


def _figure(figure: Figure, drawn: Drawn) -> Markup:
    data = f"figures/{figure.name}.csv"
    return element(
        "figure",
        element("figcaption", element("b", figure.title), class_="above"),
        inline_svg(drawn[figure.name], figure.name, figure.alt),
        element("figcaption", figure.caption, " ", element("a", "Data (CSV)", href=data)),
    )


def _pareto(comparison: Comparison, figures: Sequence[Figure], drawn: Drawn) -> Markup:
    keep = percent(comparison.config.keep, places=0)
    lead = (
        "One panel per auxiliary metric; up and right is better on all of them. Small marks are"
        " runs, large ones means over seeds, hollow ones are not valid; the shaded region keeps"
        f" at least {keep} of base's Hit. Popularity is left out."
    )
    panels = [_figure(figure, drawn) for figure in figures if figure.kind == "pareto"]
    return section("Pareto panels", element("div", *panels, class_="grid"), lead=lead)


def _preferences(figures: Sequence[Figure], drawn: Drawn) -> Markup:
    panels = [_figure(figure, drawn) for figure in figures if figure.kind == "heat"]
    if not panels:
        return Markup("")
    lead = "Rows that differ in their preference only: whether each objective follows its wish."
    return section("Preference control", *panels, lead=lead)


def _training(comparison: Comparison, figures: Sequence[Figure], drawn: Drawn) -> Markup:
    """Return the traces of every method that has some; all but the first folded."""
    blocks: list[Markup] = []
    for row in comparison.of_role("method"):
        own = [f for f in figures if f.facts.get("row") == row.label]
        if own:
            blocks.append(_traces(row, own, drawn, folded=bool(blocks)))
    if not blocks:
        return Markup("")
    lead = "How the accuracy loss was held at its target, and which groups were drawn more often."
    return section("Controller and group weights", *blocks, lead=lead)


def _traces(row: Row, own: Sequence[Figure], drawn: Drawn, *, folded: bool) -> Markup:
    first, *rest = [_figure(figure, drawn) for figure in own]
    grid = element("div", first, element("div", *rest), class_="grid two")
    if not folded:
        return grid
    title = f"{row.label} ({counted(len(own), 'figure')})"
    return element("details", element("summary", title), element("div", grid, class_="body"))


def _fairness(figures: Sequence[Figure], drawn: Drawn, style: Mapping[str, Style]) -> Markup:
    panels = [_figure(figure, drawn) for figure in figures if figure.kind == "groups"]
    lead = "min-Hit is the lowest of these in each run: how well the worst-served group is found."
    shown = [figure for figure in figures if figure.kind == "groups"]
    grid = element("div", *panels, *[hits_table(f, style) for f in shown], class_="grid two")
    return section("Fairness detail", grid, lead=lead)
