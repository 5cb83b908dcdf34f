"""Review files into a DataFrame of usable rows; the others go to the ``Rejects`` of the reader."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from pyspark.sql import DataFrame

from mobench.data.reading import Reader
from mobench.data.schema import LISTED_LIMIT
from mobench.data.spark.parts import Outcome, Part, parts_of, read_part, refused_rows
from mobench.data.spark.steps import Steps
from mobench.errors import DataError

SCHEMA = "position long, user string, item string, rating double, timestamp long"


def read_reviews(reader: Reader, steps: Steps) -> DataFrame:
    """Return the usable rows with their position in the source; tells ``reader`` the rest.

    Args:
        reader: Says what to read, and takes the rejected rows and the numbers of rows.
        steps: Takes the rows.

    Raises:
        DataError: A file cannot be read, there are no rows, or too many cannot be used.
    """
    parts = parts_of(reader.plan)
    reader.track(f"reading {len(parts):,} file{'s' * (len(parts) != 1)}")
    valid, refused = steps.where("valid"), steps.where("refused")
    for folder in (valid, refused):
        folder.mkdir()
    context = steps.spark.sparkContext
    tasks = context.parallelize(parts, len(parts)).mapPartitions(_task(valid, refused))
    outcomes = sorted(tasks.collect(), key=lambda outcome: outcome.number)
    _tell(reader, parts, outcomes)
    listed = chain.from_iterable(map(refused_rows, sorted(refused.glob("part-*"))))
    reader.rejects.listed.extend(islice(listed, LISTED_LIMIT))
    n_rows = sum(reader.n_rows.values())
    if not n_rows:
        raise DataError(f"'{parts[0].file.name}' has no rows", "is the download complete?")
    reader.rejects.check(n_rows, reader.plan.config.max_rejected)
    return steps.read("valid", SCHEMA)


def _task(valid: Path, refused: Path) -> Callable[[Iterable[Part]], Iterator[Outcome]]:
    def run(parts: Iterable[Part]) -> Iterator[Outcome]:
        return (read_part(part, valid, refused) for part in parts)

    return run


def _tell(reader: Reader, parts: list[Part], outcomes: list[Outcome]) -> None:
    """Count the rows of each file, rejected ones included.

    Raises:
        DataError: A part could not be read.
    """
    for part, outcome in zip(parts, outcomes, strict=True):
        if outcome.fault:
            raise DataError(*outcome.fault)
        reader.rejects.counts.update(outcome.rejected)
        n_rows = outcome.n_valid + sum(outcome.rejected.values())
        reader.n_rows[part.file.name] = reader.n_rows.get(part.file.name, 0) + n_rows
