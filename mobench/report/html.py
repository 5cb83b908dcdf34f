"""The report as one page: opens offline, prints, reads on a phone, aloud, and in the dark."""

from collections.abc import Mapping, Sequence

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.report.at_odds import of_changes
from mobench.report.changes import Change, change_table
from mobench.report.costs import costs
from mobench.report.document import document
from mobench.report.facts import dataset_facts, provenance
from mobench.report.figure import Figure
from mobench.report.markup import Markup, element, joined
from mobench.report.notation import percent
from mobench.report.palette import Style
from mobench.report.panels import Panels
from mobench.report.records import Comparison
from mobench.report.tabulate import budget_rows, change_rows, front_rows, result_table
from mobench.report.text import TextTable


def page(
    comparison: Comparison,
    title: str,
    table: TextTable,
    figures: Sequence[Figure],
    drawn: Mapping[str, str],
    style: Mapping[str, Style],
) -> str:
    """Return the report as an HTML document that needs nothing beside itself.

    Args:
        comparison: What to show.
        title: Name of the report.
        table: Its main table.
        figures: Its figures, in order.
        drawn: The SVG of each figure by name, those of the dataset included: what is seen in print
            and without scripts.
        style: Colour and mark of each row by label.
    """
    panels = Panels(figures, drawn, style)
    sections = {
        "Results": joined(_verdict(comparison), result_table(table, style)),
        "Change against base": change_rows(comparison, style),
        "Fronts": front_rows(comparison, style),
        "Pareto panels": panels.pareto(comparison),
        "Preference control": panels.preferences(),
        "Controller and group weights": panels.training(comparison),
        "Fairness and exposure": panels.groups(),
        "Dataset": dataset_facts(comparison, drawn),
        "Cost": joined(costs(comparison, style), budget_rows(comparison, style)),
        "Provenance": provenance(comparison),
    }
    end = "Made by mobench; every number is in results.parquet and results.csv."
    return document(title, "mobench report", _header(comparison, title), sections, end, live=True)


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
        element("div", *_sentences(comparison), class_="verdict"),
    )


def _sentences(comparison: Comparison) -> list[Markup]:
    first, *others = comparison.sentences
    rest = [element("p", " ".join(others))] if others else []
    return [element("p", first, class_="first"), *rest]


def _verdict(comparison: Comparison) -> Markup:
    """Return the leading method in numbers, and what to beware of."""
    notes = [element("li", note) for note in (*comparison.warnings, *comparison.notes)]
    listed = [element("ul", *notes, class_="warnings")] if notes else []
    return joined(_tiles(comparison), *listed)


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
    odd = of_changes(comparison, [lead])
    return joined(
        element("p", f"{lead.label} against base:", class_="lead tiles-of"),
        element("div", *tiles, class_="tiles"),
        *([element("p", odd, class_="tiles-note")] if odd else []),
    )


def _tile(title: str, change: Change) -> Markup:
    return element(
        "dl",
        element("dt", title),
        element("dd", change.text, class_=change.verdict or "unclear"),
        element("dd", change.words, class_="note"),
        class_="tile",
    )
