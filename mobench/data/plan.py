"""What prep would do: settings, files, formats and columns, checked before any work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mobench.artifacts import sha256
from mobench.config import PrepConfig
from mobench.data.clock import Unit, detect_unit, instant
from mobench.data.fields import to_number
from mobench.data.files import SourceFile
from mobench.data.formats import check_items, check_reviews, check_times
from mobench.data.inputs import find_files
from mobench.data.sources import Source
from mobench.errors import ConfigError, DataError
from mobench.manifest import Input

Track = Callable[[str], None]
"""Called with the name of each stage as it begins."""


def no_track(stage: str) -> None:
    """Report a stage to nobody."""


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


def plan(config: PrepConfig, track: Track = no_track) -> Plan:
    """Check everything that can be checked before any work.

    Args:
        config: What the user wants.
        track: Told which file is being hashed.

    Raises:
        ConfigError: No source, or settings that contradict each other.
        DataError: A file is missing, of no known format, or lacks a column.
    """
    _check_settings(config)
    files = find_files(config)
    source, units = check_reviews(config, [file for file in files if file.role == "reviews"])
    metadata = [file for file in files if file.role == "metadata"]
    item_sources = check_items(config, metadata, source)
    check_times(config, units)
    return Plan(
        config=config.with_defaults(source.defaults),
        source=source,
        detected=config.format == "auto" and not source.is_named,
        files=tuple(files),
        item_sources=item_sources,
        units=units,
        inputs=_inputs(config, files, source, item_sources, track),
    )


def cut_instants(config: PrepConfig) -> tuple[int, int]:
    """Return the two instants of a temporal split in milliseconds.

    Eight digits are a date (20200131), other numbers are in the unit of the times.

    Raises:
        ConfigError: One is missing or no instant, or they are in the wrong order.
    """
    instants = []
    for option, text in (("--val-from", config.val_from), ("--test-from", config.test_from)):
        if text is None:
            raise ConfigError(f"--split temporal needs {option}", "give a date such as 2020-01-31.")
        unit = config.time_unit if config.time_unit != "auto" else detect_unit([text])
        is_date = len(text) == 8 or to_number(text) is None
        found = instant(text, "iso") if is_date else None
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
        is_there = Path(config.target_distribution).exists()
        raise DataError(
            f"'{config.target_distribution}' {'is not a file' if is_there else 'does not exist'}",
            "--target-distribution is train, uniform, or a file with group,share.",
        )


def _inputs(
    config: PrepConfig,
    files: list[SourceFile],
    reviews: Source,
    item_sources: Mapping[str, Source],
    track: Track,
) -> tuple[Input, ...]:
    """Hash what will be read; an archive once, however many of its members are."""
    digests: dict[Path, str] = {}
    inputs = []
    for file in files:
        if file.path not in digests:
            track(f"hashing {file.name}")
            digests[file.path] = item_sources.get(file.name, reviews).digest(file)
        inputs.append(Input(role=file.role, path=file.name, sha256=digests[file.path]))
    if _is_file(config.target_distribution):
        inputs.append(_share_file(config.target_distribution))
    return tuple(inputs)


def _is_file(rule: str) -> bool:
    return rule not in ("train", "uniform")


def _share_file(rule: str) -> Input:
    return Input(role="target_distribution", path=rule, sha256=sha256(Path(rule)))
