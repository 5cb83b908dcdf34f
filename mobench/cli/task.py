"""One run of a set, small enough to be sent to another process, and what became of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mobench.config import TrainConfig
from mobench.errors import MobenchError


class Watch(Protocol):
    """Is told where a run is: ``step`` of ``total`` in an epoch (0: of the settings tried)."""

    def __call__(self, epoch: int, step: int, total: int) -> None:
        """Look."""


@dataclass(frozen=True)
class Task:
    """A run that is to be there.

    Attributes:
        config: Its settings.
        dataset: The dataset artifact.
        base: The base run, for methods that start from one.
        path: Where the run goes.
        replace: Begin anew whatever is there.
        tries_only: Try the settings and leave the run begun.
        trials: Settings that were tried for it already.
    """

    config: TrainConfig
    dataset: Path
    base: Path | None
    path: Path
    replace: bool = False
    tries_only: bool = False
    trials: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        results: Those of the run, or ``trials``; nothing if it failed.
        fresh: Whether anything had to be done.
        seconds: How long that took.
        error: Why it failed.
    """

    results: dict[str, Any]
    fresh: bool = True
    seconds: float = 0.0
    error: MobenchError | None = None


def work(task: Task, watch: Watch) -> Outcome:
    """Do a task.

    Raises:
        MobenchError: It failed, or was interrupted and has saved its state.
    """
    import time

    from mobench.artifacts import Artifact
    from mobench.training.run import plan, search, take_up

    started = time.perf_counter()

    def track(steps: Iterable[int], epoch: int, total: int) -> Iterator[int]:
        for step in steps:
            watch(epoch, step, total)
            yield step

    todo = plan(task.config, task.dataset, task.base, task.path)
    if task.tries_only:
        trials = search(todo, replace=task.replace, track=track)
        return Outcome({"trials": trials}, seconds=time.perf_counter() - started)
    records = take_up(todo, replace=task.replace, track=track, trials=task.trials)
    for _ in records or ():
        pass
    results = Artifact.open(todo.path).manifest.results
    return Outcome(results, bool(records), time.perf_counter() - started)
