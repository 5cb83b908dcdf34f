"""One run of a set, small enough to be sent to another process, and what became of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mobench.config import TrainConfig
from mobench.errors import Interrupted, MobenchError

if TYPE_CHECKING:
    from mobench.artifacts import Artifact
    from mobench.training.plan import Plan


Look = Callable[[int, int, int, int], None]
"""Is told the number of a task, and its epoch, step and steps."""


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


def at_once(tasks: Sequence[Task], look: Look) -> Iterator[tuple[int, Outcome]]:
    """Do tasks that can be joined at once, as one model; yield number and outcome of each.

    Raises:
        Interrupted: Ctrl-C; all were saved.
    """
    from mobench.training.run import plan, up_to_date
    from mobench.training.run_together import together

    plans = [plan(each.config, each.dataset, each.base, each.path) for each in tasks]
    left = []
    for number, (task, todo) in enumerate(zip(tasks, plans, strict=True)):
        is_there = not task.replace and todo.path.exists()
        if is_there and (found := up_to_date(todo)):
            yield number, Outcome(found.manifest.results, fresh=False)
        else:
            left.append(number)
    for group in together([plans[number] for number in left]):
        yield from _group(tasks, plans, [left[place] for place in group], look)


def _group(
    tasks: Sequence[Task], plans: "Sequence[Plan]", numbers: Sequence[int], look: Look
) -> Iterator[tuple[int, Outcome]]:
    """Do the tasks of a group; what keeps one from beginning keeps all."""
    from mobench.training.run_together import train_together

    def track(steps: Iterable[int], epoch: int, total: int) -> Iterator[int]:
        for step in steps:
            look(numbers[0], epoch, step, total)
            yield step

    mine, told = [plans[number] for number in numbers], set()
    trials, replace = [tasks[number].trials for number in numbers], tasks[numbers[0]].replace
    try:
        for place, found in train_together(mine, replace=replace, track=track, trials=trials):
            told.add(place)
            yield numbers[place], ended(found)
    except Interrupted:
        raise
    except MobenchError as error:
        for place in sorted({*range(len(numbers))} - told):
            yield numbers[place], Outcome({}, error=error)


def ended(found: "Artifact | MobenchError") -> Outcome:
    """Return the outcome of a run that was trained with others; its time is its share."""
    if isinstance(found, MobenchError):
        return Outcome({}, error=found)
    results = found.manifest.results
    return Outcome(results, seconds=results["seconds"])
