"""Histograms in text: bars of block characters beside their counts."""

from typing import TYPE_CHECKING

from rich.cells import cell_len

from mobench.cli.table import lines
from mobench.cli.words import COLUMNS
from mobench.report.dataset.tables import price_table, time_table

if TYPE_CHECKING:
    from mobench.data.summary.records import Summary

EIGHTHS = " ▏▎▍▌▋▊▉█"
LONGEST = 36


def bar(value: int, largest: int, width: int) -> str:
    """Return a bar of ``width`` cells for ``largest``; whatever is more than nothing is seen."""
    eighths = max(round(8 * width * value / max(largest, 1)), value > 0)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def prices(summary: "Summary") -> list[str]:
    """Return how many items have a price in each range."""
    counts, table = summary.prices.counts, price_table(summary)
    bars = [bar(n, max(counts), LONGEST) for n in counts]
    rows = [[*row, drawn] for row, drawn in zip(table.rows, bars, strict=True)]
    return lines([*table.head, ""], rows, left=(len(table.head),))


def times(summary: "Summary") -> list[str]:
    """Return the rows of each split over time; the bars of a split have a scale of their own."""
    table, splits = time_table(summary), list(summary.times.rows.values())
    widths = [max(map(cell_len, column)) for column in zip(table.head, *table.rows, strict=True)]
    room = (COLUMNS - 1 - sum(widths) - 2 * 2 * len(splits)) // len(splits)
    columns = [[row[0] for row in table.rows]]
    for place, rows in enumerate(splits, 1):
        columns.append([row[place] for row in table.rows])
        columns.append([bar(n, max(rows), min(room, LONGEST // 2)) for n in rows])
    head = [table.head[0], *(word for name in table.head[1:] for word in (name, ""))]
    return lines(head, list(zip(*columns, strict=True)), left=(0, *range(2, len(head), 2)), gap=2)
