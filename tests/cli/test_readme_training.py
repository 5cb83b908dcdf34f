"""The commands of the README's section on training run as they stand, on small data."""

import shutil
from pathlib import Path

import pytest

from mobench.artifacts import Artifact
from mobench.cli import main
from tests.cli.test_init_from import EXPORT
from tests.cli.test_readme import PYTHON, README, SHELL, commands
from tests.conftest import REPOSITORY

SECTION = README.split("## Training\n")[1].split("\n## ")[0]
LONG = {"two_tower.py", "--front", "--tries", "static", "mgda", "conditioned"}
COMMANDS = [words for block in SHELL if block in SECTION for words in commands(block)]


def test_the_export_shown_is_the_one_that_is_tested() -> None:
    assert EXPORT in PYTHON


@pytest.mark.slow
def test_the_commands_run_in_their_order(workdir: Path) -> None:
    shutil.copy(REPOSITORY / "tests/contracts/two_tower.py", workdir)
    small = "synthetic:rows=3000,users=120,items=60,seed=2"
    assert main(["prep", small, "--name", "demo"]) == 0
    for words in COMMANDS:
        if "--init-from" in words:
            exec(compile(EXPORT, "README.md", "exec"), {})
        if LONG & {*words} and "--epochs" not in words:
            words = [*words, "--epochs", "2"]
        assert main(words) == 0, words
    longer = Artifact.open(Path("data/runs/longer"), "run")
    assert longer.manifest.results["epochs_run"] == 60
    made = len(list(Path("data/runs").glob("*/manifest.json")))
    bases, front, by_hand, tried, others = 2, 6 * 3, 2, 3, 4  # bases of seeds 2 and 3
    assert made == 9 + bases + front + by_hand + tried + others
