"""What a source hands over: review rows in one schema, and the rows that it had to refuse."""

from collections import Counter
from dataclasses import dataclass, field

import polars as pl

from mobench.errors import DataError

REVIEWS = pl.Schema(
    {"user": pl.String, "item": pl.String, "rating": pl.Float64, "timestamp": pl.Int64}
)
"""Raw ids, not empty; finite ratings, all null in sources without; milliseconds since 1970 UTC."""

REJECTED = pl.Schema({"file": pl.String, "line": pl.Int64, "reason": pl.String, "text": pl.String})
TEXT_LIMIT = 2_000
LISTED_LIMIT = 200_000
"""More rejected rows than this are counted but no longer listed: memory has to end somewhere."""


@dataclass(frozen=True)
class Rejected:
    """A row that could not be used.

    Attributes:
        file: The file as the user named it.
        line: Its line there, from 1, the header included.
        reason: What rows are counted by.
        text: The raw line, cut at 2,000 characters.
        detail: The reason with the offending value.
        user: Its user id, where one could be read.
        item: Its item id, where one could be read.
    """

    file: str
    line: int
    reason: str
    text: str
    detail: str
    user: str | None = None
    item: str | None = None


@dataclass
class Rejects:
    """All rejected rows of one kind of file ("" for reviews, "metadata" for items)."""

    kind: str = ""
    listed: list[Rejected] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        """Return the number of rejected rows."""
        return self.counts.total()

    def add(self, row: Rejected) -> None:
        """Count a row, and list it while there is room."""
        self.counts[f"{self.kind}: {row.reason}" if self.kind else row.reason] += 1
        if len(self.listed) < LISTED_LIMIT:
            self.listed.append(row)

    def check(self, n_rows: int, limit: float) -> None:
        """Refuse to go on when too much is unusable.

        Args:
            n_rows: Rows read, rejected ones included.
            limit: Largest share of them that may be rejected, in [0, 1].

        Raises:
            DataError: More are; the message shows the first one.
        """
        if len(self) <= limit * n_rows:
            return
        first = self.listed[0]
        rows = f"{self.kind} rows" if self.kind else "rows"
        share = f"{100 * len(self) / n_rows:.2f} %"
        raise DataError(
            f"{first.file}, row {first.line:,}: {first.detail}",
            f"{len(self):,} of {n_rows:,} {rows} ({share}) are rejected,"
            f" more than --max-rejected {100 * limit:g} %.",
        )


def rejected_table(*rejects: Rejects) -> pl.DataFrame:
    """Return the listed rows of all ``rejects`` as one table with the schema ``REJECTED``."""
    rows = [row for one in rejects for row in one.listed]
    columns = {name: [getattr(row, name) for row in rows] for name in REJECTED}
    return pl.DataFrame(columns, schema=REJECTED)
