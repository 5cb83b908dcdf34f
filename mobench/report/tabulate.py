"""The page's tables of results, and of changes against base."""

from collections.abc import Mapping
from math import isfinite

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.report.changes import Change, change_table, how_tested
from mobench.report.markup import Markup, element, joined, table
from mobench.report.palette import MARKERS, Style, on_page
from mobench.report.records import Comparison
from mobench.report.tables_fronts import budgets_table, fronts_table
from mobench.report.text import Cell, TextRow, TextTable

Styles = Mapping[str, Style]

SMALL_PRINT = "; small print: 95 % interval over users."
SIGNS = {"▲": "better than base", "▼": "worse than base"}
SIGN_NOTE = "▲ ▼ Better, worse than base: the test below finds it, corrected for all of the table."
MARKS = {
    "yes": "✓ yes",
    "no": "✗ no",
    "?": "? unknown",
    "yes?": "✓ yes?",
    "no?": "✗ no?",
}
"""Verdicts on validity with a sign; with the ? of a footnote where they are undecided."""

WORDS = " Better and worse stand where p is below 0.05, also where a metric that should fall does."


def result_table(text: TextTable, styles: Styles) -> Markup:
    """Return the main table, to be sorted by any column."""
    head = ["Method", *(column.header for column in text.columns)]
    caption = text.caption + ("." if text.show_notes else SMALL_PRINT)
    signed = any(cell.sign for row in text.rows for cell in row.cells)
    notes = [element("li", note) for note in (*text.footnotes, *[SIGN_NOTE] * signed)]
    rows = [_row(row, styles) for row in text.rows]
    return joined(
        table(caption, head, rows, "Results by method", "sortable results"),
        element("ul", *notes, class_="footnotes"),
    )


def _row(row: TextRow, styles: Styles) -> Markup:
    label = element("th", swatch(row.label, styles), row.label, row.mark, scope="row")
    return element("tr", label, *map(_cell, row.cells), class_=row.style)


def swatch(label: str, styles: Styles) -> Markup:
    """Return the row's mark as in the figures; its label says the same in words."""
    colour, marker = styles[label]
    path = element("path", d=MARKERS[marker], fill=on_page(colour))
    box = Markup('<svg class="swatch" viewBox="-5.5 -5.5 11 11" aria-hidden="true">')
    return joined(box, path, Markup("</svg>"))


def _cell(cell: Cell) -> Markup:
    words = MARKS.get(cell.text, cell.text)
    text = element("strong", words, class_="best") if cell.best else words
    note = [element("span", cell.note, class_="note")] if cell.note else []
    if cell.sign:
        note = [element("abbr", cell.sign, title=SIGNS[cell.sign], class_="sign"), *note]
    # The value as it is in results.parquet, to sort by.
    value = {"data_value": repr(float(cell.value)) if isfinite(cell.value) else ""}
    return element("td", text, *note, **value)


def front_rows(comparison: Comparison, styles: Styles) -> Markup:
    """Return the table of fronts; nothing where no front has several rows."""
    text = fronts_table(comparison)
    return _noted(text, "Fronts", styles) if text else Markup("")


def budget_rows(comparison: Comparison, styles: Styles) -> Markup:
    """Return what each front or row was allowed to use; nothing where there is none."""
    text = budgets_table(comparison)
    return _noted(text, "Budgets", styles) if text else Markup("")


def _noted(text: TextTable, name: str, styles: Styles) -> Markup:
    head = ["Method", *(column.header for column in text.columns)]
    rows = [_row(row, styles) for row in text.rows]
    notes = [element("li", note) for note in text.footnotes]
    return joined(
        table(f"{text.caption}.", head, rows, name, "sortable"),
        element("ul", *notes, class_="footnotes"),
    )


def change_rows(comparison: Comparison, styles: Styles) -> Markup:
    """Return the paired changes of every row that is judged."""
    changes = change_table(comparison)
    if not changes:
        return Markup("")
    head = ["Method", *(METRICS[name].label for name in OBJECTIVE_METRICS)]
    rows = [
        element("tr", element("th", swatch(label, styles), label, scope="row"), *map(_change, row))
        for label, row in changes.items()
    ]
    return table(how_tested(comparison) + WORDS, head, rows, "Changes against base")


def _change(change: Change) -> Markup:
    return element(
        "td",
        element("span", change.text, class_=change.verdict or "unclear"),
        element("span", change.words, class_="note"),
        element(
            "span", " · ".join(part for part in (change.p, change.size) if part), class_="note"
        ),
    )
