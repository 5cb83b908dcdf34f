"""What prep would do: settings, files, formats and columns, checked before any work."""

import glob
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mobench.artifacts import sha256
from mobench.config import PrepConfig
from mobench.data.blocks import read_head
from mobench.data.clock import Unit, detect_unit, instant
from mobench.data.sources import SOURCES, Source, SourceFile
from mobench.errors import ConfigError, DataError, suggest
from mobench.manifest import Input

EMBEDDED = tuple(name for name, source in SOURCES.items() if source.is_embedded)


@dataclass(frozen=True)
class Plan:
    """Everything that is known before the work.

    Attributes:
        config: The settings, with the defaults of the source where the user set none.
        source: The format.
        detected: Whether it was detected rather than named.
        files: The files in reading order.
        units: Unit of the time column of each review file, by name.
        inputs: The files with their hashes, for the manifest.
    """

    config: PrepConfig
    source: Source
    detected: bool
    files: tuple[SourceFile, ...]
    units: Mapping[str, Unit]
    inputs: tuple[Input, ...]

    def having(self, role: str) -> list[SourceFile]:
        """Return the files of one role: ``reviews`` or ``metadata``."""
        return [file for file in self.files if file.role == role]


def plan(config: PrepConfig) -> Plan:
    """Check everything that can be checked before any work.

    Args:
        config: What the user wants.

    Raises:
        ConfigError: No source, or settings that contradict each other.
        DataError: A file is missing, of no known format, or lacks a column.
    """
    files = _files(config)
    heads = {file.name: _head(file) for file in files}
    source, detected = _source(config, files, heads)
    config = config.with_defaults(source.defaults)
    _check_settings(config)
    units = _check_columns(config, source, files, heads)
    inputs = [Input(role=f.role, path=f.name, sha256=sha256(f.path)) for f in files]
    inputs += [_share_file(rule) for rule in (config.target_distribution,) if _is_file(rule)]
    return Plan(config, source, detected, tuple(files), units, tuple(inputs))


def cut_instants(config: PrepConfig) -> tuple[int, int]:
    """Return the two instants of a temporal split in milliseconds.

    A text that is both a date and a number (20200131) is a date.

    Raises:
        ConfigError: One is missing or no instant, or they are in the wrong order.
    """
    instants = []
    for option, text in (("--val-from", config.val_from), ("--test-from", config.test_from)):
        if text is None:
            raise ConfigError(f"--split temporal needs {option}", "give a date such as 2020-01-31.")
        unit = config.time_unit if config.time_unit != "auto" else detect_unit([text])
        found = instant(text, "iso")
        time = instant(text, unit) if found is None else found
        if time is None:
            raise ConfigError(f"{option} '{text}' is no time", "give a date such as 2020-01-31.")
        instants.append(time)
    if instants[0] >= instants[1]:
        raise ConfigError(
            f"--val-from '{config.val_from}' is not before --test-from '{config.test_from}'",
            "val comes between train and test.",
        )
    return instants[0], instants[1]


def _files(config: PrepConfig) -> list[SourceFile]:
    named = config.source or ((config.format,) if config.format in EMBEDDED else ())
    if not named:
        raise ConfigError("no source given", f"name review files, or {_choices()}.")
    for name in {*named, config.format} & set(EMBEDDED):
        if named != (name,) or config.format not in ("auto", name) or config.meta:
            raise ConfigError(f"'{name}' is complete in itself", "name no other file or format.")
        return SOURCES[name].embedded()
    reviews = [SourceFile("reviews", p, str(p)) for text in named for p in _expand(text)]
    meta = [SourceFile("metadata", p, str(p)) for text in config.meta for p in _expand(text)]
    names = [file.name for file in reviews + meta]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"'{name}' is named twice", "leave one out.")
    return reviews + meta


def _choices() -> str:
    return "the embedded set " + " or ".join(f"'{name}'" for name in EMBEDDED)


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


def _head(file: SourceFile) -> bytes:
    head = read_head(file.path)
    if not head.strip():
        raise DataError(f"'{file.name}' holds no readable line", "is the download complete?")
    return head


def _source(
    config: PrepConfig, files: list[SourceFile], heads: Mapping[str, bytes]
) -> tuple[Source, bool]:
    """Return the format and whether it was detected."""
    if config.format != "auto":
        return SOURCES[config.format], False
    if config.source[:1] and config.source[0] in EMBEDDED:
        return SOURCES[config.source[0]], False
    names = {f.name: _detect(f, heads[f.name]) for f in files if f.role == "reviews"}
    first, source = next(iter(names.items()))
    for name, other in names.items():
        if other is not source:
            raise DataError(
                f"'{name}' is {other.name}, but '{first}' is {source.name}",
                "prepare files of one format at a time.",
            )
    return source, True


def _detect(file: SourceFile, head: bytes) -> Source:
    for source in SOURCES.values():
        if source.recognises(head):
            return source
    formats = ", ".join(name for name in SOURCES if name not in EMBEDDED)
    raise DataError(f"'{file.name}' is of no known format", f"name it with --format: {formats}.")


def _check_settings(config: PrepConfig) -> None:
    if config.split == "temporal":
        cut_instants(config)
    elif config.val_from or config.test_from:
        raise ConfigError(
            "--val-from and --test-from belong to a temporal split", "add --split temporal."
        )
    if _is_file(config.target_distribution) and not Path(config.target_distribution).is_file():
        raise DataError(
            f"'{config.target_distribution}' does not exist",
            "--target-distribution is train, uniform, or a file with group,share.",
        )


def _check_columns(
    config: PrepConfig, source: Source, files: list[SourceFile], heads: Mapping[str, bytes]
) -> dict[str, Unit]:
    """Return the time unit of each review file."""
    units: dict[str, Unit] = {}
    for file in files:
        if file.role == "metadata":
            source.check_items(file, heads[file.name])
        else:
            found = source.check_reviews(file, heads[file.name])
            units[file.name] = found if config.time_unit == "auto" else config.time_unit
    return units


def _is_file(rule: str) -> bool:
    return rule not in ("train", "uniform")


def _share_file(rule: str) -> Input:
    return Input(role="target_distribution", path=rule, sha256=sha256(Path(rule)))
