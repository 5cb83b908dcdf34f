"""The README does not promise what does not work."""

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer

from mobench.cli import main
from mobench.cli.app import COMMANDS, app_for
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```(?:bash|console)\n(.*?)```", README, re.S)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.S)
LOOPS = [block for block in PYTHON if "AdaptiveSampler(" in block]


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
    group = typer.main.get_command(app_for(COMMANDS))
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


def test_the_backbone_shown_keeps_the_contract() -> None:
    assert (REPOSITORY / "tests/contracts/two_tower.py").read_text(encoding="utf-8") in PYTHON


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)]+)\)", README):
        assert (REPOSITORY / target.partition("#")[0]).exists(), target


def somebodys_own() -> dict[str, Any]:
    """Return what the README's loop calls yours: a small logistic model of 1,000 rows."""
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(1000, 4, generator=generator)
    group_of_row = (torch.arange(1000) % 10 == 0).long().numpy()
    wish = torch.where(torch.from_numpy(group_of_row) == 1, -1.0, 1.0)
    labels = (features[:, 0] * wish > 0).float()
    model = torch.nn.Linear(4, 1)
    return {
        "model": model,
        "group_of_row": group_of_row,
        "base_loss": 0.4,
        "optimizer": torch.optim.Adam(model.parameters(), lr=0.01),
        "loss": lambda rows: torch.nn.functional.binary_cross_entropy_with_logits(
            model(features[rows]).squeeze(1), labels[rows]
        ),
        "signal": lambda model: np.array([0, 1]),
    }


@pytest.mark.parametrize("block", LOOPS)
def test_the_loop_of_your_own_runs_and_moves_its_parts(block: str) -> None:
    names = somebodys_own()
    start = names["model"].weight.detach().clone()
    exec(compile(block, "README.md", "exec"), names)
    assert names["sampler"].masses["fair"].now[1] > 0.1
    assert 0.1 <= float(names["beta"]) <= 1.5
    assert float(names["controller"].integral) != 0
    assert not torch.equal(start, names["model"].weight.detach())


def test_there_is_such_a_loop() -> None:
    assert len(LOOPS) == 1


@pytest.mark.slow
def test_the_first_commands_run_offline(workdir: Path) -> None:
    for words in commands(SHELL[1]):
        found = [sorted(map(str, Path().glob(word))) or [word] for word in words]
        assert main([path for paths in found for path in paths]) == 0, words
    assert Path("data/reports/demo/report.html").is_file()
