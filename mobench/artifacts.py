"""Artifacts: directories that are complete and never change, or absent.

Work happens in ``NAME.partial/``. The manifest is written last, then the directory is renamed, so
``NAME/manifest.json`` exists only in a complete artifact. One process at a time holds a draft.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mobench.errors import ArtifactError, suggest
from mobench.manifest import FileEntry, Input, Kind, Manifest, Stopwatch, environment

Columns = Mapping[str, np.ndarray | Sequence[Any] | pa.Array | pa.ChunkedArray]
ATOMIC = (".partial", ".old")


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file, read in bounded memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_table(columns: Columns | pa.Table) -> pa.Table:
    """Return an Arrow table; NumPy strings become dictionary-free UTF-8 columns."""
    return columns if isinstance(columns, pa.Table) else pa.table(dict(columns))


def read_columns(path: Path, columns: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Return a Parquet table as NumPy columns (nulls: NaN in floats, ``None`` in strings).

    Raises:
        ArtifactError: The file is missing, no Parquet file, or lacks a column.
    """
    try:
        table = pq.read_table(path, columns=None if columns is None else list(columns))
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(f"'{path}' cannot be read: {error}".splitlines()[0]) from error
    missing = set(columns or ()) - set(table.column_names)
    if missing:
        raise ArtifactError(f"'{path}' has no column '{sorted(missing)[0]}'")
    return {name: _numpy(table.column(name)) for name in table.column_names}


def _numpy(column: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.to_numpy()


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
            raise _absent(path)
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
        """SHA-256 over the hashes of all files: what an input's identity is."""
        text = "\n".join(f"{entry.path} {entry.sha256}" for entry in self.manifest.files)
        return hashlib.sha256(text.encode()).hexdigest()

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
                raise ArtifactError(f"'{path}' is missing", "make the artifact again.")
            if (got := sha256(path)) != entry.sha256:
                raise ArtifactError(
                    f"'{path}' has changed (sha256 {short(entry.sha256)} → {short(got)})",
                    "restore it, or make the artifact again.",
                )


def short(digest: str) -> str:
    """Return a digest as people read it: its first four and last two digits."""
    return f"{digest[:4]}…{digest[-2:]}"


def _absent(path: Path) -> ArtifactError:
    if path.name.endswith(".partial") or path.with_name(path.name + ".partial").is_dir():
        return ArtifactError(
            f"'{path}' is not finished",
            f"resume a run with 'mobench train --resume {partial(path)}', or make it again.",
        )
    if path.is_dir():
        return ArtifactError(f"'{path}' is not an artifact (no manifest.json)")
    siblings = [p.name for p in path.parent.iterdir() if p.is_dir()] if path.parent.is_dir() else []
    close = suggest(path.name, [name for name in siblings if not name.endswith(ATOMIC)])
    hint = close.replace("'", f"'{path.parent}/", 1) if close else ""
    make = {"runs": "train", "metrics": "eval", "reports": "report"}.get(path.parent.name, "prep")
    return ArtifactError(f"'{path}' does not exist", f"{hint}Make one with 'mobench {make}'.")


def partial(path: Path) -> Path:
    """Return the directory in which the artifact at ``path`` is built."""
    return path if path.name.endswith(".partial") else path.with_name(path.name + ".partial")


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
    found = Artifact.open(path)
    manifest = found.manifest
    wanted = [(i.role, i.sha256) for i in inputs]
    if (
        manifest.identity == dict(config)
        and [(i.role, i.sha256) for i in manifest.inputs] == wanted
        and manifest.results_version == results_version
    ):
        return found
    keys = sorted({*manifest.identity, *config})
    changed = [k for k in keys if manifest.identity.get(k) != config.get(k)]
    why = f"another {changed[0]}" if changed else "other inputs"
    raise ArtifactError(
        f"'{path}' exists and was made with {why}",
        "choose another --name, or replace it with --force.",
    )


@dataclass
class Draft:
    """An artifact in the making; use it as a context manager to release its lock."""

    path: Path
    manifest: Manifest
    watch: Stopwatch
    rows: dict[str, int] = field(default_factory=dict)
    lock: int | None = None

    @classmethod
    def start(cls, path: Path, manifest: Manifest, *, keep: bool = False) -> "Draft":
        """Open ``path.partial`` for writing, emptied unless ``keep`` (resume).

        Raises:
            ArtifactError: Another process is making the same artifact, or no directory can be made.
        """
        work = partial(path)
        try:
            work.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArtifactError(f"'{work}' cannot be made: {error.strerror}") from error
        lock = os.open(work / "lock", os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise ArtifactError(
                f"'{path}' is being made by another process", "wait for it, or stop it first."
            ) from error
        if not keep:
            _empty(work)
        return cls(path, manifest, Stopwatch(), lock=lock)

    def __enter__(self) -> "Draft":
        """Return the draft itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the lock; what was written stays for the next try."""
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    @property
    def work(self) -> Path:
        """The directory in which files are written until ``finish``."""
        return partial(self.path)

    def write_table(self, name: str, columns: Columns | pa.Table) -> None:
        """Write a Parquet table (zstd); it appears whole or not at all."""
        table = as_table(columns)
        temporary = self.work / f"{name}.tmp"
        pq.write_table(table, temporary, compression="zstd")
        temporary.replace(self.work / name)
        self.rows[name] = table.num_rows

    def write_text(self, name: str, text: str) -> None:
        """Write a UTF-8 text file."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def finish(
        self, results: Mapping[str, Any] | None = None, *, replace: bool = False
    ) -> Artifact:
        """Hash the files, write the manifest, and publish the directory under its name."""
        (self.work / "lock").unlink()
        manifest = self.manifest.model_copy(
            update={"files": self._files(), "results": dict(results or {}), **self.watch.read()}
        )
        text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False)
        temporary = self.work / "manifest.json.tmp"
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(self.work / "manifest.json")
        _publish(self.work, self.path, replace=replace)
        return Artifact(self.path, manifest)

    def _files(self) -> list[FileEntry]:
        paths = sorted(p for p in self.work.rglob("*") if p.is_file())
        return [
            FileEntry(
                path=(name := p.relative_to(self.work).as_posix()),
                sha256=sha256(p),
                bytes=p.stat().st_size,
                rows=self.rows.get(name),
            )
            for p in paths
        ]


def draft_manifest(
    kind: Kind,
    config: Mapping[str, Any],
    identity: Mapping[str, Any],
    inputs: Sequence[Input],
    *,
    seed: int | None = None,
    device: str = "cpu",
    threads: int | None = None,
) -> Manifest:
    """Return the manifest of an artifact that is about to be made."""
    return Manifest(
        kind=kind,
        config=dict(config),
        identity=dict(identity),
        inputs=list(inputs),
        seed=seed,
        environment=environment(device, threads),
    )


def _empty(work: Path) -> None:
    for path in work.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()


def _publish(work: Path, path: Path, *, replace: bool) -> None:
    old = path.with_name(path.name + ".old")
    if replace and path.exists():
        shutil.rmtree(old, ignore_errors=True)
        path.rename(old)
    try:
        work.rename(path)
    except OSError as error:
        raise ArtifactError(
            f"'{path}' was taken while it was being made", "choose another --name."
        ) from error
    shutil.rmtree(old, ignore_errors=True)
