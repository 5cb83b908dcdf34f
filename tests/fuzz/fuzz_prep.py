"""Fuzz the parsers of all formats, and prep from files to artifact.

    python tests/fuzz/fuzz_prep.py --seconds 600              coverage-guided, needs atheris
    python tests/fuzz/fuzz_prep.py --seconds 600 --random     the same damages without atheris
    python tests/fuzz/fuzz_prep.py FILE …                     check saved inputs again

Every failure is saved under ``--findings``, once for each place in the code, and the exit code is
then 1. The same seed and number of inputs (``--runs``) make the same ``--random`` run.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY))
os.environ.setdefault("POLARS_MAX_THREADS", "2")
from tests.fuzz.session import Session, by_chance  # noqa: E402


def guided(findings: Path, seconds: float, runs: int, seed: int) -> int:
    """Run the coverage-guided fuzzer; return its exit code."""
    limits = (str(int(seconds)), str(runs), str(seed))
    command = [sys.executable, "-m", "tests.fuzz.guided", str(findings), *limits]
    with (findings / "libfuzzer.log").open("w") as log, tempfile.TemporaryDirectory() as place:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": place}
        done = subprocess.run(command, stderr=log, env=environment, check=False)
    if done.returncode:
        sys.stdout.write((findings / "libfuzzer.log").read_text()[-2_000:])
    return done.returncode


def report(findings: Path) -> int:
    """Say what was found; return the exit code."""
    counts = json.loads((findings / "counts.json").read_text())
    sys.stdout.write(f"{sum(counts.values()):,} inputs: {dict(sorted(counts.items()))}\n")
    failures = sorted(findings.glob("*.txt"))
    for path in failures:
        sys.stdout.write(f"\n{path.with_suffix('')}\n{path.read_text()[-1_500:]}\n")
    return int(bool(failures))


def main() -> int:
    """Fuzz as the words on the command line say; return the exit code."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("files", nargs="*", type=Path)
    words.add_argument("--seconds", type=float, default=60)
    words.add_argument("--runs", type=int, default=10**9)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--random", action="store_true")
    words.add_argument("--findings", type=Path, default=Path("findings"))
    asked = words.parse_args()
    findings = asked.findings.absolute()
    findings.mkdir(exist_ok=True)
    limits = (asked.seconds, asked.runs, asked.seed)
    if not asked.random and not asked.files:
        return guided(findings, *limits) or report(findings)
    with tempfile.TemporaryDirectory() as folder:
        session = Session(findings, Path(folder))
        for path in asked.files:
            session.run(path.read_bytes())
        if asked.random:
            by_chance(session, *limits)
        session.save()
    return report(findings)


if __name__ == "__main__":
    sys.exit(main())
