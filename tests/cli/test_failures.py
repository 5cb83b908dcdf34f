"""Bad input: a line that says what is wrong, a hint that helps, and the exit code."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from polars.exceptions import PanicException

from mobench.cli import console, main
from mobench.config import METHODS
from mobench.errors import Interrupted


def said(message: str, hint: str | None = None) -> str:
    return f"error: {message}\n" + (f" hint: {hint}\n" if hint else "")


USAGE = {
    "trian": ("no such command 'trian'. Did you mean 'train'?", "see 'mobench --help'."),
    "train --epoch 3": (
        "no such option: --epoch (Possible options: --epochs)",
        "see 'mobench train --help'.",
    ),
    "train": ("missing argument 'DATASET'", "see 'mobench train --help'."),
    "eval": ("no run to evaluate", "make one with 'mobench train DATASET'."),
    "report": ("missing argument 'METRICS…'", "see 'mobench report --help'."),
    "prep": ("missing argument 'SOURCE…'", "name review files, or demo."),
    "train x --objectives acc,fare": (
        "unknown objective 'fare'",
        "did you mean 'fair'? Objectives: acc, rev, fair, align.",
    ),
    "train x --method moerc": (
        "--method 'moerc' is unknown",
        f"did you mean 'morec'? One of: {', '.join(METHODS)}.",
    ),
    "train x --set learning_rate=fast": (
        "learning_rate: 'fast' should be a valid number",
        "Step size of Adam.",
    ),
    "train x --set patince=3": None,
    "train x --set patience": ("--set 'patience' has no '='", "write --set KEY=VALUE."),
    "train x --set kp=-1": (
        "kp: '-1' should be greater than or equal to 0",
        "Proportional gain of the controller.",
    ),
    "train x --config nothing.toml": (
        "--config 'nothing.toml' does not exist",
        "give a TOML file of settings, or the manifest.json of an artifact.",
    ),
    "train x --method base --name a/b": (
        "--name 'a/b' is not fit for a directory",
        "use letters, digits, '-', '_' and '.', beginning with a letter or digit.",
    ),
    "train x --resume y": (
        "--resume takes no option but --epochs and --name",
        "the config comes from the directory.",
    ),
    "train --resume y --seed 3": (
        "--resume takes no option but --epochs and --name",
        "the config comes from the directory.",
    ),
    "reproduce nothing": None,
    "prep demo --k-core 0": (
        "--k-core: '0' should be greater than or equal to 1",
        "Users and items keep at least this many rows.",
    ),
}


@pytest.mark.parametrize("line", [line for line, expected in USAGE.items() if expected])
def test_wrong_options_are_explained(run, workdir: Path, line: str) -> None:
    assert run(line) == (2, "", said(*USAGE[line]))
    assert list(workdir.iterdir()) == []


@pytest.mark.parametrize("line", USAGE)
def test_json_holds_failures_too(run_json, workdir: Path, line: str) -> None:
    found = run_json(line)
    assert found["status"] == "error"
    assert found["error"]["type"] == "ConfigError"
    assert found["error"]["exit_code"] == 2
    if USAGE[line]:
        assert (found["error"]["message"], found["error"]["hint"]) == USAGE[line]


def test_an_unknown_setting_is_named_with_the_known_ones(run, workdir: Path) -> None:
    code, out, err = run("train x --set patince=3")
    assert (code, out) == (2, "")
    assert err.startswith(
        "error: --set: unknown setting 'patince'\n hint: did you mean 'patience'? "
    )
    Path("c.toml").write_text("seed = 3\nsede = 4\n")
    code, out, err = run("train x -c c.toml")
    assert (code, out) == (2, "")
    assert err.startswith(
        "error: --config 'c.toml': unknown setting 'sede'\n hint: did you mean 'seed'?"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [("c.toml", "seed = "), ("c.json", "{"), ("c.json", "\xff"), ("c.toml", "\xff")],
)
def test_a_config_file_that_cannot_be_read_is_refused(run, workdir, name: str, text: str) -> None:
    Path(name).write_bytes(text.encode("latin-1"))
    code, out, err = run(f"train x -c {name}")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: --config '{name}' cannot be read: ")
    assert err.endswith(
        "\n hint: give a TOML file of settings, or the manifest.json of an artifact.\n"
    )
    assert len(err.splitlines()) == 2
    assert "codec" not in err


def test_a_config_file_without_settings_is_refused(run, workdir: Path) -> None:
    Path("c.json").write_text("[1]")
    hint = "give a TOML file of settings, or the manifest.json of an artifact."
    assert run("train x -c c.json") == (2, "", said("--config 'c.json' holds no settings", hint))


def test_an_unknown_recipe_lists_the_built_in_ones(run, workdir: Path) -> None:
    code, out, err = run("reproduce dmeo")
    assert (code, out) == (2, "")
    assert err.startswith("error: recipe 'dmeo' does not exist\n hint: did you mean 'demo'?")


def test_bad_raw_data_are_explained_and_nothing_is_published(run, pipeline: Path) -> None:
    assert run("prep nothing.csv")[0] == 3
    rows = "user_id,parent_asin,rating,timestamp\n" + "a,b,five,1600000000000\n" * 3
    Path("bad.csv").write_text(rows)
    code, out, err = run("prep bad.csv")
    assert (code, out) == (3, "")
    first, second = err.splitlines()
    assert first == "error: bad.csv, row 2: rating is 'five', expected a number" or (
        first.startswith("error: bad.csv, row 2: ") and "'five'" in first
    )
    assert second.startswith(
        " hint: 3 of 3 rows (100.00 %) are rejected, more than --max-rejected 1 %"
    )
    assert not Path("data/datasets/bad").exists()
    assert not Path("data/datasets/bad.partial").exists()


def test_a_full_disk_is_explained(run, pipeline: Path, monkeypatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "data/x")

    monkeypatch.setattr("mobench.data.prep.prepare", full)
    assert run("prep demo") == (
        4,
        "",
        said(
            "no space left on the disk ('data/x')",
            "free some space, then run the same command again.",
        ),
    )


def test_other_failures_of_the_system_are_not_hidden(pipeline: Path, monkeypatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("mobench.data.prep.prepare", broken)
    with pytest.raises(OSError, match="Input/output error"):
        main(["prep", "demo"])


BUG = """
import sys
import mobench.data.prep as prep
from mobench.cli import main
def broken(*_, **__):
    raise ZeroDivisionError("oops")
