"""Preparation, whole processes: ``mobench prep`` beside the bare reading and rewriting of the file.

python benchmarks/bench_prep.py [--rows 1000000] [--rounds 5] [--peers PYTHON]
"""

import argparse
import compileall
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench_data import write_sparse
from bench_rounds import Sample, load, play, table, timed_process

LIMIT = "read and rewrite"
WAYS = {
    LIMIT: "rewrite",
    "read, filter, write integers": "integers",
    "SHA-256 of the file": "sha256",
    "polars window loop": "polars",
    "pandas loop": "pandas",
    "RePlay on polars": "replay",
}
"""The other ways: label, and name in ``bench_prep_ways.py``."""
PEERS = ("pandas", "replay")
COUNTS = ("n_users", "n_items", "n_train", "n_val", "n_test")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the CSV")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every way")
    parser.add_argument("--seed", type=int, default=1, help="seed of the data")
    parser.add_argument("--leave-out", default="", help="ways to leave out: polars,pandas,…")
    parser.add_argument("--peers", default=sys.executable, help="a Python with the peers")
    return parser.parse_args()


def commands(source: Path, options: argparse.Namespace) -> dict[str, list[str]]:
    """Return the command of every way that is installed."""
    prep = [sys.executable, "-m", "mobench", "prep", str(source), "--name", "reviews", "--json"]
    script = str(Path(__file__).with_name("bench_prep_ways.py"))
    found = {"mobench prep": [*prep, "--engine", "numpy"]}
    if has(sys.executable, "numba"):
        found["mobench prep, numba"] = [*prep, "--engine", "numba"]
    for label, way in WAYS.items():
        python = options.peers if way in PEERS else sys.executable
        if way in options.leave_out.split(","):
            continue
        if way in PEERS and not has(python, way):
            print(f"left out: {label} ({way} is not installed)")
        else:
            found[label] = [python, script, way, str(source), "."]
    return found


def has(python: str, package: str) -> bool:
    """Return whether a Python can import a package."""
    find = f"import importlib.util as u, sys; sys.exit(u.find_spec('{package}') is None)"
    return subprocess.run([python, "-c", find], check=False).returncode == 0


def turn(
    command: list[str], folder: Path, units: int, seen: dict[str, Mapping[str, int]], label: str
) -> Callable[[], Sample]:
    """Return a way's turn: its process in an empty folder; its counts go to ``seen``."""

    def run() -> Sample:
        with TemporaryDirectory(dir=folder) as place:
            sample, printed = timed_process(command, Path(place), units)
        facts = json.loads(printed)
        counts = facts.get("results", facts)
        if counts:
            seen[label] = {name: counts[name] for name in COUNTS}
        return sample

    return run


def agreement(seen: Mapping[str, Mapping[str, int]]) -> str:
    """Return the counts that all ways agree on.

    Raises:
        SystemExit: They do not.
    """
    if len({tuple(counts.values()) for counts in seen.values()}) != 1:
        raise SystemExit("the counts differ:\n" + "\n".join(f"{k}: {v}" for k, v in seen.items()))
    counts = next(iter(seen.values()))
    listed = ", ".join(f"{name} {count}" for name, count in counts.items())
    return f"counts agree ({len(seen)} ways): {listed}"


def compiled() -> None:
    """Compile mobench as an installation does, where it runs from a working copy."""
    found = importlib.util.find_spec("mobench")
    for place in (found and found.submodule_search_locations) or ():
        compileall.compile_dir(place, quiet=1)


def main() -> None:
    """Make the data, run the rounds, print the table."""
    options = arguments()
    compiled()
    with TemporaryDirectory(prefix="mobench-bench-") as name:
        folder = Path(name)
        source = folder / "reviews.csv"
        write_sparse(source, options.rows, options.seed)
        print(f"{options.rows} rows, {source.stat().st_size / 1e6:.1f} MB of CSV; {load()}")
        seen: dict[str, Mapping[str, int]] = {}
        ways = {
            label: turn(command, folder, options.rows, seen, label)
            for label, command in commands(source, options).items()
        }
        samples = play(ways, options.rounds)
    print(*table(samples, "rows", [LIMIT], ("cpu", "wall")), sep="\n")
    print(agreement(seen))
    print(load())


if __name__ == "__main__":
    main()
