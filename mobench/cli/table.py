"""Tables in plain text: a header, a rule, rows; no frame, so that they fit and copy well."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len


def pad(text: str, width: int, *, left: bool = False) -> str:
    """Fill ``text`` with spaces to ``width`` terminal cells."""
    space = " " * (width - cell_len(text))
    return text + space if left else space + text


@dataclass(frozen=True)
class Table:
    """Column titles with fixed widths, so that rows can be printed one at a time.

    Args:
        titles: One per column.
        widths: Terminal cells per column.
        left: Columns that are aligned to the left; the others to the right.
        gap: Spaces between columns.
    """

    titles: Sequence[str]
    widths: Sequence[int]
    left: frozenset[int] = frozenset({0})
    gap: int = 3

    @classmethod
    def fit(
        cls,
        titles: Sequence[str],
        rows: Iterable[Sequence[str]],
        left: Iterable[int] = (0,),
        gap: int = 3,
    ) -> "Table":
        """Return the table whose columns are just wide enough for ``rows``."""
        columns = zip(titles, *rows, strict=True)
        widths = [max(cell_len(cell) for cell in column) for column in columns]
        return cls(titles, widths, frozenset(left), gap)

    @property
    def width(self) -> int:
        """Terminal cells of a whole line."""
        return 1 + sum(self.widths) + self.gap * (len(self.widths) - 1)

    def head(self) -> list[str]:
        """Return the title line and the rule below it."""
        rule = "─" * (self.width - 1)
        return [self.row(self.titles), f" {rule}"]

    def row(self, cells: Sequence[str]) -> str:
        """Return one line."""
        columns = enumerate(zip(cells, self.widths, strict=True))
        padded = [pad(cell, width, left=i in self.left) for i, (cell, width) in columns]
        return f" {(' ' * self.gap).join(padded)}".rstrip()


def lines(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: Iterable[int] = (0,),
    gap: int = 3,
) -> list[str]:
    """Return a whole table as lines."""
    table = Table.fit(titles, rows, left, gap)
    return [*table.head(), *(table.row(row) for row in rows)]


def pairs(rows: Iterable[tuple[str, str]], gap: int = 3) -> list[str]:
    """Return ``name  value`` lines with the values aligned."""
    listed = list(rows)
    width = max((cell_len(name) for name, _ in listed), default=0)
    return [f" {pad(name, width, left=True)}{' ' * gap}{value}".rstrip() for name, value in listed]


def beside(first: Sequence[str], second: Sequence[str], gap: int = 3) -> list[str]:
    """Return two blocks of lines side by side."""
    width = max(map(cell_len, first), default=0)
    height = max(len(first), len(second))
    filled = ([*block, *[""] * (height - len(block))] for block in (first, second))
    return [
        f"{pad(a, width, left=True)}{' ' * gap}{b}".rstrip() for a, b in zip(*filled, strict=True)
    ]
