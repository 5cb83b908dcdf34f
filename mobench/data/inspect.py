"""What prep would make of files: format, columns, and a few rows, without doing the work."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from mobench.config import PrepConfig
from mobench.data.catalogue import Catalogue
from mobench.data.clock import Unit
from mobench.data.files import Role, SourceFile
from mobench.data.formats import REVIEW_COLUMNS, check_columns, item_source, review_source
from mobench.data.glimpse import Glimpse, glimpse
from mobench.data.heads import checked_head
from mobench.data.inputs import find_files, named_source
from mobench.data.layout import Layout, layout
from mobench.data.schema import Rejected, Rejects
from mobench.data.sources import Source
from mobench.errors import DataError

ROWS = 10
"""Usable rows that are shown of each file."""
REJECTED = 5
"""Rejected rows that are shown of each file."""
GIVE_UP = 1000
"""So many rejected rows end the search for usable ones."""


@dataclass(frozen=True)
class Review:
    """One usable row: raw ids, rating or ``None``, time in ms since 1970 UTC or ``None``."""

    user: str
    item: str
    rating: float | None
    time: int | None


@dataclass(frozen=True)
class Item:
    """One metadata record, cleaned: price in the file's currency, category from root to leaf."""

    item: str
    title: str | None
    price: float | None
    category: tuple[str, ...]


@dataclass(frozen=True)
class Inspected:
    """One file.

    Attributes:
        name: The file as messages call it.
        role: What it holds.
        named_as: What the user named it as: metadata may stand among the review files here.
        format: Its format, a value of ``--format``.
        label: What people call that.
        detected: Whether it was detected rather than named.
        layout: How it is packed and what its columns are called.
        unit: Unit of its time column, ``None`` where there is none.
        n_read: Rows that were looked at, rejected ones included.
        n_rejected: Rejected rows among them.
        reviews: The first usable rows of a review file.
        items: The first usable records of a metadata file.
        rejected: The first rejected rows.
    """

    name: str
    role: Role
    named_as: Role
    format: str
    label: str
    detected: bool
    layout: Layout
    unit: Unit | None
    n_read: int
    n_rejected: int
    reviews: tuple[Review, ...]
    items: tuple[Item, ...]
    rejected: tuple[Rejected, ...]


def inspect(config: PrepConfig) -> Iterator[Inspected | Glimpse]:
    """Yield what each file is; among ``config.source`` there may be metadata files, too.

    A table that no format fits comes as a glimpse, before the error that says so.

    Raises:
        ConfigError: No source, or settings that contradict each other.
        DataError: A file is missing, of no known format, or lacks a column; those before it have
            been yielded.
    """
    named = named_source(config)
    reviews: Source | None = named
    for file in find_files(config):
        head = b"" if named else checked_head(file)
        try:
            role, source, unit = _recognised(config, file, head, reviews)
        except DataError:
            if seen := glimpse(file):
                yield seen
            raise
        reviews = source if role == "reviews" else reviews
        first = (
            _first_reviews(source, file, unit) if role == "reviews" else _first_items(source, file)
        )
        yield Inspected(
            name=file.name,
            role=role,
            named_as=file.role,
            format=source.name,
            label=source.label,
            detected=config.format != source.name and named is None,
            layout=layout(source, file, head, role),
            unit=unit,
            n_read=first.n_usable + len(first.rejects),
            n_rejected=len(first.rejects),
            reviews=first.reviews,
            items=first.items,
            rejected=tuple(first.rejects.listed[:REJECTED]),
        )


def _recognised(
    config: PrepConfig, file: SourceFile, head: bytes, reviews: Source | None
) -> tuple[Role, Source, Unit | None]:
    """Return what a file holds, its format, and the unit of its time column."""
    if file.role == "metadata":
        source = _metadata_source(config, file, head, reviews)
        return "metadata", source, None
    named = named_source(config)
    try:
        source = named or review_source(config, file, head)
        check_columns(config, REVIEW_COLUMNS, [source])
        unit = source.check_reviews(file, head)
    except DataError as error:
        try:
            return "metadata", _metadata_source(config, file, head, reviews), None
        except DataError:
            raise error from None
    wanted = None if config.time_unit == "auto" else config.time_unit
    return "reviews", source, unit if unit is None else wanted or unit


def _metadata_source(
    config: PrepConfig, file: SourceFile, head: bytes, reviews: Source | None
) -> Source:
    if reviews is not None and reviews.is_named:
        source = reviews
    else:
        source = item_source(config, file, head, reviews)
    source.check_items(file, head)
    return source


class _Enough(Exception):
    """As many rows as are shown have been read."""


class _Peek(Catalogue):
    """A catalogue that wants every item, until there are enough."""

    def __init__(self) -> None:
        super().__init__([])
        self.items: list[Item] = []

    def add(self, item_id: str, title: object, price: object, categories: object) -> None:
        """Keep one record."""
        one = Catalogue([item_id])
        one.add(item_id, title, price, categories)
        path = one.paths[0][0] if one.paths[0] else ()
        self.items.append(Item(item_id, one.title[0], one.price[0], path))
        if len(self.items) == ROWS:
            raise _Enough


@dataclass
class _FewRejects(Rejects):
    """Rejected metadata rows, until there are too many to go on."""

    def add(self, row: Rejected) -> None:
        """Count and list a row."""
        super().add(row)
        if len(self) == GIVE_UP:
            raise _Enough


@dataclass(frozen=True)
class _First:
    """The first rows of a file, and how many were usable among those looked at."""

    rejects: Rejects
    n_usable: int
    reviews: tuple[Review, ...] = ()
    items: tuple[Item, ...] = ()


def _first_reviews(source: Source, file: SourceFile, unit: Unit | None) -> _First:
    rows: list[Review] = []
    rejects, n_usable = Rejects(), 0
    for frame in source.read_reviews(file, unit, rejects):
        n_usable += frame.height
        rows += (Review(*row) for row in frame.head(ROWS - len(rows)).rows())
        if len(rows) == ROWS or len(rejects) >= GIVE_UP:
            break
    timed = tuple(row if unit else replace(row, time=None) for row in rows)
    return _First(rejects, n_usable, reviews=timed)


def _first_items(source: Source, file: SourceFile) -> _First:
    peek, rejects = _Peek(), _FewRejects("metadata")
    with suppress(_Enough):
        source.read_items(file, peek, rejects)
    return _First(rejects, len(peek.items), items=tuple(peek.items))
