"""The main table of a report on the terminal."""

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.text import Text

from mobench.cli.table import Table, pad

if TYPE_CHECKING:
    from mobench.report.records import Comparison
    from mobench.report.tables import TextRow

STYLES = {"sanity": "dim", "invalid": "dim", "reference": "", "plain": ""}
BEST = "bold"
COLUMNS = 88
BELOW = "below each value: its 95 % interval over users"


def table_lines(comparison: "Comparison") -> list[str | Text]:
    """Return caption, table and footnotes, the best values bold and invalid rows dim."""
    from mobench.report.tables import main_table

    table = main_table(comparison).narrow()
    titles = ["Method", *(column.header for column in table.columns)]
    cells = [line for row in table.rows for line in _cells(row)]
    grid = Table.fit(titles, cells, gap=2)
    if grid.width > COLUMNS:
        grid = replace(grid, gap=1)
    rows = [line for row in table.rows for line in _drawn(row, grid)]
    caption = [table.caption] + [BELOW] * (not table.show_notes)  # of one seed it says so itself
    return [*caption, "", *grid.head(), *rows, "", *(f" {note}" for note in table.footnotes)]


def _cells(row: "TextRow") -> list[list[str]]:
    """Return the lines of a row: its label may need several, its intervals one more."""
    first, *more = row.label.split("\n")
    lines = [[first + row.mark * (not more), *(cell.text for cell in row.cells)]]
    notes = [cell.note for cell in row.cells]
    if more:
        more[-1] += row.mark
    for label in more or [""] * any(notes):
        lines.append([label, *notes])
        notes = [""] * len(notes)
    return lines


def _drawn(row: "TextRow", grid: Table) -> list[Text]:
    drawn = []
    for number, cells in enumerate(_cells(row)):
        text = Text(style=STYLES[row.style])
        for column, (cell, width) in enumerate(zip(cells, grid.widths, strict=True)):
            best = number == 0 and column > 0 and row.cells[column - 1].best
            text.append(" " if column == 0 else " " * grid.gap)
            text.append(pad(cell, width, left=column == 0), BEST if best else None)
        text.rstrip()
        drawn.append(text)
    return drawn
