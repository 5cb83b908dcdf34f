"""The fuzzer for a bounded time; ``tests/fuzz/fuzz_prep.py`` runs it longer by hand."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).parents[2] / "fuzz" / "fuzz_prep.py"
LEAST = 300
"""Inputs that even a busy machine checks."""


def fuzzed(*words: str) -> dict[str, int]:
    """Run the fuzzer; return how often what became of an input."""
    command = [sys.executable, str(SCRIPT), "--seconds", "30", "--findings", "found", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    counts: dict[str, int] = json.loads(Path("found/counts.json").read_text())
    assert sum(counts.values()) > LEAST
    assert {"read read", "read refused", "prep prepared", "prep refused"} <= set(counts)
    return counts


def test_damaged_files(workdir: Path) -> None:
    counts = fuzzed("--random", "--seed", "1")
    assert counts["gzip read"] > 10


def test_guided_by_coverage(workdir: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("no atheris (pip install -c constraints.txt atheris)")
    fuzzed("--seed", "1")
    assert any(Path("found/corpus").iterdir())


def test_a_failure_is_kept_and_reported(workdir: Path) -> None:
    Path("case").write_bytes(bytes([1, 0, 0]) + b"{}")
    broken = "import tests.fuzz.session as s\ndef check(*_): raise ZeroDivisionError('oops')\n"
    code = f"{broken}s.check = check\nimport runpy, sys\nsys.argv = ['fuzz', 'case']\n"
    code += f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "ZeroDivisionError: oops" in done.stdout
    (kept,) = [p for p in Path("findings").iterdir() if "ZeroDivision" in p.name and not p.suffix]
    assert kept.read_bytes() == Path("case").read_bytes()
