"""The page's tables: results, changes against base, Hit per item group."""

from collections.abc import Mapping

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.report.changes import Change, change_table, how_tested
from mobench.report.figure import Figure
from mobench.report.markup import Markup, element, joined, section, table
from mobench.report.palette import MARKERS, Style, on_page
from mobench.report.records import Comparison
from mobench.report.text import Cell, TextRow, TextTable

Styles = Mapping[str, Style]

SMALL_PRINT = "; small print: 95 % interval over users."
COLOURS = " Coloured below 0.05: green is better, also where a metric falls."


def results_section(text: TextTable, styles: Styles) -> Markup:
    """Return the main table."""
    head = ["Method", *(column.header for column in text.columns)]
    caption = text.caption + ("." if text.show_notes else SMALL_PRINT)
    notes = [element("li", note) for note in text.footnotes]
    rows = [_row(row, styles) for row in text.rows]
    footnotes = element("ul", *notes, class_="footnotes")
    return section("Results", table(caption, head, rows), footnotes)


def _row(row: TextRow, styles: Styles) -> Markup:
    label = element("th", _swatch(row.label, styles), row.label, row.mark, scope="row")
    return element("tr", label, *map(_cell, row.cells), class_=row.style)


def _swatch(label: str, styles: Styles) -> Markup:
    """Return the row's mark as in the figures; the selector keeps it from becoming an emoji."""
    colour, marker = styles[label]
    mark, look = MARKERS[marker] + "\ufe0e", f"color: {on_page(colour)}"
    return element("span", mark, class_="swatch", style=look, aria_hidden="true")


def _cell(cell: Cell) -> Markup:
    text = element("span", cell.text, class_="best") if cell.best else cell.text
    return element("td", text, *([element("span", cell.note, class_="note")] if cell.note else []))


def changes_section(comparison: Comparison, styles: Styles) -> Markup:
    """Return the paired changes of every row that is judged."""
    changes = change_table(comparison)
    if not changes:
        return Markup("")
    head = ["Method", *(METRICS[name].label for name in OBJECTIVE_METRICS)]
    rows = [
        element("tr", element("th", _swatch(label, styles), label, scope="row"), *map(_change, row))
        for label, row in changes.items()
    ]
    return section("Change against base", table(how_tested(comparison) + COLOURS, head, rows))


def _change(change: Change) -> Markup:
    parts = [part for part in (change.note, change.p) if part]
    return element(
        "td",
        element("span", change.text, class_=change.verdict or "unclear"),
        element("span", " · ".join(parts), class_="note"),
    )


def hits_table(figure: Figure, styles: Styles) -> Markup:
    """Return the data of the fairness detail, the lowest of each row of the report bold."""
    data = figure.data
    rows, groups = list(dict.fromkeys(data["row"])), list(dict.fromkeys(data["group"]))
    places = zip(data["row"], data["group"], strict=True)
    cells = dict(zip(places, _hits(figure), strict=True))
    names = dict(zip(data["group"], data["label"], strict=True))
    body = [
        element(
            "tr",
            element("th", names[group], scope="row"),
            *[_cell(cells[row, group]) for row in rows],
        )
        for group in reversed(groups)
    ]
    head = ["Item group", *(joined(_swatch(row, styles), row) for row in rows)]
    return table("Hit × 100 by group, the lowest of each column bold.", head, body)


def _hits(figure: Figure) -> list[Cell]:
    pairs = zip(figure.data["hit"], figure.data["is_minimum"], strict=True)
    return [Cell(f"{hit:.2f}", best=least) for hit, least in pairs]
