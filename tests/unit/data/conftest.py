"""Files that most tests of prep begin with."""

from pathlib import Path

import pytest

from tests.unit.data.make import metadata, reviews, write_csv, write_jsonl


@pytest.fixture
def files(workdir: Path) -> Path:
    """A current directory with ``reviews.csv`` and ``meta.jsonl``."""
    write_csv(workdir / "reviews.csv", reviews())
    write_jsonl(workdir / "meta.jsonl", metadata())
    return workdir
