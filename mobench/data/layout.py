"""How a file is laid out: packing, encoding, separator, and what its columns are taken for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from mobench.data.files import Role, SourceFile
from mobench.data.heads import shape
from mobench.data.rows import Columns
from mobench.data.sources import Source
from mobench.data.sources.amazon_csv import COLUMNS as AMAZON_2023
from mobench.data.sources.amazon_items import ITEMS_2014, ITEMS_2018, ITEMS_2023, parse_either
from mobench.data.sources.amazon_jsonl import OLD_COLUMNS as AMAZON_OLD
from mobench.data.sources.amazon_ratings import COLUMNS as AMAZON_RATINGS
from mobench.data.sources.amazon_ratings import Amazon2014Csv, Amazon2018Csv
from mobench.data.sources.columns import ITEM_KEYS, REVIEW_KEYS, item_columns, review_columns
from mobench.data.sources.csv_table import sniff
from mobench.data.sources.demo import INTERACTIONS
from mobench.data.sources.demo import ITEMS as DEMO_ITEMS
from mobench.data.sources.json_lines import sample_keys
from mobench.data.sources.movielens import COLUMNS as MOVIELENS
from mobench.data.sources.movielens import CSV_COLUMNS as MOVIELENS_CSV
from mobench.data.sources.recbole import header
from mobench.data.streams import Compression, compression

REVIEWS: Mapping[str, Columns] = {
    "amazon-2023-csv": AMAZON_2023,
    "amazon-2023-jsonl": AMAZON_2023,
    "amazon-2018-jsonl": AMAZON_OLD,
    "amazon-2018-csv": AMAZON_RATINGS,
    "amazon-2014-jsonl": AMAZON_OLD,
    "amazon-2014-csv": AMAZON_RATINGS,
    "movielens-100k": MOVIELENS,
    "movielens-dat": MOVIELENS,
    "movielens-csv": MOVIELENS_CSV,
    "demo": Columns(*INTERACTIONS[:2], None, INTERACTIONS[2]),
}
"""The columns of the formats where they are always called the same."""
_FILM = {"movieId": "item", "title": "title", "genres": "category"}
ITEMS: Mapping[str, Mapping[str, str]] = {
    **{
        name: {
            items.id: "item",
            "title": "title",
            "price": "price",
            **dict.fromkeys(items.categories, "category"),
        }
        for name, items in (
            ("amazon-2023-jsonl", ITEMS_2023),
            ("amazon-2018-jsonl", ITEMS_2018),
            ("amazon-2014-jsonl", ITEMS_2014),
        )
    },
    "movielens-100k": _FILM,
    "movielens-dat": _FILM,
    "movielens-csv": _FILM,
    "demo": dict(zip(DEMO_ITEMS, ("item", "title", "category", "category", "price"), strict=True)),
}
"""What the columns of metadata are, in formats where they are always called the same."""
SEPARATORS = {
    ("movielens-100k", "reviews"): "\t",
    ("movielens-100k", "metadata"): "|",
    ("movielens-dat", "reviews"): "::",
    ("movielens-dat", "metadata"): "::",
}
"""Those that are not found by looking."""
HEADERLESS: Mapping[tuple[str, str], Sequence[str]] = {
    ("amazon-2014-csv", "reviews"): Amazon2014Csv.order,
    ("amazon-2018-csv", "reviews"): Amazon2018Csv.order,
    ("movielens-100k", "reviews"): MOVIELENS.names,
    ("movielens-100k", "metadata"): ("movieId", "title", "dates and address", "genres"),
    ("movielens-dat", "reviews"): MOVIELENS.names,
    ("movielens-dat", "metadata"): tuple(_FILM),
}
"""What the columns are called where the file does not say it."""


@dataclass(frozen=True)
class Column:
    """A column and what it is taken for, such as ``user``; empty if it is not read."""

    name: str
    taken_for: str


@dataclass(frozen=True)
class Layout:
    """What can be seen of a file.

    Attributes:
        compression: How it is packed.
        n_bytes: Its size on the disk, ``None`` where it is not on a disk.
        encoding: ``UTF-8`` or that it is not; empty for Parquet.
        separator: What stands between two fields; empty where nothing does.
        columns: Its columns in file order (the keys of JSON sorted).
    """

    compression: Compression
    n_bytes: int | None
    encoding: str
    separator: str
    columns: tuple[Column, ...]


def layout(source: Source, file: SourceFile, head: bytes, role: Role) -> Layout:
    """Return how a file is laid out.

    Args:
        source: Its format, which has accepted it.
        file: The file.
        head: Its first lines; empty for a named source.
        role: What it holds.
    """
    is_text = bool(head) and shape(head) != "parquet"
    on_disk = file.path.is_file()
    names = _names(source, file, head, role)
    taken = _taken(source, file, names, role)
    return Layout(
        compression=compression(file) if on_disk else "plain",
        n_bytes=file.path.stat().st_size if on_disk else None,
        encoding=_encoding(head) if is_text else "",
        separator=_separator(source, head, role) if is_text else "",
        columns=tuple(Column(name, taken.get(name, "")) for name in names),
    )


def _encoding(head: bytes) -> str:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    return "UTF-8"


def _separator(source: Source, head: bytes, role: Role) -> str:
    if shape(head) == "jsonl":
        return ""
    found = sniff(head)
    return SEPARATORS.get((source.name, role)) or (found.separator if found else "")


def _names(source: Source, file: SourceFile, head: bytes, role: Role) -> Sequence[str]:
    if fixed := HEADERLESS.get((source.name, role)):
        return fixed
    if not head and not file.path.is_file():
        return ()
    if not head or shape(head) == "parquet":
        return list(pl.read_parquet_schema(file.path))
    if shape(head) == "jsonl":
        return sample_keys(head, parse_either)
    if source.name == "recbole":
        return list(header(head))
    found = sniff(head)
    names = found.first if found else ()
    by_place = role == "reviews" and source.name == "csv" and not _is_named(file, names)
    return [f"column {place}" for place in range(1, len(names) + 1)] if by_place else names


def _is_named(file: SourceFile, names: Sequence[str]) -> bool:
    """Return whether the first line is a header, which places as names of columns deny."""
    places = [file.columns[key] for key in REVIEW_KEYS if key in file.columns]
    return not places or any(not name.isdecimal() or name in names for name in places)


def _taken(source: Source, file: SourceFile, names: Sequence[str], role: Role) -> Mapping[str, str]:
    """Return what columns are taken for, by name."""
    if role == "metadata":
        fixed = ITEMS.get(source.name)
        return fixed or (_turned(item_columns(file, names)) if names else {})
    if not names:
        return {}
    if not _is_named(file, names) and source.name == "csv":
        return {f"column {file.columns[key]}": key for key in REVIEW_KEYS if key in file.columns}
    columns = REVIEWS.get(source.name) or review_columns(file, names)
    values = (columns.user, columns.item, columns.rating, columns.time)
    return {name: key for key, name in zip(REVIEW_KEYS, values, strict=True) if name}


def _turned(chosen: Mapping[str, str]) -> dict[str, str]:
    return {chosen[key]: key for key in ITEM_KEYS if key in chosen}
