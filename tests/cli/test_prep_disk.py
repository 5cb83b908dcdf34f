"""Prep on a disk that is full, or that does not let it write: one line, and no debris."""

import os
import resource
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mobench.artifacts import Artifact
from mobench.cli import main
from mobench.data.synthetic import parse, write_csv

SHELF = Path("data/datasets")
PAGE = 4096
CAP_SYS_ADMIN = 21
TO_DISK = "--memory 0.0015 --k-core 6"
"""Rows go through the disk; fewer are left than memory holds."""

Run = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def place(workdir: Path) -> Path:
    """A folder with reviews."""
    write_csv(workdir / "raw.csv", parse("rows=20000,users=4000,items=400,zipf=0.5"))
    return workdir


@pytest.fixture
def disk(place: Path) -> Iterator[Callable[[str], None]]:
    """A file system of its own at ``data``; call it with its size (``size=64k``) or ``ro``.

    Whoever has the right to mount has to be able to: only without it the test is skipped.
    """
    rights = next(s for s in Path("/proc/self/status").read_text().splitlines() if "CapEff" in s)
    if not int(rights.split()[1], 16) >> CAP_SYS_ADMIN & 1:
        pytest.skip("mounting a small disk needs CAP_SYS_ADMIN (root)")
    Path("data").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", "data"], check=True)

    def change(options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", place / "data"], check=True)

    yield change
    subprocess.run(["umount", place / "data"], check=True)


def pages(folder: Path) -> int:
    """Return the pages that the files in a folder take."""
    return sum(-(-path.stat().st_size // PAGE) for path in folder.rglob("*") if path.is_file())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(found: tuple[int, str, str], *parts: str) -> str:
    """Check that a run ended with one line and one hint; return the line."""
    code, out, err = found
    assert (code, out) == (4, ""), err
    message, hint = err.splitlines()
    assert message.startswith("error: ")
    assert hint.startswith(" hint: ")
    for part in parts:
        assert part in err
    return message


FULL = "no space left on the disk: 'data/datasets/x.partial' needs "


def test_a_disk_that_fills_at_any_moment(run: Run, disk, place: Path) -> None:
    """From no room at all to just enough: rows on the disk, each table, the manifest."""
    assert run("prep raw.csv --name x")[0] == 0
    expected = contents(SHELF / "x")
    n_pages = pages(SHELF / "x")
    shutil.rmtree(SHELF / "x")
    needs = []
    for size in (*range(1, n_pages - 8, max(1, n_pages // 8)), *range(n_pages - 8, n_pages)):
        disk(f"size={size * PAGE}")
        needs.append(refused(run("prep raw.csv --name x"), FULL, "free some space, then run"))
        assert names(SHELF) == []
    assert len({line.split(" and up to ")[1] for line in needs}) > 2  # different files
    disk(f"size={n_pages * PAGE}")
    assert run("prep raw.csv --name x")[0] == 0
    expected.pop("manifest.json")
    found = contents(SHELF / "x")
    found.pop("manifest.json")
    assert found == expected


def test_rows_that_the_disk_does_not_hold(run: Run, disk, place: Path) -> None:
    """Every size fails until all rows fit: not one of them is lost unnoticed."""
    assert run(f"prep raw.csv --name x {TO_DISK}")[0] == 0
    expected = Artifact.open(SHELF / "x").digest
    shutil.rmtree(SHELF / "x")
    fails = 0
    for size in range(1, 600, 7):
        disk(f"size={size * PAGE}")
        found = run(f"prep raw.csv --name x {TO_DISK}")
        if found[0] == 0:
            assert Artifact.open(SHELF / "x").digest == expected
            break
        fails += "needs more than" in refused(found, FULL)
        assert names(SHELF) == []
    assert names(SHELF) == ["x"]
    assert fails > 20


def test_force_on_a_full_disk_keeps_what_is_there(run: Run, disk, place: Path) -> None:
    assert run("prep raw.csv --name x")[0] == 0
    before = contents(SHELF / "x")
    n_pages = pages(SHELF / "x")
    for more in (1, n_pages // 2, n_pages - 1):
        disk(f"size={(n_pages + more) * PAGE}")
        refused(run("prep raw.csv --name x --force --k-core 2"), FULL)
        assert names(SHELF) == ["x"]
        assert contents(SHELF / "x") == before
    assert run("prep raw.csv --name x")[0] == 0


@pytest.mark.parametrize("to", ["recbole", "csv", "lenskit"])
def test_an_export_to_a_disk_that_fills(run: Run, disk, place: Path, to: str) -> None:
    assert run("prep raw.csv --name x")[0] == 0
    command, made = f"export data/datasets/x --to {to}", Path(f"data/exports/x-{to}")
    assert run(command)[0] == 0
    expected = sorted(path.name for path in made.rglob("*"))
    held, n_pages = pages(SHELF / "x"), pages(made)
    shutil.rmtree(made)
    for more in (1, n_pages // 3, n_pages // 2, n_pages - 2):
        disk(f"size={(held + more) * PAGE}")
        refused(run(command), f"no space left on the disk: '{made}.partial' needs ")
        assert names(made.parent) == []
    disk(f"size={(held + n_pages + 1) * PAGE}")
    assert run(command)[0] == 0
    assert sorted(path.name for path in made.rglob("*")) == expected


def test_a_disk_without_room_for_names(run: Run, disk, place: Path) -> None:
    disk("nr_inodes=2")
    refused(run("prep raw.csv --name x"), "cannot be made: No space left on device", "free some")
    assert names(SHELF) == []


def test_a_disk_that_is_read_only(run: Run, disk, place: Path) -> None:
    assert run("prep raw.csv --name x")[0] == 0
    disk("ro")
    line = "error: 'data/datasets/y.partial' cannot be made: Read-only file system"
    assert refused(run("prep raw.csv --name y"), "work in another folder") == line
    refused(run("prep raw.csv --name x --force"), "Read-only file system")
    code, out, _ = run("prep raw.csv --name x")
    assert (code, "up to date  data/datasets/x" in out) == (0, True)


@pytest.fixture
def nobody(place: Path) -> Iterator[None]:
    """Somebody without root's right to write everywhere."""
    assert main(["prep", "raw.csv", "--name", "first"]) == 0  # imports what cannot be read later
    place.chmod(0o755)
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_must_not_be_written(run: Run, place: Path, nobody: None) -> None:
    found = SHELF.stat()
    if found.st_uid == os.geteuid():
        SHELF.chmod(found.st_mode & ~stat.S_IWUSR)
    line = "error: 'data/datasets/x.partial' cannot be made: Permission denied"
    assert refused(run("prep raw.csv --name x"), "see who may write there") == line
    assert names(SHELF) == ["first"]
    code, out, _ = run("prep raw.csv --name first")
    assert (code, "up to date  data/datasets/first" in out) == (0, True)


@pytest.mark.parametrize("words", ["", TO_DISK], ids=["table", "rows"])
def test_files_that_may_not_be_so_large(run: Run, place: Path, words: str) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        found = run(f"prep raw.csv --name x {words}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    line = "error: 'data/datasets/x.partial' cannot be written: File too large"
    assert refused(found, "see 'ulimit -f'") == line
    assert names(SHELF) == []
