"""The format of each file, and what its columns say about it."""

from collections.abc import Mapping, Sequence

from mobench.config import PrepConfig
from mobench.data.clock import Unit
from mobench.data.files import SourceFile
from mobench.data.heads import checked_head, shape, unrecognised
from mobench.data.inputs import named_source
from mobench.data.sources import SOURCES, Source
from mobench.errors import ConfigError, DataError

TABULAR = ("recbole", "csv", "jsonl", "parquet")
"""Formats whose columns can have any names (``--columns``)."""
OPEN = ("csv", "jsonl")
"""Those among them that recognise reviews and metadata by the same names."""
REVIEW_COLUMNS = {"user", "rating", "time"}
"""What ``--columns`` names in review files alone."""
ITEM_COLUMNS = {"item", "title", "price", "category"}


def check_reviews(
    config: PrepConfig, files: Sequence[SourceFile]
) -> tuple[Source, dict[str, Unit | None]]:
    """Return the format of the review files, and the unit of each file's time column, by name.

    Raises:
        ConfigError: Names for columns that the format does not have.
        DataError: A file is of no known format, of another one than the first, or lacks a column.
    """
    named = named_source(config)
    sources: dict[str, Source] = {}
    units: dict[str, Unit | None] = {}
    for file in files:
        head = b"" if named else checked_head(file)
        source = sources[file.name] = named or review_source(config, file, head)
        first = next(iter(sources))
        if source is not sources[first]:
            raise DataError(
                f"'{file.name}' is {source.name}, but '{first}' is {sources[first].name}",
                "prepare files of one format at a time.",
            )
        check_columns(config, REVIEW_COLUMNS, [source])
        unit = source.check_reviews(file, head)
        if unit is None and config.time_unit != "auto":
            raise ConfigError(
                f"--time-unit: '{file.name}' has no time column",
                "leave it out, or name the column with --columns time=NAME.",
            )
        units[file.name] = unit if config.time_unit == "auto" else config.time_unit
    return source, units


def check_items(
    config: PrepConfig, files: Sequence[SourceFile], reviews: Source
) -> dict[str, Source]:
    """Return the format of each metadata file, by name.

    Raises:
        ConfigError: Names for columns that none of the formats has.
        DataError: A file is of no known format, or lacks a column.
    """
    sources: dict[str, Source] = {}
    for file in files:
        head = b"" if reviews.is_named else checked_head(file)
        source = reviews if reviews.is_named else item_source(config, file, head, reviews)
        source.check_items(file, head)
        sources[file.name] = source
    check_columns(config, ITEM_COLUMNS, [reviews, *sources.values()])
    about_items = sorted({"title", "price", "category"} & config.column_names().keys())
    if about_items and not files:
        message = f"--columns {about_items[0]}= is a column of metadata, and there is none"
        raise ConfigError(message, "name a file with --meta.")
    return sources


def review_source(config: PrepConfig, file: SourceFile, head: bytes) -> Source:
    """Return the format of a review file that begins with ``head``.

    Raises:
        DataError: No format fits.
    """
    if config.format != "auto":
        return SOURCES[config.format]
    if {"user", "item"} & config.column_names().keys():
        return _tabular(head)
    found = next((source for source in SOURCES.values() if source.recognises(head)), None)
    is_picked = found is not None and found.name not in OPEN
    if not is_picked and any(source.recognises_items(head) for source in SOURCES.values()):
        message = f"'{file.name}' is metadata (of items), not reviews"
        raise DataError(message, f"give it as --meta {file.name}")
    if found is None:
        raise unrecognised(file, head)
    return found


def item_source(
    config: PrepConfig, file: SourceFile, head: bytes, reviews: Source | None
) -> Source:
    """Return the format of a metadata file that begins with ``head``.

    It is the one that the user names, if that recognises the file, else the first that does, else
    that of the reviews, whose ``check_items`` then says what is wrong.

    Raises:
        DataError: No format fits, and the reviews' has no metadata.
    """
    first = () if config.format == "auto" else (config.format,)
    for name in (*first, *SOURCES):
        if SOURCES[name].recognises_items(head):
            return SOURCES[name]
    if ITEM_COLUMNS & config.column_names().keys():
        return _tabular(head)
    if any(s.recognises(head) for s in SOURCES.values() if s.name not in OPEN):
        message = f"'{file.name}' holds reviews, not metadata (of items)"
        raise DataError(message, "leave out --meta before it.")
    if reviews is None or type(reviews).check_items is Source.check_items:
        raise unrecognised(file, head)
    return reviews


def check_times(config: PrepConfig, units: Mapping[str, Unit | None]) -> None:
    """Refuse a split in time without times, and files with and without times together.

    Raises:
        ConfigError: A temporal split of reviews that have no times.
        DataError: Some files have a time column and some have not.
    """
    without = [name for name, unit in units.items() if unit is None]
    if without and config.split == "temporal":
        raise ConfigError(
            f"--split temporal needs times, and '{without[0]}' has no time column",
            "name it with --columns time=…, or use --split leave-one-out.",
        )
    if 0 < len(without) < len(units):
        raise DataError(
            f"'{without[0]}' has no time column, but other files have one",
            "name it with --columns time=…, or prepare them one at a time.",
        )


def check_columns(config: PrepConfig, keys: set[str], sources: Sequence[Source]) -> None:
    """Refuse names for columns that no format of ``sources`` takes.

    Args:
        config: With the names that the user gives.
        keys: What is looked at, such as ``REVIEW_COLUMNS``.
        sources: The formats that might take them.

    Raises:
        ConfigError: They mean nothing to any of them.
    """
    if {source.name for source in sources} & set(TABULAR):
        return
    for key, name in config.column_names().items():
        if key in keys:
            raise ConfigError(
                f"--columns '{key}={name}' means nothing to the format {sources[0].name}",
                f"formats that take it: {', '.join(TABULAR)}.",
            )


def _tabular(head: bytes) -> Source:
    """Return the format for a file whose columns the user names."""
    for name in TABULAR:
        if SOURCES[name].recognises(head):
            return SOURCES[name]
    return SOURCES[shape(head)]
