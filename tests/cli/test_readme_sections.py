"""The commands of the README's sections on results run as they stand, on small data."""

from pathlib import Path

import polars as pl
import pytest

from mobench.cli import main
from tests.cli.test_api import EXAMPLE
from tests.cli.test_readme import PYTHON, README, SHELL, commands

TITLES = ("## Evaluation\n", "## Looking at results\n")
SECTIONS = [README.split(title)[1].split("\n## ")[0].split("\n### ")[0] for title in TITLES]
COMMANDS = [w for part in SECTIONS for block in SHELL if block in part for w in commands(block)]
LISTS = next(block for block in PYTHON if "lists.parquet" in block)


def test_the_functions_shown_are_those_that_are_tested() -> None:
    assert EXAMPLE in PYTHON


def test_all_commands_on_results_are_shown() -> None:
    assert {words[0] for words in COMMANDS} == {"eval", "report", "compare", "recommend"}


@pytest.mark.slow
def test_the_commands_run_in_their_order(workdir: Path) -> None:
    assert main(["prep", "synthetic:rows=9000,users=250,items=120,seed=2", "--name", "demo"]) == 0
    for method in ("base", "morec"):
        words = ["train", "data/datasets/demo", "--method", method, "--epochs", "2"]
        assert main(words) == 0
    users = pl.read_parquet("data/datasets/demo/users.parquet")["user_id"].head(3)
    Path("users.txt").write_text("\n".join([*users, "nobody"]) + "\n")
    for words in COMMANDS:
        if "--recommendations" in words:
            exec(compile(LISTS, "README.md", "exec"), {})
        found = [sorted(map(str, Path().glob(word))) or [word] for word in words]
        assert main([word for words in found for word in words]) == 0, words
    assert len(pl.read_csv("lists.csv")) == 3 * 20
