"""A table of strings and style flags: what the terminal, Markdown, LaTeX and the page dress."""

from dataclasses import dataclass, replace
from math import nan
from textwrap import wrap
from typing import Literal

Style = Literal["sanity", "reference", "plain", "invalid"]

LABEL_WIDTH = 11
"""Longer labels go over two lines in a terminal of 88 columns."""


@dataclass(frozen=True)
class Column:
    """A column after the first: its title, and the arrow that points to better."""

    title: str
    arrow: str = ""
    wide: bool = False
    """Only for where there is room, not for a terminal."""

    @property
    def header(self) -> str:
        """Title and arrow."""
        return f"{self.title} {self.arrow}".rstrip()


@dataclass(frozen=True)
class Cell:
    """A value with its 95 % interval.

    Attributes:
        text: The value.
        note: The interval.
        brief: The interval with fewer digits, at most as wide as the table can bear.
        best: Whether to print the value bold.
        value: The value itself, to sort by; ``nan`` for none.
    """

    text: str
    note: str = ""
    brief: str = ""
    best: bool = False
    value: float = nan


@dataclass(frozen=True)
class TextRow:
    """A row; ``mark`` is the dagger of an invalid one."""

    label: str
    style: Style
    cells: tuple[Cell, ...]
    mark: str = ""


@dataclass(frozen=True)
class TextTable:
    """A table of strings; with ``show_notes`` each cell has its interval on a second line."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[TextRow, ...]
    footnotes: tuple[str, ...]
    show_notes: bool
    narrow_notes: tuple[str, ...] = ()
    """What the wide columns say, for where they are missing."""

    def narrow(self) -> "TextTable":
        """Return the table for 88 columns: no wide columns, long labels over several lines."""
        keep = [n for n, column in enumerate(self.columns) if not column.wide]
        rows = tuple(
            replace(
                row,
                label="\n".join(wrap(row.label, LABEL_WIDTH, break_on_hyphens=False)),
                cells=tuple(replace(row.cells[n], note=row.cells[n].brief) for n in keep),
            )
            for row in self.rows
        )
        return replace(
            self,
            columns=tuple(self.columns[n] for n in keep),
            rows=rows,
            footnotes=(*self.footnotes, *self.narrow_notes),
            narrow_notes=(),
        )
