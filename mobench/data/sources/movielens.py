"""MovieLens (GroupLens): the layouts of 100K, of 1M and 10M, and of 20M and later.

100K: ``u.data`` with tabs and ``u.item`` with bars, five fields and then 19 genre flags. 1M, 10M:
``ratings.dat`` and ``movies.dat`` with ``::``. Later: ``ratings.csv`` and ``movies.csv``. Titles
are latin-1 in the older files and UTF-8 in the newer ones: a line that is UTF-8 is read as such.
A film has several genres, each a category of its own; "unknown" and "(no genres listed)" are none.
"""

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar

import polars as pl

from mobench.data.blocks import read_head
from mobench.data.catalogue import Catalogue
from mobench.data.clock import Unit
from mobench.data.fields import BadRow, identifier
from mobench.data.files import SourceFile
from mobench.data.quotes import split_line
from mobench.data.records import RecordRule
from mobench.data.rows import Columns, Fields, read_rows, sample_unit
from mobench.data.schema import Rejects
from mobench.data.sources.base import Source
from mobench.data.sources.delimited import DelimitedLines
from mobench.data.sources.item_lines import Item, read_item_lines, utf8
from mobench.errors import DataError

GENRES = (
    "unknown",
    *("Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary"),
    *("Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi"),
    *("Thriller", "War", "Western"),
)
"""The flags of ``u.item`` in their order."""
NO_GENRE = {"unknown", "(no genres listed)", ""}
COLUMNS = Columns("user", "item", "rating", "timestamp")
CSV_COLUMNS = Columns("userId", "movieId", "rating", "timestamp")
MOVIES = ["movieId", "title", "genres"]
SAMPLE = 20
_TABS = re.compile(r"[^\t]+\t[^\t]+\t[0-5](?:\.\d)?\t\d{8,10}")
_COLONS = re.compile(r"[^:]+::[^:]+::[0-5](?:\.\d)?::\d{8,10}")


