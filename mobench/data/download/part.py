"""A file that is being downloaded: ``NAME.part``, and what the server said of it beside.

One process at a time holds a part. It survives interrupts and kills, and only ``publish`` gives it
its name.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path

from mobench.errors import DataError


@dataclass(frozen=True)
class Version:
    """Which content of which address a part holds.

    Attributes:
        url: The address.
        validator: The strong ETag or the date of change, empty where the server gives neither.
        total: Size of the whole file in bytes, if the server says it.
    """

    url: str
    validator: str
    total: int | None

    def is_sound(self) -> bool:
        """Return whether a download can be resumed by it; it may come from a damaged file."""
        is_text = isinstance(self.validator, str) and self.validator.isprintable()
        return bool(is_text and self.validator) and isinstance(self.total, int | None)


@dataclass
class Part:
    """A download in progress, held by this process.

    Attributes:
        target: What the file will be called.
        file: The open part.
        version: What it holds, ``None`` as long as that is not known.
    """

    target: Path
    file: FileIO
    version: Version | None = None

    @property
    def path(self) -> Path:
        """Where the bytes are."""
        return self.target.with_name(f"{self.target.name}.part")

    @property
    def note(self) -> Path:
        """Where the version is written."""
        return self.target.with_name(f"{self.target.name}.part.json")

    @property
    def size(self) -> int:
        """Bytes so far."""
        return os.fstat(self.file.fileno()).st_size

    def recall(self, url: str) -> None:
        """Read what an earlier process has left of ``url``; anything else is dropped."""
        try:
            found = json.loads(self.note.read_text(encoding="utf-8"))
            version = Version(**found)
        except (OSError, ValueError, TypeError):
            version = Version("", "", None)
        if version.url == url and version.is_sound() and self.size <= (version.total or self.size):
            self.version = version
        else:
            self.restart(None)

    def restart(self, version: Version | None) -> None:
        """Drop all bytes, then note what the next ones belong to, in this order."""
        self.file.truncate(0)
        self.version = version
        if version:
            self.note.write_text(json.dumps(asdict(version)), encoding="utf-8")
        else:
            self.note.unlink(missing_ok=True)

    def append(self, data: bytes) -> None:
        """Add bytes at the end."""
        rest = memoryview(data)
        while rest:
            rest = rest[self.file.write(rest) :]

    def md5(self) -> str:
        """Return the MD5 of all bytes in hexadecimal digits."""
        self.file.seek(0)
        digest = hashlib.file_digest(self.file, lambda: hashlib.md5(usedforsecurity=False))
        return digest.hexdigest()

    def free(self) -> int:
        """Return the bytes that the disk still takes."""
        return shutil.disk_usage(self.target.parent).free

    def publish(self) -> None:
        """Give the file its name, once its bytes are on the disk."""
        os.fsync(self.file.fileno())
        self.path.replace(self.target)
        self.note.unlink(missing_ok=True)
        folder = os.open(self.target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name as well
        finally:
            os.close(folder)

    def tidy(self) -> None:
        """Remove an empty part: nothing is lost with it."""
        if not self.size:
            self.note.unlink(missing_ok=True)
            self.path.unlink(missing_ok=True)


@contextmanager
def claimed(target: Path) -> Iterator[Part]:
    """Hold the part of ``target``, new or left by an earlier process.

    Raises:
        DataError: Another process downloads the same file, or the folder cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file = _locked(target)
    except OSError as error:
        why = error.strerror or error
        raise DataError(f"'{target.parent}' cannot be written: {why}") from error
    with file:
        part = Part(target, file)
        try:
            yield part
        finally:
            part.tidy()


def _locked(target: Path) -> FileIO:
    """Open the part of ``target`` and lock it: the file that has the name now, not an older one."""
    path = target.with_name(f"{target.name}.part")
    while True:
        file = FileIO(path, "a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise DataError(
                f"'{target}' is being downloaded by another process", "wait for it, or stop it."
            ) from error
        if path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno())):
            return file
        file.close()  # it was published or removed between the two calls