prep.prepare = broken
sys.exit(main(["prep", "demo", *sys.argv[1:]]))
"""


def test_a_bug_shows_its_traceback_and_asks_for_a_report(workdir: Path) -> None:
    command = [sys.executable, "-c", BUG]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.endswith(
        "error: ZeroDivisionError: oops\n"
        " hint: this is a bug in mobench: please report it with the above.\n"
    )
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"] == {
        "type": "ZeroDivisionError",
        "message": "ZeroDivisionError: oops",
        "hint": "this is a bug in mobench: please report it with the above.",
        "exit_code": 1,
    }


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), Interrupted("stopped", "go on")])
def test_an_interrupt_ends_with_130(run, workdir: Path, monkeypatch, interrupt) -> None:
    def stop(*_: object, **__: object) -> None:
        raise interrupt

    monkeypatch.setattr("mobench.data.prep.prepare", stop)
    code, out, err = run("prep demo")
    assert (code, out) == (130, "")
    assert err.splitlines()[0] == str(interrupt or "interrupted") or err == "interrupted\n"


def of(cause: BaseException) -> ImportError:
    error = ImportError("initialization failed")
    error.__cause__ = cause
    return error


def panic(inside: str) -> BaseException:
    return PanicException(f"no NumPy: PyErr {{ type: <class '{inside}'>, value: {inside}() }}")


@pytest.mark.parametrize("error", [panic("KeyboardInterrupt"), of(KeyboardInterrupt())])
def test_what_became_of_an_interrupt_is_one(run, workdir: Path, monkeypatch, error) -> None:
    def stop(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("mobench.data.prep.prepare", stop)
    assert run("prep demo") == (130, "", "interrupted\n")


@pytest.mark.parametrize("error", [panic("ValueError"), of(ValueError())])
def test_other_failures_of_libraries_are_none(run, workdir: Path, monkeypatch, error) -> None:
    def stop(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("mobench.data.prep.prepare", stop)
    with pytest.raises(type(error)):
        run("prep demo")


INTERRUPTED_IMPORT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background ignores it
class Finder:
    def find_spec(name, *_):
        if name == "{module}":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder)
from mobench.__main__ import run
sys.exit(run())
"""


@pytest.mark.parametrize(("module", "said"), [("typer", ""), ("mobench.cli.app", "interrupted\n")])
def test_ctrl_c_while_libraries_load_leaves_no_traceback(module, said) -> None:
    script = INTERRUPTED_IMPORT.format(module=module)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", said)
    assert done.returncode in (130, -signal.SIGINT)


def test_a_reader_that_leaves_is_no_failure(pipeline: Path) -> None:
    show = f"{sys.executable} -m mobench show data/datasets/toy"
    many = f"for i in 1 2 3; do {show} | head -1; echo ${{PIPESTATUS[0]}}; done"
    done = subprocess.run(["bash", "-c", many], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert set(done.stdout.splitlines()[1::2]) <= {"0", "141"}
    read, write = os.pipe()
    os.close(read)
    gone = subprocess.run(
        [sys.executable, "-m", "mobench", "show", "data/datasets/toy"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (gone.returncode, gone.stderr) == (141, b"")


def test_a_terminal_gets_long_failures_in_lines_of_88(workdir: Path, run, monkeypatch) -> None:
    columns = ",".join(f"a_long_column_name_{n}" for n in range(9))
    Path("t.csv").write_text(f"user_id,{columns}\n" + "u,1,1,1,1,1,1,1,1,1\n" * 3)
    _, _, plain = run("prep t.csv")
    monkeypatch.setattr(console.STDERR.console, "_force_terminal", True)
    _, _, drawn = run("prep t.csv")
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", drawn).splitlines()
    lines = [line for line in lines if line.startswith(("error", " hint", " " * 7))]
    assert len(plain.splitlines()) == 2
    assert len(lines) > 2
    assert max(map(len, lines)) <= 88
    assert " ".join(" ".join(lines).split()) == " ".join(plain.split())
