"""Reviews one a line, whose columns the head of the file tells."""

from abc import abstractmethod
from collections.abc import Iterator

import polars as pl

from mobench.data.blocks import read_head
from mobench.data.clock import Unit
from mobench.data.files import SourceFile
from mobench.data.rows import read_rows, sample_unit
from mobench.data.schema import Rejects
from mobench.data.sources.base import Source
from mobench.data.sources.delimited import DelimitedLines


class HeaderLines(Source):
    """A source that needs no more than a parser made from the head."""

    @abstractmethod
    def parser(self, file: SourceFile, head: bytes, *, iso: bool = False) -> DelimitedLines:
        """Return what reads the lines; with ``iso`` their times are dates.

        Raises:
            DataError: It cannot be told which columns hold user and item.
        """

    def check_reviews(self, file: SourceFile, head: bytes) -> Unit | None:
        """Require columns for user and item.

        Raises:
            DataError: It cannot be told which they are.
        """
        return sample_unit(head, self.parser(file, head))

    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Read the rows."""
        return read_rows(file, self.parser(file, read_head(file), iso=unit == "iso"), unit, rejects)
