"""Prep that is killed, interrupted or disturbed ends in the bytes it would have had, or in none."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from mobench.artifacts import Artifact
from mobench.data.synthetic import parse, write_csv

pytestmark = pytest.mark.slow
SHELF = Path("data/datasets")
TO_DISK = ("--memory", "0.01", "--k-core", "8")
"""Rows go through the disk; fewer are left than memory holds."""
KILLS = 50
WHOLE_KILLS = 8
BUSY = "'data/datasets/x' is being made by another process"
LOST = "'data/datasets/x' was taken while it was being made"


class Server:
    """Starts prep many times without its imports (see ``prep_server``)."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.cli.prep_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "2"},
        )

    def ask(self, *words: str, **more: Any) -> list[dict[str, Any]]:
        """Run ``mobench prep``; return how it and the others ended."""
        assert self.process.stdin
        assert self.process.stdout
        request = {"words": ["prep", *words, "--name", "x"], **more}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        found: list[dict[str, Any]] = json.loads(self.process.stdout.readline())
        return found

    def succeed(self, *words: str) -> dict[str, Any]:
        """Run it undisturbed."""
        (done,) = self.ask(*words)
        assert done["code"] == 0, done["err"]
        return done


@pytest.fixture
def server(workdir: Path) -> Iterator[Server]:
    """A server in an empty folder with a small and a large file of reviews."""
    write_csv(Path("small.csv"), parse("rows=3000,users=100,items=50"))
    write_csv(Path("large.csv"), parse("rows=2e5,users=30000,items=3000,zipf=0.5"))
    server = Server()
    yield server
    server.process.kill()
    server.process.communicate()


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def content() -> dict[str, str]:
    """Return the hashes of the artifact; nothing else is on the shelf, and nothing in it."""
    assert names(SHELF) == ["x"]
    artifact = Artifact.open(SHELF / "x", "dataset")
    artifact.verify()
    files = {entry.path: entry.sha256 for entry in artifact.manifest.files}
    assert names(SHELF / "x") == sorted([*files, "manifest.json"])
    return files


def nothing_half_done() -> list[str]:
    """Check that what looks complete is complete; return what does."""
    found = [path.parent for path in SHELF.glob("*/manifest.json")]
    for path in found:
        Artifact.open(path, "dataset").verify()
    return sorted(path.name for path in found)


def stage(events: list[str]) -> str:
    """Return what a process was doing when it ended, by what it did last on the disk."""
    last = events[-1].replace(str(SHELF) + "/", "") if events else ""
    word, _, rest = last.partition(" ")
    if "x.partial/rows" in rest and word != "os.rmdir":
        return "spilling" if "/" in rest.partition("rows")[2] else "reading"
    for text, name in {"interactions": "tables", ".parquet.tmp": "tables"}.items():
        if text in rest and word == "os.rename":
            return name
    if "manifest" in rest or "x.old" in rest or "x/lock" in rest or rest.startswith("x.partial x"):
        return "publishing"
    return {"open": "hashing", "os.scandir": "hashing", "os.rmdir": "tables"}.get(word, "starting")


@pytest.mark.parametrize("words", [(), TO_DISK], ids=["memory", "disk"])
def test_kills_at_random_moments(server: Server, words: tuple[str, ...]) -> None:
    begin = time.monotonic()
    server.succeed("large.csv", *words)
    lasted = time.monotonic() - begin
    expected, chance, stages = content(), random.Random(3), Counter[str]()
    while stages.total() < KILLS // 2:
        after = chance.uniform(0.02, lasted)
        (done,) = server.ask("large.csv", *words, "--force", after=after)
        nothing_half_done()
        if done["code"] == -signal.SIGKILL:
            stages[stage(done["events"])] += 1
        else:
            lasted *= 0.9  # it is faster than it was
        server.succeed("large.csv", *words)
        assert content() == expected
    assert len(stages) >= 3, stages


