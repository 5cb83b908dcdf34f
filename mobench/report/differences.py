"""What changed between two artifacts of one kind, and whether it matters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mobench.artifacts import Artifact
from mobench.config.compare import CompareConfig
from mobench.errors import ConfigError
from mobench.manifest import Manifest
from mobench.report.inputs import unchanged
from mobench.report.numbers import Change, facts, ranking, rows, validation

Sides = tuple[Any, Any]
"""What the first has and what the second has; ``None`` where it has nothing."""

NUMBERS: dict[str, Callable[[Artifact, Artifact], list[Change]]] = {
    "run": validation,
    "dataset": facts,
    "export": facts,
    "report": rows,
}
"""What the numbers of each kind are, but for metrics."""

ABOUT = ("cpus", "deterministic", "git_dirty")
"""Facts of the environment that say nothing about what was computed."""


@dataclass(frozen=True)
class Differences:
    """Two artifacts side by side.

    Attributes:
        kind: What both are.
        paths: Where they are.
        same: Whether what counts of their content is the same to the byte.
        settings: Settings that differ, by name; of metrics also those of their runs.
        inputs: Digests of inputs that differ, by role.
        versions: Versions, machine and commit where they differ, by name.
        numbers: The numbers of both, equal ones included.
        unjudged: What two evaluations would have to share for noise to be told from change: the
            ``dataset``, or a setting such as the ``split``. Empty if they do.
    """

    kind: str
    paths: tuple[Path, Path]
    same: bool
    settings: Mapping[str, Sides]
    inputs: Mapping[str, Sides]
    versions: Mapping[str, Sides]
    numbers: tuple[Change, ...] = field(repr=False)
    unjudged: str

    def beyond(self, tolerance: float = 0.0) -> list[Change]:
        """Return the changes that are real and larger than ``tolerance`` of the first value.

        Where noise cannot be told apart, all count.
        """
        return [
            change
            for change in self.numbers
            if (change.is_real or (self.unjudged and change.difference)) and change.size > tolerance
        ]

    def is_changed(self, tolerance: float = 0.0) -> bool:
        """Return whether there is such a change; without tolerance other content is one, too.

        Rankings alone may differ in content and still agree beyond noise.
        """
        if self.beyond(tolerance):
            return True
        return not (tolerance or self.same or self.kind == "metrics")


def differences(first: Path, second: Path, config: CompareConfig) -> Differences:
    """Compare two artifacts.

    Args:
        first: An artifact.
        second: Another of the same kind.
        config: How to judge metrics.

    Raises:
        ArtifactError: One is missing, unfinished, or has changed.
        ConfigError: They are of different kinds, or share no list length.
    """
    a, b = Artifact.open(first), Artifact.open(second)
    kinds = a.manifest.kind, b.manifest.kind
    if kinds[0] != kinds[1]:
        raise ConfigError(
            f"'{first}' is a {kinds[0]} artifact and '{second}' a {kinds[1]} artifact",
            "compare two of one kind.",
        )
    a.verify()
    b.verify()
    measured = kinds[0] == "metrics"
    numbers, unjudged = ranking(a, b, config) if measured else (NUMBERS[kinds[0]](a, b), "")
    return Differences(
        kind=kinds[0],
        paths=(first, second),
        same=_content(a) == _content(b),
        settings=_differ(_settings(a), _settings(b)),
        inputs=_differ(_inputs(a.manifest), _inputs(b.manifest)),
        versions=_differ(_versions(a.manifest), _versions(b.manifest)),
        numbers=tuple(numbers),
        unjudged=unjudged,
    )


def _content(artifact: Artifact) -> str:
    """Return what stands for the content that counts: of a report its results, not its looks."""
    if artifact.manifest.kind != "report":
        return artifact.digest
    files = {entry.path: entry.sha256 for entry in artifact.manifest.files}
    return files.get("results.parquet", artifact.digest)


def _settings(artifact: Artifact) -> dict[str, Any]:
    """Return the settings; of metrics also those of the run, while it is there."""
    manifest = artifact.manifest
    own = dict(manifest.config)
    for entry in manifest.inputs if manifest.kind == "metrics" else []:
        run = unchanged(entry, "run") if entry.role == "run" else None
        own |= {f"run: {name}": value for name, value in run.manifest.config.items()} if run else {}
    return own


def _differ(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Sides]:
    names = list(dict.fromkeys([*a, *b]))
    return {name: (a.get(name), b.get(name)) for name in names if a.get(name) != b.get(name)}


def _inputs(manifest: Manifest) -> dict[str, str]:
    """Return the digests by role; several of one role by their path."""
    roles = [entry.role for entry in manifest.inputs]
    return {
        entry.role if roles.count(entry.role) == 1 else f"{entry.role} {entry.path}": entry.sha256
        for entry in manifest.inputs
    }


def _versions(manifest: Manifest) -> dict[str, Any]:
    own = {"mobench": manifest.mobench_version, "results": manifest.results_version}
    around = {name: value for name, value in manifest.environment.items() if name not in ABOUT}
    return own | around
