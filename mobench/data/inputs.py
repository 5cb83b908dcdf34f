"""Which files prep reads, and of which format each is."""

import glob
from collections.abc import Mapping
from pathlib import Path

from mobench.config import PrepConfig
from mobench.data.blocks import read_head
from mobench.data.files import SourceFile
from mobench.data.sources import SOURCES, Source
from mobench.errors import ConfigError, DataError, suggest

NAMED = tuple(name for name, source in SOURCES.items() if source.is_named)


def find_files(config: PrepConfig) -> list[SourceFile]:
    """Return the files in reading order: as named, patterns sorted, reviews before metadata.

    Raises:
        ConfigError: No source, one named twice, or a named source beside others.
        DataError: A file is missing.
    """
    named = config.source or ((config.format,) if config.format in NAMED else ())
    if not named:
        raise ConfigError("no source given", f"name review files, or {_choices()}.")
    if found := named_source(config):
        is_other = named[0].partition(":")[0] != found.name or config.format not in (
            "auto",
            found.name,
        )
        if len(named) > 1 or is_other or config.meta:
            message = f"'{found.name}' is complete in itself"
            raise ConfigError(message, "name no other file or format.")
        return found.files(named[0])
    columns = config.column_names()
    reviews = [
        SourceFile("reviews", p, str(p), columns=columns) for text in named for p in _expand(text)
    ]
    meta = [
        SourceFile("metadata", p, str(p), columns=columns)
        for text in config.meta
        for p in _expand(text)
    ]
    names = [file.name for file in reviews + meta]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"'{name}' is named twice", "leave one out.")
    return reviews + meta


def named_source(config: PrepConfig) -> Source | None:
    """Return the source that the user asks for by name, if one is."""
    for text in (*config.source, config.format):
        source = SOURCES.get(text.partition(":")[0])
        if source is not None and source.is_named:
            return source
    return None


def heads_of(files: list[SourceFile]) -> dict[str, bytes]:
    """Return the first lines of each file, by name.

    Raises:
        DataError: There are none.
    """
    heads = {file.name: read_head(file) for file in files}
    for name, head in heads.items():
        if not head.strip():
            raise DataError(f"'{name}' holds no readable line", "is the download complete?")
    return heads


def review_source(
    config: PrepConfig, files: list[SourceFile], heads: Mapping[str, bytes]
) -> tuple[Source, bool]:
    """Return the format of the review files, and whether it was detected.

    Raises:
        DataError: No format fits, or several formats do.
    """
    if config.format != "auto":
        return SOURCES[config.format], False
    names = {f.name: _detect(f, heads[f.name]) for f in files if f.role == "reviews"}
    first, source = next(iter(names.items()))
    for name, other in names.items():
        if other is not source:
            raise DataError(
                f"'{name}' is {other.name}, but '{first}' is {source.name}",
                "prepare files of one format at a time.",
            )
    return source, True


def item_source(head: bytes, reviews: Source) -> Source:
    """Return the format of a metadata file with this head.

    It is the first that recognises it, else that of the reviews, whose ``check_items`` then says
    what is wrong.
    """
    for source in SOURCES.values():
        if source.recognises_items(head):
            return source
    return reviews


def _choices() -> str:
    return "the embedded set " + " or ".join(f"'{name}'" for name in NAMED)


def _expand(text: str) -> list[Path]:
    """Return the file, or the files that a pattern matches, sorted."""
    path = Path(text)
    found = [path] if path.exists() else sorted(map(Path, glob.glob(text)))  # noqa: PTH207
    for one in found:
        if not one.is_file():
            raise DataError(f"'{one}' is not a file", f"name its files, such as '{one}/*.csv.gz'.")
    if found:
        return found
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    close = suggest(path.name, siblings).replace("'", f"'{path.parent}/", 1)
    close = close.replace("'./", "'")
    raise DataError(f"'{text}' does not exist", f"{close}Name review files, or {_choices()}.")


def _detect(file: SourceFile, head: bytes) -> Source:
    for source in SOURCES.values():
        if source.recognises(head):
            return source
    formats = ", ".join(name for name in SOURCES if name not in NAMED)
    raise DataError(f"'{file.name}' is of no known format", f"name it with --format: {formats}.")
