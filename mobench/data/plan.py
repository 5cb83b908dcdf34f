"""What prep would do: settings, files, formats and columns, checked before any work."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mobench.artifacts import sha256
from mobench.config import PrepConfig
from mobench.data.clock import Unit, detect_unit, instant
from mobench.data.files import SourceFile
from mobench.data.inputs import find_files, heads_of, item_source, named_source, review_source
from mobench.data.sources import Source
from mobench.errors import ConfigError, DataError
from mobench.manifest import Input


@dataclass(frozen=True)
class Plan:
    """Everything that is known before the work.

    Attributes:
        config: The settings, with the defaults of the source where the user set none.
        source: The format.
        detected: Whether it was detected rather than named.
        files: The files in reading order.
        item_sources: The format of each metadata file, by name.
        units: Unit of the time column of each review file, by name; ``None`` where there is none.
        inputs: The files with their hashes, for the manifest.
    """

    config: PrepConfig
    source: Source
    detected: bool
    files: tuple[SourceFile, ...]
    item_sources: Mapping[str, Source]
    units: Mapping[str, Unit | None]
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
    files = find_files(config)
    source, detected, heads = named_source(config), False, dict[str, bytes]()
    if source is None:
        heads = heads_of(files)
        source, detected = review_source(config, files, heads)
    config = config.with_defaults(source.defaults)
    _check_settings(config)
    item_sources = _item_sources(source, files, heads)
    units = _check_columns(config, source, files, heads)
    inputs = [
        Input(role=f.role, path=f.name, sha256=item_sources.get(f.name, source).digest(f))
        for f in files
    ]
    inputs += [_share_file(rule) for rule in (config.target_distribution,) if _is_file(rule)]
    return Plan(config, source, detected, tuple(files), item_sources, units, tuple(inputs))


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


def _item_sources(
    reviews: Source, files: list[SourceFile], heads: Mapping[str, bytes]
) -> dict[str, Source]:
    """Return the format of each metadata file after checking its columns."""
    found: dict[str, Source] = {}
    for file in files:
        if file.role == "metadata":
            head = heads.get(file.name, b"")
            found[file.name] = item_source(head, reviews) if heads else reviews
            found[file.name].check_items(file, head)
    return found


def _check_columns(
    config: PrepConfig, source: Source, files: list[SourceFile], heads: Mapping[str, bytes]
) -> dict[str, Unit | None]:
    """Return the time unit of each review file."""
    units: dict[str, Unit | None] = {}
    for file in files:
        if file.role == "reviews":
            found = source.check_reviews(file, heads.get(file.name, b""))
            wanted = None if config.time_unit == "auto" else config.time_unit
            units[file.name] = found if found is None else wanted or found
    return units


def _is_file(rule: str) -> bool:
    return rule not in ("train", "uniform")


def _share_file(rule: str) -> Input:
    return Input(role="target_distribution", path=rule, sha256=sha256(Path(rule)))
