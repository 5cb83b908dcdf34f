"""What happens before a command runs: help, version, how fast, and what is not imported."""

import inspect
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import mobench
from mobench.cli import main
from mobench.cli.app import COMMANDS, app_for

HEAVY = ("torch", "polars", "matplotlib", "numpy", "pyarrow", "scipy", "sklearn")
PROBE = f"""
import sys
from mobench.cli import main
code = main(sys.argv[1:])
print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["--version"], []])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words], capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"
    assert done.stdout


def test_a_command_loads_what_it_needs(tmp_path: Path) -> None:
    rows = [f"u{n // 5},i{n % 5},5,{1_600_000_000 + n}" for n in range(50)]
    (tmp_path / "r.csv").write_text("\n".join(["user,item,rating,time", *rows]) + "\n")
    others = (
        "mobench.config.train",
        "mobench.cli.train",
        "torch",
        "pyarrow",
        "ssl",
        "rich.console",
    )
    done = subprocess.run(
        [sys.executable, "-c", PROBE.replace(str(HEAVY), str(others)), "prep", "r.csv", "--json"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stderr.endswith("[]\n")
    assert json.loads(done.stdout)["results"]["n_rows"] == 50


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_they_say(name: str) -> None:
    command = COMMANDS[name]
    assert inspect.getdoc(command.load()).splitlines()[0] == command.help


def test_a_shell_can_complete_the_options_of_a_command(monkeypatch) -> None:
    def options() -> set[str]:
        group = typer.main.get_command(app_for([]))
        return {name for parameter in group.commands["prep"].params for name in parameter.opts}

    assert "--k-core" not in options()
    monkeypatch.setenv("_MOBENCH_COMPLETE", "complete_bash")
    assert "--k-core" in options()


def test_help_answers_at_once() -> None:
    def cpu() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "mobench", "--help"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert any(cpu() <= 0.4 for _ in range(6)), "in none of six tries"


def test_version(run) -> None:
    assert run("--version") == (0, f"mobench {mobench.__version__}\n", "")


@pytest.mark.parametrize("line", ["", "-h", "--help"])
def test_help_lists_the_commands(run, line: str) -> None:
    code, out, err = run(line)
    assert (code, err) == (0, "")
    for word in ("Pipeline", "Research", "prep", "train", "eval", "report", "reproduce", "show"):
        assert word in out
    assert "prep → train → eval → report." in " ".join(out.split())


@pytest.mark.parametrize("command", ["prep", "train", "eval", "report", "reproduce", "show"])
def test_every_command_explains_itself(run, command: str) -> None:
    assert run(f"{command} -h") == run(f"{command} --help")
    code, out, _ = run(f"{command} -h")
    assert code == 0
    assert "--json" in out


def test_help_keeps_what_looks_like_markup(run) -> None:
    _, out, _ = run("train --help")
    assert "[default: morec]" in out
    assert "acc,rev,fair,align" in out


def test_idle_threads_sleep_unless_the_user_wants_otherwise(monkeypatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    import os

    assert main(["--version"]) == 0
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    assert os.environ["GOMP_SPINCOUNT"] == "7"
