"""Single runs as plots and tables name them: which, with what wish, and how to make it again."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from mobench.report.notation import MISSING
from mobench.report.records import Comparison, Point, Row

GONE = "unknown: the run is gone"


@dataclass(frozen=True)
class Run:
    """One run of a row.

    Attributes:
        id: What it is called on the page, unique there.
        row: Its row.
        point: Its numbers.
        status: Whether it is valid, in a word.
        preference: What was wished for, as text.
        command: What makes it again.
    """

    id: str
    row: Row
    point: Point
    status: str
    preference: str
    command: str

    @property
    def valid(self) -> bool:
        """Whether its mark is filled."""
        return self.row.role == "reference" or self.point.valid


def runs(row: Row) -> Iterator[Run]:
    """Yield the runs of a row in the order of its points."""
    for point in row.points:
        yield Run(
            id=f"{row.label} · seed {point.seed}",
            row=row,
            point=point,
            status=_status(row, point),
            preference=preference(row),
            command=command(row, point),
        )


def all_runs(comparison: Comparison) -> list[Run]:
    """Return the runs of a table but for popularity, which no plot of fronts shows."""
    return [run for row in comparison.rows if row.role != "sanity" for run in runs(row)]


def mean_id(row: Row) -> str:
    """Return what the mean of a row is called on the page."""
    return f"{row.label} · mean"


def preference(row: Row) -> str:
    """Return the shares that were wished for, a dash where there are none."""
    shares = row.wish.shares if row.wish else {}
    return " · ".join(f"{name} {share:.2f}" for name, share in shares.items()) or MISSING


def command(row: Row, point: Point) -> str:
    """Return the command line that makes a run again."""
    found = next((o for o in row.origins if o.metrics == point.path), None)
    return shlex.join(found.train) if found and found.train else GONE


def _status(row: Row, point: Point) -> str:
    if row.role == "reference":
        return "reference"
    if point.valid:
        return "yes"
    return "?" if point.valid_split and point.valid_val is None else "no"
