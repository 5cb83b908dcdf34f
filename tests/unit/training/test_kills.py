"""Runs that are killed at random steps and writes, again and again, end in the same bytes."""

import itertools
import os
import random
import signal
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import torch

from mobench.artifacts import Artifact, partial
from mobench.errors import Interrupted
from mobench.training.run import resume, train
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import content

pytestmark = pytest.mark.slow
KILLS = 8
"""For each kind of run; there are 40 in all."""
EVENTS = 40
"""A process is killed within so many steps and writes, of which an epoch has about 25."""
SASREC = {"backbone": "sasrec", "embedding_size": 8, "max_length": 5, "n_blocks": 1}
KINDS = {
    "base": {"method": "base", "epochs": 4},
    "draw": {"epochs": 4},
    "reweight": {"epochs": 4, "sampler_mode": "reweight"},
    "guard": {"epochs": 4, "keep_accuracy": 0.97},
    "sasrec": {"method": "base", "epochs": 4, "batch_size": 8, **SASREC},
}


class Doom:
    """Kills its own process at the given event: before a step, before or after a write."""

    def __init__(self, at: int, number: int) -> None:
        self.at, self.number = at, number
        self.events = itertools.count(1)

    def __call__(self) -> None:
        if next(self.events) == self.at:
            os.kill(os.getpid(), self.number)

    def track(self, steps: Iterable[int], epoch: int, total: int) -> Iterator[int]:
        for step in steps:
            self()
            yield step

    def watch(self, name: str) -> None:
        """Count the calls of a method of ``Path`` as two events, one before and one after."""
        plain = getattr(Path, name)

        def watched(path: Path, *args: object, **words: object) -> object:
            self()
            found = plain(path, *args, **words)
            self()
            return found

        setattr(Path, name, watched)


def doomed(root: Path, name: str, values: dict[str, object], base: Path | None, doom: Doom) -> int:
    """Train, or resume, in a process of its own; return how it ended."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        for method in ("write_bytes", "replace", "rename", "unlink"):
            doom.watch(method)
        todo = make_plan(root, name, base, **values)
        begun = (partial(todo.path) / "config.json").is_file()
        track = doom.track
        finish(resume(todo.path, track=track)[1] if begun else train(todo, track=track))
        code = 0
    except (Interrupted, KeyboardInterrupt):
        code = 130
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


@pytest.mark.parametrize("kind", KINDS)
def test_any_moment_is_a_good_one_to_be_killed(root, base, kind):
    values = KINDS[kind]
    start = None if values.get("method") == "base" else base
    whole = trained(root, f"whole-{kind}", start, **values)
    torch.set_num_threads(1)
    chance, name = random.Random(kind), f"killed-{kind}"
    done, ends = root / "runs" / name, []
    while len(ends) - ends.count(0) < KILLS:
        number = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGINT])
        ends.append(doomed(root, name, values, start, Doom(chance.randint(1, EVENTS), number)))
        assert ends[-1] in (0, -signal.SIGKILL, 130)
        assert done.exists() == (done / "manifest.json").is_file()
        if done.exists():
            Artifact.open(done).verify()
            assert content(Artifact.open(done)) == content(whole)
            done.rename(root / "runs" / f"{name}-{len(ends)}")
    assert {-signal.SIGKILL, 130} <= {*ends}
    assert doomed(root, name, values, start, Doom(10**9, signal.SIGKILL)) == 0
    assert content(Artifact.open(done)) == content(whole)
    assert not partial(done).exists()