def decode(line: bytes) -> str:
    """Return a line as text: UTF-8 where it is valid, else latin-1."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def genre_paths(genres: list[str]) -> list[list[str]]:
    """Return one category path for each genre."""
    return [[genre] for genre in genres if genre not in NO_GENRE]


class Movielens(Source):
    """Ratings and films of one layout."""

    header_lines: ClassVar[int] = 0
    film_rule: ClassVar[RecordRule | None] = None

    def check_reviews(self, file: SourceFile, head: bytes) -> Unit | None:
        """Require four columns.

        Raises:
            DataError: The first line is no rating.
        """
        first = decode(head.partition(b"\n")[0].rstrip(b"\r"))
        try:
            self._parser(file, iso=False).slow(first)
        except BadRow as bad:
            message = f"'{file.name}' holds no ratings of the format {self.name}: {bad.detail}"
            raise DataError(message, "leave --format out to have it detected.") from bad
        return sample_unit(head, self._parser(file, iso=False))

    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Read all ratings."""
        return read_rows(file, self._parser(file, unit == "iso"), unit, rejects)

    def check_items(self, file: SourceFile, head: bytes) -> None:
        """Require films in the first lines.

        Raises:
            DataError: There are others.
        """
        if not self.recognises_items(head):
            raise DataError(
                f"'{file.name}' holds no films of the format {self.name}",
                f"name the file of films that came with the ratings ({self.label}).",
            )

    def read_items(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Read all films; they have no prices."""
        return read_item_lines(
            file, catalogue, rejects, self._film, self.header_lines, self.film_rule
        )

    @abstractmethod
    def _parser(self, file: SourceFile, iso: bool) -> DelimitedLines: ...

    @abstractmethod
    def _film(self, line: bytes) -> Item: ...


class Movielens100k(Movielens):
    """``u.data`` and ``u.item``."""

    name = "movielens-100k"
    label = "movielens (100K: u.data, u.item)"

    def recognises(self, head: bytes) -> bool:
        """Recognise user, item, rating and seconds."""
        return _all(head, lambda line: _TABS.fullmatch(line) is not None)

    def recognises_items(self, head: bytes) -> bool:
        """Recognise the genre flags."""
        return _all(head, _has_flags)

    def _parser(self, file: SourceFile, iso: bool) -> DelimitedLines:
        return DelimitedLines(COLUMNS.names, COLUMNS, "\t", False, 0, iso)

    def _film(self, line: bytes) -> Item:
        fields = decode(line).split("|")
        if len(fields) != 5 + len(GENRES):
            raise BadRow("wrong number of columns")
        genres = [genre for genre, flag in zip(GENRES, fields[5:], strict=True) if flag == "1"]
        return Item(identifier(fields[0], "movie id"), fields[1], None, genre_paths(genres))


class DatLines(DelimitedLines):
    """Fields with ``::`` between them."""

    def fast(self, data: bytes) -> pl.DataFrame | None:
        """Parse with polars, which takes one byte for a separator."""
        return super().fast(data.replace(b"::", self.separator.encode()))

    def slow(self, line: str) -> Fields:
        """Split one line."""
        return super().slow(line.replace("::", self.separator))


class MovielensDat(Movielens):
    """``ratings.dat`` and ``movies.dat``."""

    name = "movielens-dat"
    label = "movielens (1M, 10M: ratings.dat, movies.dat)"

    def recognises(self, head: bytes) -> bool:
        """Recognise user, item, rating and seconds."""
        return _all(head, lambda line: _COLONS.fullmatch(line) is not None)

    def recognises_items(self, head: bytes) -> bool:
        """Recognise three fields, the last with letters."""
        return _all(head, _has_genres)

    def _parser(self, file: SourceFile, iso: bool) -> DelimitedLines:
        return DatLines(COLUMNS.names, COLUMNS, "\x1f", False, 0, iso)

    def _film(self, line: bytes) -> Item:
        item, _, rest = decode(line).partition("::")
        title, found, genres = rest.rpartition("::")
        if not found:
            raise BadRow("wrong number of columns")
        return Item(identifier(item, "movie id"), title, None, genre_paths(genres.split("|")))


class MovielensCsv(Movielens):
    """``ratings.csv`` and ``movies.csv``."""

    name = "movielens-csv"
    label = "movielens (20M and later: ratings.csv, movies.csv)"
    header_lines = 1
    film_rule = RecordRule(",", len(MOVIES), ids=(0,))

    def recognises(self, head: bytes) -> bool:
        """Recognise the header."""
        return sorted(_header(head)) == sorted(CSV_COLUMNS.names)

    def recognises_items(self, head: bytes) -> bool:
        """Recognise the header."""
        return _header(head) == MOVIES

    def check_reviews(self, file: SourceFile, head: bytes) -> Unit | None:
        """Require the header.

        Raises:
            DataError: It is another one.
        """
        if not self.recognises(head):
            raise DataError(
                f"'{file.name}' does not begin with {','.join(CSV_COLUMNS.names)}",
                "for other tables leave --format out, or use --format csv.",
            )
        return sample_unit(head, self._parser(file, iso=False))

    def _parser(self, file: SourceFile, iso: bool) -> DelimitedLines:
        return DelimitedLines(_header(read_head(file)), CSV_COLUMNS, iso=iso)

    def _film(self, line: bytes) -> Item:
        fields = split_line(utf8(line))
        if len(fields) != len(MOVIES):
            raise BadRow("wrong number of columns")
        item, title, genres = fields
        return Item(identifier(item, "movieId"), title, None, genre_paths(genres.split("|")))


def _all(head: bytes, matches: Callable[[str], bool]) -> bool:
    lines = [decode(line.rstrip(b"\r")) for line in head.split(b"\n")[:SAMPLE]]
    return bool(lines[0]) and all(matches(line) for line in lines if line)


def _has_flags(line: str) -> bool:
    fields = line.split("|")
    return len(fields) == 5 + len(GENRES) and set(fields[5:]) <= {"0", "1"}


def _has_genres(line: str) -> bool:
    title, _, genres = line.partition("::")[2].rpartition("::")
    return bool(title) and ":" not in genres and any(char.isalpha() for char in genres)


def _header(head: bytes) -> list[str]:
    line = head.partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "replace")
    return [name.strip() for name in line.split(",")]
