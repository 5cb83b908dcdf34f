"""Artifacts: directories that are complete and never change, or absent.

Work happens in ``NAME.partial/``. The manifest is written last, then the directory is renamed, so
``NAME/manifest.json`` exists only in a complete artifact. One process at a time holds a draft: its
lock lies in the directory and is renamed with it, so that nobody enters while it is published.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobench.artifacts.disk import explained
from mobench.artifacts.folders import LOCK, MANIFEST, empty, holds, publish, remove, take_lock
from mobench.artifacts.folders import tidy as tidy
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

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Draft:
    """An artifact in the making; use it as a context manager to release its lock.

    Files named in ``scratch`` are no part of it; they stay until it is published.
    """

    path: Path
    manifest: Manifest
    watch: Stopwatch
    rows: dict[str, int] = field(default_factory=dict)
    lock: int | None = None
    scratch: tuple[str, ...] = ()

    @classmethod
    def start(cls, path: Path, manifest: Manifest, *, keep: bool = False) -> "Draft":
        """Open ``path.partial`` for writing, emptied unless ``keep`` (resume).

        Raises:
            ArtifactError: The name belongs to something else than an artifact, another process is
                making the same artifact, or no directory can be made.
        """
        work = partial(path)
        if path.exists() and not (path / MANIFEST).is_file():
            raise ArtifactError(  # --force replaces artifacts, never somebody's own files
                f"'{path}' exists and is not an artifact", "choose another --name, or remove it."
            )
        draft = cls(path, manifest, Stopwatch(), lock=take_lock(path))
        if not keep:
            with explained(work):
                empty(work)
        return draft

    def __enter__(self) -> "Draft":
        """Return the draft itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the lock; what was written stays for the next try."""
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Leave nothing behind unless the body finishes the draft, and explain refused writes.

        Raises:
            ArtifactError: The disk is full, or does not take what the body writes.
        """
        try:
            with explained(self.work):
                yield
        finally:
            if self.lock is not None and holds(self.lock, self.work):
                remove(self.work)

    @property
    def work(self) -> Path:
        """The directory in which files are written until ``finish``."""
        return partial(self.path)

    def write_table(self, name: str, columns: "Columns | pa.Table") -> None:
        """Write a Parquet table (zstd); it appears whole or not at all.

        Raises:
            ArtifactError: The disk is full, or does not take it.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = as_table(columns)
        temporary = self.work / f"{name}.tmp"
        repeat = [f.name for f in table.schema if not pa.types.is_integer(f.type)]
        options: dict[str, Any] = {"use_dictionary": repeat, "write_statistics": False}
        with explained(self.work, table.nbytes):
            pq.write_table(table, temporary, compression="zstd", **options)
            temporary.replace(self.work / name)
        self.rows[name] = table.num_rows

    def write_text(self, name: str, text: str) -> None:
        """Write a UTF-8 text file; it appears whole or not at all.

        Raises:
            ArtifactError: The disk is full, or does not take it.
        """
        self.write_bytes(name, text.encode())

    def write_bytes(self, name: str, data: bytes | memoryview, n_rows: int | None = None) -> None:
        """Write a file, of a table with its number of rows; it appears whole or not at all.

        Raises:
            ArtifactError: The disk is full, or does not take it.
        """
        path = self.work / name
        temporary = path.with_name(path.name + ".tmp")
        with explained(self.work, len(data)):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(path)
        if n_rows is not None:
            self.rows[name] = n_rows

    def finish(
        self, results: Mapping[str, Any] | None = None, *, replace: bool = False
    ) -> Artifact:
        """Hash the files, write the manifest, and publish the directory under its name.

        Raises:
            ArtifactError: The name was taken meanwhile, or the disk does not take the manifest.
        """
        manifest = self.manifest.model_copy(
            update={"files": self._files(), "results": dict(results or {}), **self.watch.read()}
        )
        text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False)
        self.write_text(MANIFEST, text + "\n")
        with explained(self.work):
            publish(self.work, self.path, replace=replace)
        self.__exit__()
        for name in (LOCK, *self.scratch):
            (self.path / name).unlink(missing_ok=True)
        return Artifact(self.path, manifest)

    def _files(self) -> list[FileEntry]:
        own = [self.work / name for name in (LOCK, MANIFEST, *self.scratch)]
        paths = sorted(p for p in self.work.rglob("*") if p.is_file() and p not in own)
        return [
            FileEntry(
                path=(name := p.relative_to(self.work).as_posix()),
                sha256=sha256(p),
                bytes=p.stat().st_size,
                rows=self.rows.get(name),
            )
            for p in paths
        ]
