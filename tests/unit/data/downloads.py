"""Downloading in tests: without pauses, and with an eye on what is left."""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from mobench.data.download.fetch import fetch
from mobench.errors import DataError

DATA = random.Random(7).randbytes(50_000)
MD5 = hashlib.md5(DATA).hexdigest()


def get(url: str, target: Path, **options: object) -> list[tuple[int, int | None]]:
    """Download without pauses and return what was told of the progress."""
    told: list[tuple[int, int | None]] = []
    options.setdefault("progress", lambda done, total: told.append((done, total)))
    options.setdefault("sleep", lambda seconds: None)
    options.setdefault("timeout", 5.0)
    assert fetch(url, target, **options) == target  # type: ignore[arg-type]
    return told


def beside(target: Path) -> list[str]:
    """Return the names of the files in the folder."""
    return sorted(path.name for path in target.parent.iterdir()) if target.parent.exists() else []


def refusal(url: str, target: Path, **options: object) -> DataError:
    """Return the error of a download that leaves nothing that looks complete."""
    with pytest.raises(DataError) as caught:
        get(url, target, **options)
    assert not target.exists()
    assert caught.value.hint
    return caught.value


def interrupt_after(calls: int) -> Callable[[int, int | None], None]:
    """Return a progress that is interrupted, as by Ctrl-C, at this piece of the body."""
    left = [calls]

    def progress(done: int, total: int | None) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt

    return progress
