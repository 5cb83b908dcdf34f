"""What the disk refuses, in one line."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mobench.errors import ArtifactError

FULL = "free some space, then run the same command again."
NOT_OURS = "see who may write there, or work in another folder."
REFUSALS = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: "raise the limit on the size of a file, see 'ulimit -f'.",
    errno.EACCES: NOT_OURS,
    errno.EPERM: NOT_OURS,
    errno.EROFS: NOT_OURS,
}
"""What can be done when the system refuses to write; other failures of it are shown as they are."""


@contextmanager
def explained(work: Path, needed: int = 0) -> Iterator[None]:
    """Turn the system's refusal to write into one line.

    Args:
        work: The directory that is written to.
        needed: Bytes that the body writes at most, if that is known.

    Raises:
        ArtifactError: One of ``REFUSALS``.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        raise _refusal(work, error.errno, needed) from error


def _refusal(work: Path, number: int, needed: int) -> ArtifactError:
    hint = REFUSALS[number]
    if hint != FULL:
        return ArtifactError(f"'{work}' cannot be written: {os.strerror(number)}", hint)
    held = sum(p.stat().st_size for p in work.rglob("*") if p.is_file())
    more = f" and up to {_size(needed)} more" if needed else ""
    than = "" if needed else "more than "
    return ArtifactError(
        f"no space left on the disk: '{work}' needs {than}the {_size(held)} it has{more}", hint
    )


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB" if n_bytes >= 1e6 else f"{-(-n_bytes // 1000)} kB"
