"""Complete artifacts: opened, verified, and found again instead of made again."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mobench.errors import ArtifactError, suggest
from mobench.manifest import Input, Kind, Manifest
from mobench.tables import read_columns, sha256, short

UNFINISHED = (".partial", ".old")
DATA = Path("data")
SHELVES = {
    "dataset": "datasets",
    "run": "runs",
    "metrics": "metrics",
    "report": "reports",
    "export": "exports",
}
MAKERS = {
    "datasets": "prep",
    "runs": "train",
    "metrics": "eval",
    "reports": "report",
    "exports": "export",
}
TAKEN = "choose another --name, or replace it with --force."
DAMAGED = "restore it, or make it again with --force."


@dataclass(frozen=True)
class Artifact:
    """A complete artifact: its directory and its manifest."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path, kind: Kind | None = None) -> "Artifact":
        """Open a complete artifact.

        Raises:
            ArtifactError: It is missing, unfinished, unreadable, or of another kind than ``kind``.
        """
        if not (path / "manifest.json").is_file():
            raise _absent(path, kind)
        try:
            manifest = Manifest.model_validate_json((path / "manifest.json").read_bytes())
        except ValueError as error:
            raise ArtifactError(
                f"'{path}' has a manifest that cannot be read",
                "make it again, or restore it from a copy.",
            ) from error
        if kind and manifest.kind != kind:
            raise ArtifactError(
                f"'{path}' is a {manifest.kind} artifact, expected a {kind} artifact",
                f"see what it is with 'mobench show {path}'.",
            )
        return cls(path, manifest)

    @property
    def digest(self) -> str:
        """SHA-256 over the hashes of what matters: what an input's identity is.

        A run is known by its weights alone, since its logs hold times; others by all their files.
        """
        files = self.manifest.files
        weights = [entry for entry in files if entry.path == "model.safetensors"]
        text = "\n".join(f"{entry.path} {entry.sha256}" for entry in weights or files)
        return hashlib.sha256(text.encode()).hexdigest()

    def open_input(self, role: str, kind: Kind) -> "Artifact":
        """Open what this artifact was made from, where it was or beside this one.

        Raises:
            ArtifactError: It is missing, or is not what it was.
        """
        record = next((i for i in self.manifest.inputs if i.role == role), None)
        if record is None:
            raise ArtifactError(f"'{self.path}' was not made from a {role}")
        path = Path(record.path)
        beside = self.path.parent.parent / path.parent.name / path.name
        found = Artifact.open(beside if not path.exists() and beside.exists() else path, kind)
        if found.digest != record.sha256:
            raise ArtifactError(
                f"{role} '{path.name}' has changed since '{self.path}' was made"
                f" (sha256 {short(record.sha256)} → {short(found.digest)})",
                "restore it, or make this artifact again.",
            )
        return found

    def as_input(self, role: str) -> Input:
        """Return the record that another artifact keeps of this one."""
        return Input(role=role, path=str(self.path), sha256=self.digest)

    def read(self, name: str, columns: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """Return one table of the artifact as NumPy columns."""
        return read_columns(self.path / name, columns)

    def verify(self) -> None:
        """Compare every file with its recorded hash.

        Raises:
            ArtifactError: A file is missing or has changed.
        """
        for entry in self.manifest.files:
            path = self.path / entry.path
            if not path.is_file():
                raise ArtifactError(f"'{path}' is missing", DAMAGED)
            if (got := sha256(path)) != entry.sha256:
                raise ArtifactError(
                    f"'{path}' has changed (sha256 {short(entry.sha256)} → {short(got)})",
                    DAMAGED,
                )


def _absent(path: Path, kind: Kind | None) -> ArtifactError:
    if partial(path).is_dir():
        return ArtifactError(
            f"'{path}' is not finished",
            f"resume a run with 'mobench train --resume {partial(path)}', or make it again.",
        )
    around = next((p for p in path.parents if (p / "manifest.json").is_file()), None)
    hint = f"did you mean '{around}'?" if around else _advice(path, kind)
    if path.is_dir():
        return ArtifactError(f"'{path}' is not an artifact (no manifest.json)", hint)
    if path.exists():
        return ArtifactError(f"'{path}' is a file, not the directory of an artifact", hint)
    return ArtifactError(f"'{path}' does not exist", hint)


def _advice(path: Path, kind: Kind | None) -> str:
    """Return a name that was meant, perhaps, and what makes such an artifact."""
    shelves = [SHELVES[kind]] if kind else list(MAKERS)
    bare = len(path.parts) == 1
    places = [DATA / shelf / path for shelf in shelves if bare]
    if same := [place for place in places if place.is_dir()]:
        return f"did you mean '{same[0]}'?"
    siblings = [p.name for p in path.parent.iterdir() if p.is_dir()] if path.parent.is_dir() else []
    close = suggest(path.name, [name for name in siblings if not name.endswith(UNFINISHED)])
    place = "" if bare else f"{path.parent}/"
    hint = close.replace("'", f"'{place}", 1)
    shelf = SHELVES[kind] if kind else path.parent.name
    if shelf in MAKERS:
        return f"{hint}Make one with 'mobench {MAKERS[shelf]}'."
    return hint.strip() or f"see what there is with 'ls {DATA}/*'."


def partial(path: Path) -> Path:
    """Return the directory in which the artifact at ``path`` is built."""
    return path if path.name.endswith(".partial") else path.parent / f"{path.name}.partial"


def existing(
    path: Path, config: Mapping[str, Any], inputs: Sequence[Input], results_version: int
) -> Artifact | None:
    """Return the artifact at ``path`` if it is what would be made now, ``None`` if there is none.

    Same config (but for the fields that cannot change a result), same input hashes and same
    results version mean up to date.

    Raises:
        ArtifactError: The name is taken by something else.
    """
    if not path.exists():
        return None
    if not (path / "manifest.json").is_file():
        raise ArtifactError(
            f"'{path}' is not an artifact (no manifest.json)",
            "choose another --name, or remove it.",
        )
    found = Artifact.open(path)
    why = _difference(found.manifest, config, inputs, results_version)
    if why:
        raise ArtifactError(f"'{path}' exists and was made with {why}", TAKEN)
    found.verify()
    return found


def _difference(
    manifest: Manifest, config: Mapping[str, Any], inputs: Sequence[Input], results_version: int
) -> str:
    """Return what would be made otherwise now, an empty string if nothing."""
    keys = sorted({*manifest.identity, *config})
    if changed := [k for k in keys if manifest.identity.get(k) != config.get(k)]:
        return f"other settings ({', '.join(changed)})"
    if manifest.results_version != results_version:
        return f"results version {manifest.results_version} of mobench, this is {results_version}"
    had, wanted = ([(i.role, i.sha256) for i in side] for side in (manifest.inputs, inputs))
    if had == wanted:
        return ""
    roles = list(dict.fromkeys(role for role, _ in [*had, *wanted]))
    other = [r for r in roles if [i for i in had if i[0] == r] != [i for i in wanted if i[0] == r]]
    single = other and other[0] in ("base", "dataset", "run")  # its cause comes before its effects
    return f"another {other[0]}" if single else f"other inputs ({', '.join(other or roles)})"
