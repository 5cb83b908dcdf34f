"""What a function made: a path, its headline numbers, and its tables."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mobench.artifacts import Artifact
from mobench.errors import ConfigError, suggest

if TYPE_CHECKING:
    import polars as pl

MAIN_TABLE = {
    "dataset": "funnel",
    "run": "history",
    "metrics": "metrics",
    "report": "results",
}
"""The table that says most about an artifact of each kind."""


@dataclass(frozen=True)
class Made:
    """An artifact; it can be given wherever a path is wanted.

    Attributes:
        path: Its directory.
        kind: ``dataset``, ``run``, ``metrics`` or ``report``.
        fresh: Whether it was made just now; otherwise it was up to date.
        results: Its headline numbers, as ``--json`` has them.
    """

    path: Path
    kind: str
    fresh: bool
    results: dict[str, Any]

    @classmethod
    def of(cls, artifact: Artifact, *, fresh: bool) -> Self:
        """Return what is to be known of an artifact."""
        manifest = artifact.manifest
        return cls(artifact.path, manifest.kind, fresh, dict(manifest.results))

    @property
    def tables(self) -> list[str]:
        """The names of its tables."""
        return sorted(path.stem for path in self.path.glob("*.parquet"))

    def table(self, name: str | None = None) -> "pl.DataFrame":
        """Return one of its tables as a polars frame.

        Args:
            name: One of ``tables``; without it the one that says most: ``funnel`` of a dataset,
                ``history`` of a run, ``metrics`` of an evaluation, ``results`` of a report.

        Raises:
            ConfigError: There is no such table.
        """
        from mobench.data.frames import read_frame

        wanted = name or MAIN_TABLE[self.kind]
        if wanted not in self.tables:
            raise ConfigError(
                f"'{self.path}' has no table '{wanted}'",
                f"{suggest(wanted, self.tables)}It has: {', '.join(self.tables) or 'none'}.",
            )
        return read_frame(Artifact.open(self.path), f"{wanted}.parquet")

    def __fspath__(self) -> str:
        """Return the path, so that it can be given to the next function."""
        return str(self.path)
