"""Which files prep reads."""

import glob
from collections.abc import Mapping
from pathlib import Path

from mobench.config import PrepConfig
from mobench.data.archives import is_archive
from mobench.data.files import Role, SourceFile
from mobench.data.members import choose, partner
from mobench.data.sources import SOURCES, Source
from mobench.errors import ConfigError, DataError, suggest

NAMED = tuple(name for name, source in SOURCES.items() if source.is_named)


def find_files(config: PrepConfig) -> list[SourceFile]:
    """Return the files in reading order: as named, patterns sorted, reviews before metadata.

    An archive stands for the reviews in it and, unless the user names metadata, for theirs.

    Raises:
        ConfigError: No source, one named twice, or a named source beside others.
        DataError: A file is missing, or an archive leaves open which of its files is meant.
    """
    named = config.source or ((config.format,) if config.format in NAMED else ())
    if not named:
        raise ConfigError("no source given", f"name review files, or {_choices()}.")
    if found := named_source(config):
        return _complete(found, config, named)
    columns = config.column_names()
    reviews = [file for text in named for file in _expand(text, "reviews", columns)]
    meta = [file for text in config.meta for file in _expand(text, "metadata", columns)]
    if not config.meta:
        whole = [file for file in reviews if file.member and file.name not in named]
        meta = [found for file in whole for found in _beside(file)]
    names = [file.name for file in reviews + meta]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"'{repeated}' is named twice", "leave one out.")
    return reviews + meta


def named_source(config: PrepConfig) -> Source | None:
    """Return the source that the user asks for by name, if one is."""
    for text in (*config.source, config.format):
        source = SOURCES.get(text.partition(":")[0])
        if source is not None and source.is_named:
            return source
    return None


def _complete(source: Source, config: PrepConfig, named: tuple[str, ...]) -> list[SourceFile]:
    """Return the files of a named source, which stands alone."""
    is_other = named[0].partition(":")[0] != source.name
    if len(named) > 1 or is_other or config.format not in ("auto", source.name) or config.meta:
        raise ConfigError(f"'{source.name}' is complete in itself", "name no other file or format.")
    return source.files(named[0])


def _choices() -> str:
    builtin = " or ".join(f"'{name}'" for name in NAMED)
    return f"the built-in {builtin}, or a public set such as 'ml-100k'"


def _expand(text: str, role: Role, columns: Mapping[str, str]) -> list[SourceFile]:
    """Return the file, the files that a pattern matches, or the member of an archive."""
    try:
        return [_source_file(path, member, role, columns) for path, member in _places(text)]
    except OSError as error:  # a name that is too long, a folder that is locked
        raise DataError(f"'{text}' cannot be read: {error.strerror or error}") from error


def _source_file(
    path: Path, member: str | None, role: Role, columns: Mapping[str, str]
) -> SourceFile:
    if path.is_dir():
        raise DataError(f"'{path}' is not a file", f"name its files, such as '{path}/*.csv.gz'.")
    if not path.is_file():
        raise DataError(f"'{path}' is not a file", "save it first: prep reads it more than once.")
    if member is None and is_archive(path):
        member = choose(path, role)
    name = str(path) if member is None else f"{path}:{member}"
    return SourceFile(role, path, name, member, columns)


def _places(text: str) -> list[tuple[Path, str | None]]:
    """Return paths, each with the member where the text is ``ARCHIVE:MEMBER``."""
    path = Path(text)
    if path.exists():
        return [(path, None)]
    if found := sorted(map(Path, glob.glob(text, recursive=True))):  # noqa: PTH207
        return [(one, None) for one in found]
    for place in (place for place, letter in enumerate(text) if letter == ":"):
        archive = Path(text[:place])
        if archive.is_file() and is_archive(archive):
            return [(archive, text[place + 1 :])]
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    close = suggest(path.name, siblings).replace("'", f"'{path.parent}/", 1)
    close = close.replace("'./", "'")
    raise DataError(f"'{text}' does not exist", f"{close}Name review files, or {_choices()}.")


def _beside(reviews: SourceFile) -> list[SourceFile]:
    """Return the metadata in the archive of a review file."""
    member = partner(reviews.path, str(reviews.member))
    name = f"{reviews.path}:{member}"
    return [SourceFile("metadata", reviews.path, name, member, reviews.columns)] if member else []
