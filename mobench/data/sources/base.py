"""What a source is: a format that can be recognised, checked and read."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import polars as pl

from mobench.data.catalogue import Catalogue
from mobench.data.clock import Unit
from mobench.data.schema import Rejects
from mobench.errors import DataError, suggest

Role = Literal["reviews", "metadata"]


@dataclass(frozen=True)
class SourceFile:
    """One input file.

    Attributes:
        role: What it holds.
        path: Where it is.
        name: What messages and the manifest call it: the path as the user gave it.
    """

    role: Role
    path: Path
    name: str


class Source(ABC):
    """A format; instances have no state. See ``SOURCES``.

    Attributes:
        name: Its value of ``--format``.
        label: What people call it.
        defaults: Config values that suit it, where the user set none.
        is_embedded: Whether its files come with mobench, so that its name is all it needs.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    defaults: ClassVar[Mapping[str, Any]] = {}
    is_embedded: ClassVar[bool] = False

    def embedded(self) -> list[SourceFile]:
        """Return the files that come with mobench: none for a format of the user's files."""
        return []

    @abstractmethod
    def recognises(self, head: bytes) -> bool:
        """Return whether a review file that begins with these lines is of this format."""

    @abstractmethod
    def check_reviews(self, file: SourceFile, head: bytes) -> Unit:
        """Return the unit of the time column.

        Raises:
            DataError: A column is missing.
        """

    @abstractmethod
    def check_items(self, file: SourceFile, head: bytes) -> None:
        """Refuse a metadata file of another kind.

        Raises:
            DataError: A column is missing.
        """

    @abstractmethod
    def read_reviews(self, file: SourceFile, unit: Unit, rejects: Rejects) -> pl.DataFrame:
        """Return the usable rows with the schema ``REVIEWS``; the others go to ``rejects``."""

    @abstractmethod
    def read_items(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Fill the catalogue and return the number of rows read, rejected ones included."""


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
