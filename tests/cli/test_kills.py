"""A run that is interrupted or killed, again and again, ends in the bytes it would have had."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
SETTINGS = ("--epochs", "6", "--set", "batch_size=2048", "--set", "k=20")
KILLS = 12


def mobench(*words: str) -> "subprocess.Popen[str]":
    """Start a mobench process."""
    return subprocess.Popen(
        [sys.executable, "-m", "mobench", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def succeed(*words: str) -> None:
    process = mobench(*words)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo, a base run, and a morec run that nobody disturbed."""
    place = tmp_path_factory.mktemp("kills")
    before = Path.cwd()
    os.chdir(place)
    succeed("prep", "demo")
    succeed("train", "data/datasets/demo", "--method", "base", *SETTINGS)
    succeed("train", "data/datasets/demo", "--name", "whole", "--epochs", "6", "--set", "k=20")
    os.chdir(before)
    return place


def weights(name: str) -> bytes:
    return Path(f"data/runs/{name}/model.safetensors").read_bytes()


def test_ctrl_c_saves_and_resume_ends_the_same(place: Path, monkeypatch) -> None:
    monkeypatch.chdir(place)
    words = ["train", "data/datasets/demo", "--name", "c", "--epochs", "6", "--set", "k=20"]
    partial = Path("data/runs/c.partial")
    process = mobench(*words)
    while not (partial / "resume.pt").is_file():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert f"resume with  mobench train --resume {partial}" in err
    assert not Path("data/runs/c").exists()
    succeed("train", "--resume", str(partial))
    assert weights("c") == weights("whole")


def test_kills_at_any_moment_leave_nothing_half_done(place: Path, monkeypatch) -> None:
    monkeypatch.chdir(place)
    chance = random.Random(7)
    partial, done = Path("data/runs/k.partial"), Path("data/runs/k")
    words = ["train", "data/datasets/demo", "--name", "k", "--epochs", "6", "--set", "k=20"]
    kills = 0
    while not done.exists():
        resumable = (partial / "config.json").is_file()
        process = mobench(*(["train", "--resume", str(partial)] if resumable else words))
        try:
            _, err = process.communicate(timeout=chance.uniform(0.5, 5) if kills < KILLS else 300)
            assert process.returncode == 0, err
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
        assert done.exists() == (done / "manifest.json").is_file()
    assert kills > 2
    assert weights("k") == weights("whole")
