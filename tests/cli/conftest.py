"""A pipeline on generated reviews: small, but from raw files to evaluated runs."""

import csv
import gzip
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobench.cli import main

N_USERS, N_ITEMS, PER_USER = 60, 30, 9
COMMANDS = (
    "prep raw/reviews.csv.gz --meta raw/meta.jsonl --k-core 2 --pop-groups 5 --name toy",
    "train data/datasets/toy --method popularity",
    "train data/datasets/toy --method base --epochs 3 --set batch_size=64",
    "train data/datasets/toy --method continue --epochs 2",
    "train data/datasets/toy --epochs 2 --set min_group_size=1",
    "eval data/runs/toy-mf-popularity-s1 --k 5",
    "eval data/runs/toy-mf-base-s1 --k 5",
    "eval data/runs/toy-mf-continue-s1 --k 5",
    "eval data/runs/toy-mf-morec-s1 --k 5",
)


def write_raw(folder: Path) -> None:
    """Write reviews and metadata as Amazon 2023 does; users of a class like items of that class."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    with gzip.open(folder / "reviews.csv.gz", "wt", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["user_id", "parent_asin", "rating", "timestamp"])
        for user in range(N_USERS):
            match = np.where(np.arange(N_ITEMS) % 3 == user % 3, 6.0, 1.0)
            items = rng.choice(N_ITEMS, PER_USER, replace=False, p=match / match.sum())
            for order, item in enumerate(items):
                rows.writerow([f"U{user}", f"B{item}", 5.0, 1_600_000_000_000 + 1000 * order])
    with (folder / "meta.jsonl").open("w") as file:
        for item in range(N_ITEMS):
            names = ["Root", f"Kind {item % 3}"]
            price = f"{1 + item}.50"
            line = {"parent_asin": f"B{item}", "title": f"T{item}", "price": price}
            file.write(json.dumps(line | {"categories": names}) + "\n")


@pytest.fixture(scope="session", autouse=True)
def short_command() -> Iterator[None]:
    """Let artifacts record a short command, whatever pytest itself was called with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["mobench", "of-a-test"])
        yield


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the whole pipeline has run; do not change it."""
    folder = tmp_path_factory.mktemp("pipeline")
    write_raw(folder / "raw")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in COMMANDS:
            assert main(command.split()) == 0, command
    return folder


@pytest.fixture
def pipeline(finished: Path, workdir: Path) -> Path:
    """A copy of it as the current directory."""
    shutil.copytree(finished, workdir, dirs_exist_ok=True)
    return workdir


Run = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line; return exit code, stdout and stderr."""

    def run(line: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(line.split())
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def run_json(run: Run) -> Callable[[str], dict[str, Any]]:
    """Run a command with --json and return the one object on stdout."""

    def run_json(line: str) -> dict[str, Any]:
        code, out, _ = run(f"{line} --json")
        assert out.count("\n") == 1
        found: dict[str, Any] = json.loads(out)
        assert found["schema"] == 1
        assert found["command"] == line.split()[0]
        assert found["seconds"] >= 0
        assert (found["status"] == "ok") == (code == 0)
        if code:
            assert found["error"]["exit_code"] == code
        return found

    return run_json
