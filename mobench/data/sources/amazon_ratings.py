"""Amazon ratings of 2014 and 2018: four columns as CSV, without a header.

2014 begins with the user, 2018 with the item, and only the ids themselves tell which is which:
products have ten characters that begin with a digit or ``B``, reviewers begin with ``A`` (or with
``#oc-`` for those without an account).
"""

import re
from collections.abc import Iterator
from typing import ClassVar

import polars as pl

from mobench.data.clock import Unit
from mobench.data.files import SourceFile
from mobench.data.rows import Columns, read_rows, sample_unit
from mobench.data.schema import Rejects
from mobench.data.sources.base import Source
from mobench.data.sources.delimited import DelimitedLines
from mobench.errors import DataError

COLUMNS = Columns("user", "item", "rating", "timestamp")
USER, ITEM = r"(?:A[0-9A-Z]{8,20}|#oc-[0-9A-Z]+)", r"[0-9B][0-9A-Z]{9}"
SAMPLE = 1000
"""Lines by which the order of the columns is judged."""
SHARE = 0.9
"""At least this part of them must look alike; the rest may be damaged."""


class AmazonRatings(Source):
    """Ratings in one order of the columns.

    Attributes:
        order: What the columns are, from the left.
    """

    order: ClassVar[list[str]]

    def recognises(self, head: bytes) -> bool:
        """Recognise lines, the first among them, that begin with ids that look as they should."""
        ids = ",".join(USER if name == "user" else ITEM for name in self.order[:2])
        pattern = re.compile(rf"{ids},[0-9.]+,[0-9.]+\r?".encode())
        lines = [line for line in head.split(b"\n")[:SAMPLE] if line.strip()]
        alike = [pattern.fullmatch(line) is not None for line in lines]
        return bool(lines) and alike[0] and sum(alike) >= SHARE * len(lines)

    def check_reviews(self, file: SourceFile, head: bytes) -> Unit | None:
        """Refuse the other order, and other numbers of columns.

        Raises:
            DataError: The first line has not four columns, or they are in the other order.
        """
        n_columns = head.partition(b"\n")[0].count(b",") + 1
        if n_columns != len(self.order):
            wanted = ",".join(self.order)
            raise DataError(
                f"'{file.name}' has {n_columns} columns in its first line, expected {wanted}"
            )
        for other in (Amazon2014Csv(), Amazon2018Csv()):
            if other.order != self.order and other.recognises(head):
                message = f"'{file.name}' begins with {other.order[0]}s, not {self.order[0]}s"
                raise DataError(message, f"use --format {other.name}.")
        return sample_unit(head, self._parser())

    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Read all rows."""
        return read_rows(file, self._parser(), unit, rejects)

    def _parser(self) -> DelimitedLines:
        return DelimitedLines(self.order, COLUMNS, header_lines=0)


class Amazon2014Csv(AmazonRatings):
    """Users first."""

    name = "amazon-2014-csv"
    label = "amazon (2014 ratings)"
    order: ClassVar[list[str]] = ["user", "item", "rating", "timestamp"]


class Amazon2018Csv(AmazonRatings):
    """Items first."""

    name = "amazon-2018-csv"
    label = "amazon (2018 ratings)"
    order: ClassVar[list[str]] = ["item", "user", "rating", "timestamp"]
