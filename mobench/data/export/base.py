"""What a target is: names of files, the shape of rows and items, and what ids it can hold."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Protocol, Self

import polars as pl

from mobench.data.dataset import Split
from mobench.data.frames import as_csv


class Writer(Protocol):
    """Takes the rows of one file, a part at a time."""

    def write(self, frame: pl.DataFrame) -> None:
        """Append rows."""

    def close(self) -> None:
        """End the file."""


@dataclass(frozen=True)
class Facts:
    """What a README says.

    Attributes:
        stem: Name of the dataset, with which file names begin.
        place: Where the export will be.
        is_rated: Whether there are ratings.
        rows: Rows of each split.
    """

    stem: str
    place: Path
    is_rated: bool
    rows: dict[Split, int]


class Target(ABC):
    """A tool's format; instances have no state. See ``TARGETS``.

    Attributes:
        name: Its value of ``--to``.
        bad_id: Regular expression that finds what an id must not hold there, if anything.
        bad_words: What an id must not be.
        bad_reason: Both in words, for the error message.
    """

    name: ClassVar[str]
    bad_id: ClassVar[str] = ""
    bad_words: ClassVar[tuple[str, ...]] = ()
    bad_reason: ClassVar[str] = ""

    @abstractmethod
    def review_file(self, stem: str, split: Split) -> str:
        """Return the name of a split's file, possibly in a folder."""

    @abstractmethod
    def item_file(self, stem: str) -> str:
        """Return the name of the file of items."""

    @abstractmethod
    def reviews(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return rows as the file has them.

        Args:
            rows: ``user_id``, ``item_id`` text, ``rating`` Float32 (left out where nothing is
                rated), ``timestamp`` in milliseconds Int64.
        """

    @abstractmethod
    def items(self, items: pl.LazyFrame) -> pl.LazyFrame:
        """Return items as the file has them.

        Args:
            items: ``item_id``, ``title``, ``category`` text, ``price``, ``revenue`` Float64,
                ``fair_group``, ``pop_group`` Int16.
        """

    @abstractmethod
    def open(self, path: Path) -> Writer:
        """Begin a file."""

    @abstractmethod
    def texts(self, facts: Facts) -> dict[str, str]:
        """Return further files by name: how to load the others."""


class TextWriter:
    """Writes delimited text with a header."""

    def __init__(self, path: Path, separator: str, *, quoted: bool) -> None:
        self._file = path.open("wb")
        self._separator = separator
        self._quoted = quoted
        self._has_header = False

    def write(self, frame: pl.DataFrame) -> None:
        """Append rows; the first time, even without any, the header."""
        header = not self._has_header
        text = as_csv(frame, header=header, separator=self._separator, quoted=self._quoted)
        self._file.write(text)
        self._has_header = True

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass
class Files:
    """Several writers that are closed together."""

    writers: dict[str, Writer]

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End every file."""
        for writer in self.writers.values():
            writer.close()


def one_line(text: pl.Expr) -> pl.Expr:
    """Return text with each run of white space and control characters as one blank."""
    return text.str.replace_all(r"[\s\p{Cc}]+", " ").str.strip_chars()