def test_whole_processes_killed_on_an_empty_shelf(server: Server) -> None:
    command = [sys.executable, "-m", "mobench", "prep", "large.csv", "--name", "x", *TO_DISK]
    server.succeed("large.csv", *TO_DISK)
    expected, chance, kills, begun = content(), random.Random(5), 0, 0
    while kills < WHOLE_KILLS:
        shutil.rmtree(SHELF / "x")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not (SHELF / "x.partial").exists():
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.25))
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        begun += (SHELF / "x.partial").exists()
        nothing_half_done()
        server.succeed("large.csv", *TO_DISK)
        assert content() == expected
    assert begun > 0


def events_of(server: Server, words: Sequence[str], force: bool) -> list[str]:
    """Return the operations of an undisturbed process on the shelf as it will be."""
    if not force:
        shutil.rmtree(SHELF / "x")
    events: list[str] = server.succeed(*words)["events"]
    return events


@pytest.mark.parametrize("force", [False, True], ids=["new", "force"])
def test_a_kill_before_every_file_operation(server: Server, force: bool) -> None:
    words = ("small.csv", *(["--force"] if force else []))
    server.succeed("small.csv")
    n_events = len(events_of(server, words, force))
    assert n_events > 25
    expected = content()
    stages = Counter[str]()
    for event in range(1, n_events + 1):
        if not force:
            shutil.rmtree(SHELF / "x")
        (done,) = server.ask(*words, event=event)
        assert done["code"] == -signal.SIGKILL
        stages[stage(done["events"])] += 1
        whole = nothing_half_done()
        if force:
            assert {"x", "x.old"} & set(whole), (event, whole)
        server.succeed("small.csv")
        assert content() == expected, event
    assert set(stages) >= {"starting", "reading", "tables", "hashing", "publishing"}


def explained(done: dict[str, Any]) -> int:
    """Check that a process won, or says in one line and a hint why it did not."""
    code: int = done["code"]
    assert code in (0, 4), done["err"]
    if code == 4:
        first, *rest = done["err"].splitlines()
        assert first.removeprefix("error: ") in (BUSY, LOST)
        assert len(rest) == 1
        assert rest[0].startswith(" hint: ")
    return code


@pytest.mark.parametrize("force", [False, True], ids=["new", "force"])
def test_another_process_before_every_file_operation(server: Server, force: bool) -> None:
    words = ["small.csv", *(["--force"] if force else [])]
    server.succeed("small.csv")
    events = events_of(server, words, force)
    expected, codes = content(), Counter[tuple[int, int]]()
    for event in range(1, len(events) + 1):
        if not force:
            shutil.rmtree(SHELF / "x")
        others = [["prep", *words, "--name", "x"]]
        pair = [explained(done) for done in server.ask(*words, event=event, others=others)]
        assert 0 in pair
        codes[pair[0], pair[1]] += 1
        assert content() == expected, (event, events[event - 1])
    assert codes[0, 4] > 15
    assert codes[0, 0] > 2


def test_two_at_once_again_and_again(server: Server) -> None:
    server.succeed("large.csv")
    expected, refused = content(), 0
    for turn in range(4):
        force = ["--force"] * (turn % 2)
        if not force:
            shutil.rmtree(SHELF / "x")
        words = [sys.executable, "-m", "mobench", "prep", "large.csv", "--name", "x", *force]
        both = [
            subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        errors = [process.communicate(timeout=120)[1] for process in both]
        codes = [process.returncode for process in both]
        done = [{"code": c, "err": e} for c, e in zip(codes, errors, strict=True)]
        assert 0 in [explained(one) for one in done]
        refused += 4 in codes
        assert content() == expected
    assert refused


def test_ctrl_c_leaves_nothing(server: Server) -> None:
    chance, codes = random.Random(1), Counter[int]()
    command = [sys.executable, "-m", "mobench", "prep", "large.csv", "--name", "x", *TO_DISK]
    for _ in range(8):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        while process.poll() is None and not (SHELF / "x.partial").exists():
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 0.15))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        codes[process.returncode] += 1
        if process.returncode in (130, -signal.SIGINT):  # to a shell they are the same
            assert err == "interrupted\n"
            # an interrupt after publishing finds the artifact there, whole
            assert names(SHELF) in ([], ["x"])
            shutil.rmtree(SHELF / "x", ignore_errors=True)
        else:
            assert process.returncode == 0, err
            shutil.rmtree(SHELF / "x")
    assert codes[0] < 8
