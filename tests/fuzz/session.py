"""Inputs checked one after another: failures kept, outcomes counted."""

import json
import random
import shutil
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

from tests.fuzz.cases import PREFIX, check, seeds, split
from tests.fuzz.mutate import mutated

EVERY = 100
"""Inputs after which the counts are saved."""


class Session:
    """Checks inputs, keeps failures, and counts what became of them.

    Args:
        findings: The folder for inputs that fail, one for each place in the code.
        folder: Where files are made and removed.
    """

    def __init__(self, findings: Path, folder: Path) -> None:
        self.findings, self.place = findings, folder / "case"
        self.counts: Counter[str] = Counter()

    def run(self, case: bytes) -> None:
        """Check one input."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                outcome = check(case, self.place)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as bug:  # a panic of polars is no Exception
            outcome = "failed"
            self._keep(case, bug)
        self.counts[f"{split(case)[1]} {outcome}"] += 1
        if self.counts.total() % EVERY == 0:
            self.save()

    def save(self) -> None:
        """Write the counts."""
        (self.findings / "counts.json").write_text(json.dumps(self.counts))

    def _keep(self, case: bytes, bug: BaseException) -> None:
        frame = traceback.extract_tb(bug.__traceback__)[-1]
        sample, kind, _, data = split(case)
        name = f"{sample.name} {kind} {type(bug).__name__} {Path(frame.filename).stem}"
        path = self.findings / f"{name.replace(' ', '-')}-{frame.lineno}"
        if not path.exists():
            path.write_bytes(case)
            text = "".join(traceback.format_exception(bug))
            path.with_name(path.name + ".txt").write_text(f"{data!r}\n\n{text}")


def damaged(case: bytes, draw: random.Random) -> bytes:
    """Return an input with a damaged file; sometimes it is checked in another way."""
    prefix = bytearray(case[:PREFIX].ljust(PREFIX, b"\0"))
    prefix[2] = draw.randrange(256)
    if draw.random() < 0.1:
        prefix[1] = draw.randrange(256)
    other = draw.choice(seeds())
    return bytes(prefix) + mutated(case[PREFIX:], other[PREFIX:], draw)


def by_chance(session: Session, seconds: float, runs: int, seed: int) -> None:
    """Check damaged samples."""
    draw, begin = random.Random(seed), seeds()
    end = time.monotonic() + seconds
    for number in range(runs):
        if time.monotonic() > end:
            break
        session.run(damaged(begin[number % len(begin)], draw))
    session.save()
