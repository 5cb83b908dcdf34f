"""What a source is: a format that can be recognised, checked and read."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import polars as pl

from mobench.artifacts import sha256
from mobench.data.catalogue import Catalogue
from mobench.data.clock import Unit
from mobench.data.files import SourceFile
from mobench.data.schema import Rejects
from mobench.errors import DataError, suggest


class Source(ABC):
    """A format; instances have no state. See ``SOURCES``.

    Attributes:
        name: Its value of ``--format``.
        label: What people call it.
        defaults: Config values that suit it, where the user set none.
        is_named: Whether it is asked for by name (``demo``, ``synthetic:rows=1000``) and reads no
            file of the user's.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    defaults: ClassVar[Mapping[str, Any]] = {}
    is_named: ClassVar[bool] = False

    def files(self, text: str) -> list[SourceFile]:
        """Return what a named source reads: nothing for a format of the user's files.

        Args:
            text: The source as the user wrote it, its name first.

        Raises:
            ConfigError: What follows the name cannot be understood.
        """
        return []

    def digest(self, file: SourceFile) -> str:
        """Return the SHA-256 of what the file holds."""
        return sha256(file.path)

    @abstractmethod
    def recognises(self, head: bytes) -> bool:
        """Return whether a review file that begins with these lines is of this format."""

    def recognises_items(self, head: bytes) -> bool:
        """Return whether a metadata file that begins with these lines is of this format."""
        return False

    @abstractmethod
    def check_reviews(self, file: SourceFile, head: bytes) -> Unit | None:
        """Return the unit of the time column, ``None`` where there is no such column.

        Raises:
            DataError: A column is missing.
        """

    def check_items(self, file: SourceFile, head: bytes) -> None:
        """Refuse a metadata file of another kind.

        Raises:
            DataError: A column is missing, or the format has no metadata.
        """
        raise DataError(f"'{file.name}' is no metadata file of the format {self.name}")

    @abstractmethod
    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Yield the usable rows in file order, a few 100,000 at a time at most.

        The frames have the schema ``REVIEWS``; rows that cannot be used go to ``rejects``.

        Raises:
            DataError: The file cannot be read.
        """

    def read_items(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Fill the catalogue and return the number of rows read, rejected ones included.

        Called only after ``check_items`` has accepted the file.
        """
        raise NotImplementedError


def require(file: SourceFile, wanted: tuple[str, ...], found: list[str]) -> None:
    """Check that columns are there.

    Raises:
        DataError: The first that is not, with the columns that are.
    """
    for name in wanted:
        if name not in found:
            shown = ", ".join(found[:12])
            raise DataError(
                f"'{file.name}' has no column '{name}'",
                f"{suggest(name, found)}Columns: {shown}." if found else None,
            )
