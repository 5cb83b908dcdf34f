"""The report as Markdown: the same numbers as everywhere."""

from collections.abc import Sequence
from typing import Any

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.report.changes import Change, change_table, how_tested
from mobench.report.dataset.markdown import escaped
from mobench.report.figure import Figure
from mobench.report.heat import twin
from mobench.report.records import Comparison
from mobench.report.tables_fronts import budgets_table, fronts_table
from mobench.report.text import Cell, TextRow, TextTable

PREFERENCES = "Relative improvement over base, above 0 is better in every column."


def markdown(
    comparison: Comparison, title: str, table: TextTable, figures: Sequence[Figure]
) -> str:
    """Return the report as Markdown: the same numbers as everywhere."""
    parts = [
        f"# {escaped(title)}",
        f"Dataset {escaped(comparison.dataset.name)}, {comparison.split} split,"
        f" {comparison.n_users:,} users, {comparison.n_items:,} items, k = {comparison.k}.",
        f"**{escaped(comparison.verdict)}**",
        "\n".join(f"- {escaped(note)}" for note in (*comparison.warnings, *comparison.notes)),
        "## Results",
        _md_table(["Method", *(c.header for c in table.columns)], map(_md_row, table.rows)),
        escaped(table.caption) + ".",
        "\n".join(f"- {escaped(note)}" for note in table.footnotes),
        *_md_changes(comparison),
        *_md_more("Fronts", fronts_table(comparison)),
        *_md_more("Budgets", budgets_table(comparison)),
        *_md_preferences(figures),
        "## Figures",
        "\n\n".join(f"![{escaped(f.alt)}](figures/{f.name}.svg)" for f in figures),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _md_table(head: Sequence[str], rows: Any) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _md_row(row: TextRow) -> list[str]:
    return [escaped(row.label) + row.mark, *map(_md_cell, row.cells)]


def _md_cell(cell: Cell) -> str:
    text = " ".join(
        part for part in (f"**{cell.text}**" if cell.best else cell.text, cell.sign) if part
    )
    return f"{text}<br>{cell.note}" if cell.note else text


def _md_changes(comparison: Comparison) -> list[str]:
    changes = change_table(comparison)
    if not changes:
        return []
    rows = [[escaped(label), *map(_md_change, row)] for label, row in changes.items()]
    head = ["Method", *(METRICS[name].label for name in OBJECTIVE_METRICS)]
    return ["## Change against base", _md_table(head, rows), escaped(how_tested(comparison))]


def _md_change(change: Change) -> str:
    evidence = ", ".join(part for part in (change.note, change.p, change.size) if part)
    return f"{change.text} ({evidence}) {change.verdict}".strip()


def _md_more(title: str, table: TextTable | None) -> list[str]:
    """Return another table with its caption and notes."""
    if table is None:
        return []
    head = ["Method", *(column.header for column in table.columns)]
    notes = "\n".join(f"- {escaped(note)}" for note in table.footnotes)
    return [
        f"## {title}",
        _md_table(head, map(_md_row, table.rows)),
        f"{escaped(table.caption)}.",
        notes,
    ]


def _md_preferences(figures: Sequence[Figure]) -> list[str]:
    parts = []
    for figure in figures:
        if figure.kind == "heat":
            head, rows = twin(figure)
            table = _md_table(head, ([escaped(cell) for cell in row] for row in rows))
            parts += [
                f"## {escaped(figure.title[0].upper() + figure.title[1:])}",
                table,
                PREFERENCES,
            ]
    return parts
