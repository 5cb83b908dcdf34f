"""Servers that lie, disks that fill, processes that are killed or come in pairs."""

import fcntl
import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobench.data.download.part import Part
from mobench.errors import DataError
from tests.unit.data.downloads import DATA, MD5, beside, get, refusal
from tests.unit.data.site import Page, Site, running


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running() as server:
        yield server


@pytest.mark.parametrize("has_ranges", [True, False])
def test_fewer_bytes_than_said(site: Site, tmp_path: Path, has_ranges: bool) -> None:
    page = Page(DATA, said="60000", has_ranges=has_ranges)
    error = refusal(site.add("/fewer", page), tmp_path / "file")
    assert "60,000" in error.message
    assert "50,000" in error.message
    assert len(page.asked) <= 10


def test_more_bytes_than_said(site: Site, tmp_path: Path) -> None:
    page = Page(DATA, said="40000")
    error = refusal(site.add("/more", page), tmp_path / "file")
    assert "40,000" in error.message
    assert "50,000" in error.message
    assert beside(tmp_path / "file") == []


def test_a_server_that_forgets_to_hang_up(site: Site, tmp_path: Path) -> None:
    page = Page(DATA, hangs=0.6)
    get(site.add("/hangs", page), tmp_path / "file", timeout=0.2)
    assert (tmp_path / "file").read_bytes() == DATA
    assert len(page.asked) == 1


def test_neither_size_nor_chunks(site: Site, tmp_path: Path) -> None:
    """Whether all came can only be told by the checksum."""
    url = site.add("/endless", Page(DATA, said=""))
    assert "how large" in refusal(url, tmp_path / "file").message
    get(url, tmp_path / "file", md5=MD5)
    assert (tmp_path / "file").read_bytes() == DATA


def test_a_wrong_checksum(site: Site, tmp_path: Path) -> None:
    url = site.add("/wrong", Page(DATA))
    error = refusal(url, tmp_path / "file", md5="0" * 32)
    assert MD5 in error.message
    assert "0" * 32 in error.message
    assert beside(tmp_path / "file") == []


def test_a_full_disk(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=49_999)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    error = refusal(site.add("/big", Page(DATA)), tmp_path / "file")
    assert "50,000" in error.message
    assert "49,999" in error.message
    assert beside(tmp_path / "file") == []


def test_a_disk_that_fills_meanwhile(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (20_000, 20_000)); "
    quiet = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    url = site.add("/fills", Page(DATA))
    done = in_process(url, tmp_path / "file", limits + quiet)
    assert done.wait() == 3
    assert beside(tmp_path / "file") == ["file.part", "file.part.json"]
    get(url, tmp_path / "file", md5=MD5)
    assert site.pages["/fills"].ranges[-1] == "bytes=20000-"


def in_process(url: str, target: Path, before: str = "") -> "subprocess.Popen[bytes]":
    """Download in another process, which ends with the exit code of its failure."""
    code = f"""{before}
import sys
from pathlib import Path
from mobench.data.download.fetch import fetch
from mobench.errors import MobenchError
try:
    fetch({url!r}, Path({str(target)!r}), progress=lambda done, total: None)
except MobenchError as error:
    sys.exit(error.exit_code)
"""
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)


def test_a_kill_in_the_middle(site: Site, tmp_path: Path) -> None:
    page, target = Page(DATA, pause=0.02), tmp_path / "file"
    url = site.add("/killed", page)
    process = in_process(url, target)
    part = tmp_path / "file.part"
    until(lambda: part.exists() and part.stat().st_size > 5_000)
    with pytest.raises(DataError, match="another process"):
        get(url, target)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    left = part.stat().st_size
    assert 5_000 < left < 50_000
    page.pause = 0
    get(url, target, md5=MD5)
    assert target.read_bytes() == DATA
    assert page.ranges[-1] == f"bytes={left}-"
    assert beside(target) == ["file"]


def until(condition: object) -> None:
    """Wait until something is true."""
    ends = time.monotonic() + 20
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_two_at_once(site: Site, tmp_path: Path) -> None:
    """One downloads, the others say so; nobody spoils the file."""
    page, target = Page(DATA, pause=0.01), tmp_path / "file"
    url = site.add("/both", page)
    outcomes: list[str] = []

    def download() -> None:
        try:
            get(url, target)
            outcomes.append("ok")
        except DataError as error:
            outcomes.append(error.message)

    threads = [threading.Thread(target=download) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("ok") == 1
    assert sum("by another process" in outcome for outcome in outcomes) == 3
    assert len(page.asked) == 1
    assert target.read_bytes() == DATA


def test_a_folder_that_cannot_be_made(site: Site, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(DataError, match="cannot be written"):
        get(site.add("/x", Page(DATA)), tmp_path / "taken" / "file")


@pytest.mark.parametrize("fate", ["published", "given up"])
def test_another_process_ends_between_opening_and_locking(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fate: str
) -> None:
    """The lock must be that of the file which has the name now."""
    page, target = Page(DATA), tmp_path / "file"
    url, real, calls = site.add("/raced", page), fcntl.flock, []

    def lock(file: object, how: int) -> None:
        calls.append(how)
        part = tmp_path / "file.part"
        if len(calls) == 1 and fate == "published":
            part.write_bytes(DATA[::-1])
            part.rename(target)
        elif len(calls) == 1:
            part.unlink()
            part.touch()  # and a third one begins
        real(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", lock)
    get(url, target)
    assert target.read_bytes() == (DATA[::-1] if fate == "published" else DATA)
    assert len(page.asked) == (fate == "given up")
    assert beside(target) == ["file"]


def test_a_system_that_takes_few_bytes_at_a_time(tmp_path: Path) -> None:
    class Stingy(io.FileIO):
        def write(self, data: object) -> int:
            return super().write(bytes(data)[:7])  # type: ignore[call-overload]

    with Stingy(tmp_path / "file.part", "a+") as file:
        Part(tmp_path / "file", file).append(DATA[:1000])
    assert (tmp_path / "file.part").read_bytes() == DATA[:1000]
