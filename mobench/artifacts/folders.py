"""The directories of an artifact: locked, emptied, published, and cleared away."""

import errno
import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path

from mobench.artifacts.disk import REFUSALS
from mobench.complete import partial
from mobench.errors import ArtifactError

LOCK = "lock"
MANIFEST = "manifest.json"
TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


def tidy(path: Path) -> None:
    """Remove what killed processes left of a complete artifact, unless one is at work again."""
    work, old = partial(path), _old(path)
    if not any(left.exists() for left in (work, old, path / LOCK)):
        return
    with suppress(ArtifactError, OSError):
        lock = take_lock(path)
        (path / LOCK).unlink(missing_ok=True)
        remove(old)
        remove(work)
        os.close(lock)


def take_lock(path: Path) -> int:
    """Make the directory of a draft if need be and hold its lock.

    Raises:
        ArtifactError: Another process holds it, or no directory can be made.
    """
    work = partial(path)
    while True:
        try:
            work.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unmade(work, error) from error
        try:
            lock = os.open(work / LOCK, os.O_CREAT | os.O_RDWR, 0o644)
        except FileNotFoundError:
            continue  # published or removed since
        except OSError as error:
            raise _unmade(work, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise ArtifactError(
                f"'{path}' is being made by another process", "wait for it, or stop it first."
            ) from error
        if holds(lock, work):
            return lock
        os.close(lock)


def _unmade(work: Path, error: OSError) -> ArtifactError:
    hint = REFUSALS.get(error.errno or 0)
    return ArtifactError(f"'{work}' cannot be made: {error.strerror}", hint)


def holds(lock: int, work: Path) -> bool:
    """Return whether a lock is that of the directory as it is now, not of one since published."""
    try:
        return os.path.samestat(os.fstat(lock), (work / LOCK).stat())
    except FileNotFoundError:
        return False


def publish(work: Path, path: Path, *, replace: bool) -> None:
    """Give the directory its name; if that fails, what had the name has it again.

    Raises:
        ArtifactError: The name is taken.
        OSError: The system refuses for another reason.
    """
    old = _old(path)
    try:
        if replace and path.exists():
            remove(old)
            path.rename(old)
        work.rename(path)
    except OSError as error:
        if error.errno not in TAKEN:
            raise
        raise ArtifactError(
            f"'{path}' was taken while it was being made", "choose another --name."
        ) from error
    finally:
        if old.exists() and not path.exists():
            old.rename(path)
    remove(old)


def _old(path: Path) -> Path:
    """Return where the former artifact waits while the new one takes its name."""
    return path.with_name(path.name + ".old")


def empty(folder: Path) -> None:
    """Remove all but the lock, the manifest first: what is going must not look complete."""
    (folder / MANIFEST).unlink(missing_ok=True)
    for path in [path for path in folder.iterdir() if path.name != LOCK]:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def remove(folder: Path) -> None:
    """Remove a directory, its lock last, as far as the system lets us."""
    with suppress(OSError):
        empty(folder)
        (folder / LOCK).unlink(missing_ok=True)
        folder.rmdir()  # fails if another process has just begun in it
