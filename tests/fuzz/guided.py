"""The coverage-guided fuzzer, a process of its own: libFuzzer does not return."""

import random
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["mobench"]):
    from tests.fuzz.cases import seeds
    from tests.fuzz.session import Session, damaged


def mutate(case: bytes, max_size: int, number: int) -> bytes:
    """Return another input: ours mostly, which keep files readable, sometimes libFuzzer's."""
    draw = random.Random(number)
    if draw.random() < 0.2:
        return bytes(atheris.Mutate(case, max_size))
    return damaged(case, draw)[:max_size]


def main(findings: str, seconds: str, runs: str, seed: str) -> None:
    """Fuzz until the time or the number of inputs is over."""
    corpus = Path(findings) / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, case in enumerate(seeds()):
        (corpus / f"seed-{number:03}").write_bytes(case)
    session = Session(Path(findings), Path(tempfile.mkdtemp()))
    limits = [f"-max_total_time={seconds}", f"-runs={runs}", f"-seed={seed}", "-max_len=20000"]
    words = [sys.argv[0], str(corpus), *limits, "-timeout=60", "-rss_limit_mb=4000"]
    atheris.Setup(words, session.run, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
