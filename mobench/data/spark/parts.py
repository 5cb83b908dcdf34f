"""What one task reads: our own parsers run in the workers.

So a row is accepted or rejected by the same code as in the default engine. Every row gets its
position in the source, because ties and the order of codes depend on it.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from mobench.data.clock import Unit
from mobench.data.files import SourceFile
from mobench.data.plan import Plan
from mobench.data.schema import Rejected, Rejects
from mobench.data.sources import SOURCES
from mobench.data.spark.regroup import regroup
from mobench.data.spark.spans import spans_of
from mobench.errors import DataError

ROW_BITS = 40
"""A position is the number of the part, then so many bits for the row in it."""
ROWS = pa.schema(
    [
        ("position", pa.int64()),
        ("user", pa.string()),
        ("item", pa.string()),
        ("rating", pa.float64()),
        ("timestamp", pa.int64()),
    ]
)
REFUSED = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int64()),
        ("reason", pa.string()),
        ("text", pa.string()),
        ("detail", pa.string()),
        ("user", pa.string()),
        ("item", pa.string()),
    ]
)


@dataclass(frozen=True)
class Part:
    """What one task reads: a file, or some lines of one that is not packed.

    Attributes:
        number: Parts are numbered in reading order.
        source: Name of the format.
        file: The file, its path absolute.
        unit: The unit of its time column.
    """

    number: int
    source: str
    file: SourceFile
    unit: Unit | None


@dataclass
class Outcome:
    """What became of a part; small, because it goes to the driver.

    Attributes:
        number: The part.
        n_valid: Usable rows.
        rejected: Rows that are not, by reason.
        fault: Message and hint, where the part cannot be read.
    """

    number: int
    n_valid: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    fault: tuple[str, str | None] | None = None


def parts_of(plan: Plan) -> list[Part]:
    """Return the parts of the review files in reading order."""
    files = [
        SourceFile(
            "reviews", file.path.absolute(), file.name, file.member, dict(file.columns), span
        )
        for file in plan.having("reviews")
        for span in spans_of(file, plan.source.name)
    ]
    return [
        Part(number, plan.source.name, file, plan.units[file.name])
        for number, file in enumerate(files)
    ]


def read_part(part: Part, valid: Path, refused: Path) -> Outcome:
    """Write the usable rows of a part and the others, each as one Parquet file.

    Both appear whole or not at all, so a task that runs again, or twice at once, does no harm.

    Args:
        part: What to read.
        valid: Folder for the usable rows, with the schema ``ROWS``.
        refused: Folder for the others, at most 200,000, with the schema ``REFUSED``.
    """
    outcome, rejects = Outcome(part.number), Rejects()
    try:
        frames = SOURCES[part.source].read_reviews(part.file, part.unit, rejects)
        _publish(_positioned(frames, outcome), ROWS, valid / f"part-{part.number:08}.parquet")
    except DataError as error:  # told as a value: the driver would see a worker's traceback only
        outcome.fault = (error.message, error.hint)
    outcome.rejected = dict(rejects.counts)
    if rejects.listed:
        table = refused_table(rejects.listed)
        _publish(iter([table]), REFUSED, refused / f"part-{part.number:08}.parquet")
    return outcome


def refused_table(rows: list[Rejected]) -> pa.Table:
    """Return rejected rows as a table with the schema ``REFUSED``."""
    columns = {name: [getattr(row, name) for row in rows] for name in REFUSED.names}
    return pa.table(columns, schema=REFUSED)


def refused_rows(path: Path) -> Iterator[Rejected]:
    """Yield the rows of such a table in order."""
    for row in pq.read_table(path).to_pylist():
        yield Rejected(**row)


def _positioned(frames: Iterator[pl.DataFrame], outcome: Outcome) -> Iterator[pa.Table]:
    first = outcome.number << ROW_BITS
    for frame in frames:
        start = first + outcome.n_valid
        rows = frame.with_columns(position=pl.int_range(start, start + frame.height))
        outcome.n_valid += frame.height
        yield rows.select(ROWS.names).to_arrow().cast(ROWS)


def _publish(tables: Iterator[pa.Table], schema: pa.Schema, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")  # Spark skips hidden files
    try:
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for table in regroup(tables):
                writer.write_table(table)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
