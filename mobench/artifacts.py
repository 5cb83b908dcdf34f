"""Artifacts: directories that are complete and never change, or absent.

Work happens in ``NAME.partial/``. The manifest is written last, then the directory is renamed, so
``NAME/manifest.json`` exists only in a complete artifact. One process at a time holds a draft.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mobench.complete import UNFINISHED as UNFINISHED
from mobench.complete import Artifact as Artifact
from mobench.complete import existing as existing
from mobench.complete import partial as partial
from mobench.errors import ArtifactError
from mobench.manifest import FileEntry, Manifest, Stopwatch
from mobench.manifest import draft_manifest as draft_manifest
from mobench.tables import Columns as Columns
from mobench.tables import as_table as as_table
from mobench.tables import read_columns as read_columns
from mobench.tables import sha256 as sha256
from mobench.tables import short as short


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
            ArtifactError: The name belongs to something else than an artifact, another process is
                making the same artifact, or no directory can be made.
        """
        work = partial(path)
        if path.exists() and not (path / "manifest.json").is_file():
            raise ArtifactError(  # --force replaces artifacts, never somebody's own files
                f"'{path}' exists and is not an artifact", "choose another --name, or remove it."
            )
        try:
            work.mkdir(parents=True, exist_ok=True)
            lock = os.open(work / "lock", os.O_CREAT | os.O_RDWR, 0o644)
        except OSError as error:
            raise ArtifactError(f"'{work}' cannot be made: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise ArtifactError(
                f"'{path}' is being made by another process", "wait for it, or stop it first."
            ) from error
        for old in () if keep else [path for path in work.iterdir() if path.name != "lock"]:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
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
        """Write a UTF-8 text file; it appears whole or not at all."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)

    def finish(
        self, results: Mapping[str, Any] | None = None, *, replace: bool = False
    ) -> Artifact:
        """Hash the files, write the manifest, and publish the directory under its name."""
        (self.work / "lock").unlink()
        manifest = self.manifest.model_copy(
            update={"files": self._files(), "results": dict(results or {}), **self.watch.read()}
        )
        text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False)
        self.write_text("manifest.json.tmp", text + "\n")
        (self.work / "manifest.json.tmp").replace(self.work / "manifest.json")
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
