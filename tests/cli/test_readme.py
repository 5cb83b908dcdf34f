"""The README does not promise what does not work."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from mobench.cli import main
from mobench.cli.app import app
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```(?:bash|console)\n(.*?)```", README, re.S)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.S)
RUNNABLE = [block for block in PYTHON if block.startswith(("import ", "from "))]


def commands(block: str) -> list[list[str]]:
    """Return the mobench commands of a block as words."""
    lines = [shlex.split(line.removeprefix("$ "), comments=True) for line in block.splitlines()]
    return [words[1:] for words in lines if words[:1] == ["mobench"]]


def test_the_first_screen_says_what_to_type() -> None:
    first = README.split("##")[0]
    assert "$ make demo" in first
    assert "$ make test" in first
    assert [words[0] for words in commands(SHELL[1])] == [
        "prep",
        "train",
        "train",
        "eval",
        "eval",
        "report",
    ]


@pytest.mark.parametrize("words", [w for b in SHELL for w in commands(b)], ids=" ".join)
def test_every_command_can_be_parsed(words: list[str]) -> None:
    group = typer.main.get_command(app)
    context = group.make_context("mobench", list(words), resilient_parsing=True)
    command = group.commands[words[0]]
    command.make_context(words[0], list(words[1:]), parent=context, resilient_parsing=True)


def test_make_targets_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    targets = {w for b in SHELL for w in re.findall(r"^\$ make ([\w-]+)", b, re.M)}
    assert {"demo", "test"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_objective_shown_is_the_file() -> None:
    source = (REPOSITORY / "mobench/objectives/alignment.py").read_text(encoding="utf-8")
    assert source in PYTHON


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)]+)\)", README):
        assert (REPOSITORY / target).exists(), target


@pytest.mark.parametrize("block", RUNNABLE)
def test_python_examples_run(block: str, workdir: Path) -> None:
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})


@pytest.mark.slow
def test_the_first_commands_run_offline(workdir: Path) -> None:
    for words in commands(SHELL[1]):
        found = [sorted(map(str, Path().glob(word))) or [word] for word in words]
        assert main([path for paths in found for path in paths]) == 0, words
    assert Path("data/reports/demo/report.html").is_file()
