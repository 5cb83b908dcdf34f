"""The files of the research data that are really damaged: prepared, their break reported."""

import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from mobench.artifacts import Artifact

pytestmark = pytest.mark.data
FILES = {"reviews": "reviews_Digital_Music_5.json.gz", "metadata": "meta_Digital_Music.json.gz"}


@pytest.fixture
def folder(research_data: Path) -> Path:
    folder = research_data / "amazon-2014-digital-music"
    if not folder.is_dir():
        pytest.skip(f"no '{folder}'")
    return folder


def whole_lines(path: Path) -> list[bytes]:
    """Return the lines before the break, as gzip itself finds them."""
    done = subprocess.run(["gzip", "-dc", path], capture_output=True, check=False)
    assert b"unexpected end of file" in done.stderr
    return done.stdout.split(b"\n")[:-1]


def test_truncated_files_are_prepared_and_their_break_is_reported(
    run, workdir: Path, folder: Path
) -> None:
    for file in FILES.values():
        shutil.copy(folder / file, workdir)
    code, _, err = run(f"prep {FILES['reviews']} --meta {FILES['metadata']} --name x")
    assert code == 0, err
    words = " ".join(err.split())
    rejected = pl.read_parquet("data/datasets/x/rejected.parquet")
    manifest = Artifact.open(Path("data/datasets/x")).manifest
    for role, file in FILES.items():
        n_lines = len(whole_lines(folder / file))
        warning = f"warning: {file} ends early (truncated gzip): everything after the break"
        assert warning in words
        (entry,) = [entry for entry in manifest.inputs if entry.role == role]
        assert entry.rows == n_lines + 1
        found = rejected.filter(file=file).select("line", "reason").rows()
        assert found == [(n_lines + 1, "gzip stream ends early")]
    funnel = pl.read_parquet("data/datasets/x/funnel.parquet")
    assert funnel.row(-1)[1:] == (2_292, 249, 196)
