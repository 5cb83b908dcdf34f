"""Text from data files, made fit for a terminal; and sentences beside their names."""

from collections.abc import Mapping
from textwrap import wrap

from rich.cells import cell_len

from mobench.cli.table import lines, pairs
from mobench.cli.words import COLUMNS
from mobench.report.dataset.tables import TextTable
from mobench.report.dataset.words import GLUE, plain

REASON = 38
"""Cells of a row's name where its last column is text that needs the room more."""


def clipped(text: str, width: int) -> str:
    """Return text in at most ``width`` terminal cells, without what would move the cursor."""
    shown = GLUE.join(map(plain, text.split(GLUE)))
    if cell_len(shown) <= width:
        return shown
    while cell_len(shown) > width - 1:
        shown = shown[: min(len(shown) - 1, width)]
    return shown + "…"


def explained(rows: Mapping[str, str]) -> list[str]:
    """Return ``name  sentence`` lines, the sentences wrapped to 88 cells beside their names."""
    room = COLUMNS - 4 - max(map(cell_len, rows))
    split = {
        name: wrap(clipped(text, len(text)).replace(" %", f"{GLUE}%"), room, break_on_hyphens=False)
        for name, text in rows.items()
    }
    return pairs(
        (name * (n == 0), line.replace(GLUE, " "))
        for name, texts in split.items()
        for n, line in enumerate(texts)
    )


def table(text: TextTable, gap: int = 3) -> list[str]:
    """Return a table that fits into 88 cells: its names, and text at its end, are cut."""
    rows = [list(row) for row in (text.head, *text.rows)]
    if text.prose:
        rows = [[clipped(row[0], REASON), *row[1:]] for row in rows]
    place = len(text.head) - 1 if text.prose else 0
    others = [[*row[:place], *row[place + 1 :]] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*others, strict=True)]
    room = COLUMNS - 1 - sum(widths) - gap * len(widths)
    for row in rows:
        row[place] = clipped(row[place], room)
    return lines(rows[0], rows[1:], left=(0, place), gap=gap)
