"""The main table of a report on the terminal."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.text import Text

from mobench.cli.table import Table, lines, pad, pairs
from mobench.cli.words import COLUMNS, number, percent, wrapped

if TYPE_CHECKING:
    from mobench.artifacts import Artifact
    from mobench.report.records import Comparison
    from mobench.report.tables import TextRow, TextTable

STYLES = {"sanity": "dim", "invalid": "dim", "reference": "", "plain": ""}
BEST = "bold"
BELOW = "below each value: its 95 % interval over users"


def table_lines(comparison: "Comparison") -> list[str | Text]:
    """Return caption, table and footnotes, the best values bold and invalid rows dim."""
    from mobench.report.tables import main_table

    table = main_table(comparison).narrow()
    below = [] if table.show_notes else [BELOW]  # of one seed the caption says so itself
    return _drawn_table(table, below)


def more_lines(comparison: "Comparison") -> list[str | Text]:
    """Return the fronts, and the budgets where several methods are compared; often nothing."""
    from mobench.report.tables_fronts import budgets_table, compares_methods, fronts_table

    found: list[str | Text] = []
    for table in (fronts_table(comparison), budgets_table(comparison)):
        if table and compares_methods(comparison):
            found += ["", *_drawn_table(table.narrow(), [])]
    return found


def _drawn_table(table: "TextTable", below: Sequence[str]) -> list[str | Text]:
    titles = ["Method", *(column.header for column in table.columns)]
    cells = [line for row in table.rows for line in _cells(row)]
    grid = Table.fit(titles, cells, gap=2)
    if grid.width > COLUMNS:
        grid = replace(grid, gap=1)
    rows = [line for row in table.rows for line in _drawn(row, grid)]
    notes = [wrapped(f" {note}", " ") for note in table.footnotes]
    return [table.caption, *below, "", *grid.head(), *rows, "", *notes]


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
    for line, cells in enumerate(_cells(row)):
        text = Text(style=STYLES[row.style])
        for column, (cell, width) in enumerate(zip(cells, grid.widths, strict=True)):
            best = line == 0 and column > 0 and row.cells[column - 1].best
            text.append(" " if column == 0 else " " * grid.gap)
            text.append(pad(cell, width, left=column == 0), BEST if best else None)
        text.rstrip()
        drawn.append(text)
    return drawn


def summary(artifact: "Artifact") -> list[str]:
    """Return what was compared, the verdict, and a line per row of the main table."""
    results: dict[str, Any] = artifact.manifest.results
    protocol = f"{results['split']} split · k = {results['k']}"
    facts = [("dataset", results["dataset"]), ("protocol", protocol)]
    sentences = [results["verdict"], *(f"warning: {text}" for text in results["warnings"])]
    return [
        *pairs(facts),
        "",
        *rows(results["metrics"], results["k"]),
        "",
        *(wrapped(f" {text}", " ") for text in sentences),
    ]


def rows(found: dict[str, dict[str, Any]], k: int) -> list[str]:
    """Return a line per method with the objective metrics."""
    from mobench.metrics import METRICS

    names = ("hit", "rhit", "min_hit", "pop_kl")
    cells = [
        [
            label,
            *(number(values.get(f"{name}@{k}")) for name in names),
            percent(values["imp"], signed=True),
            percent(values["accuracy_kept"]),
            _verdict(values),
        ]
        for label, values in found.items()
    ]
    titles = ["Method", *(METRICS[name].label for name in names), "Imp", "Hit kept", ""]
    return lines(titles, cells, left=(0, len(titles) - 1), gap=2)


def _verdict(values: dict[str, Any]) -> str:
    """Return whether a row is valid; nothing of base and popularity."""
    point = {True: "valid", False: "not valid", None: ""}[values.get("valid_point")]
    return f"{point}?" if values.get("validity") == "undecided" else point
