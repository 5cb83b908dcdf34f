"""Tasks done one after another here, or by several processes at once.

A process does one task after another. It has a session of its own, so that Ctrl-C reaches it once,
from here; one that dies takes only its task with it.
"""

import os
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import connection, get_context
from typing import Any

from mobench.cli.task import Look, Outcome, Task, at_once, work
from mobench.errors import Interrupted, MobenchError, TrainingError

Pipe = Any  # typeshed's Connection is generic in newer versions only
POLL = 0.2
"""Seconds between two looks at whether Ctrl-C was pressed; and between two words of a process."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def outcomes(tasks: Sequence[Task], jobs: int, look: Look) -> Iterator[tuple[int, Outcome]]:
    """Do all tasks and yield number and outcome of each as it ends; failures are outcomes.

    Args:
        tasks: What to do.
        jobs: Processes at once; with 1 everything is done here, with 0 also everything at once.
        look: Shows progress.

    Raises:
        Interrupted: Ctrl-C; what was begun has saved its state.
    """
    if min(jobs, len(tasks)) > 1:
        yield from by_processes(tasks, min(jobs, len(tasks)), look)
        return
    if not jobs:
        yield from at_once(tasks, look)
        return
    for number, task in enumerate(tasks):
        try:
            outcome = work(task, partial(look, number))
        except Interrupted:
            raise
        except MobenchError as error:
            outcome = Outcome({}, error=error)
        yield number, outcome


def by_processes(tasks: Sequence[Task], jobs: int, look: Look) -> Iterator[tuple[int, Outcome]]:
    """Do the same with ``jobs`` processes."""
    from mobench.training.interrupt import StopRequest

    left, workers = deque(enumerate(tasks)), [Worker() for _ in range(jobs)]
    with StopRequest() as stop:
        try:
            while left or any(worker.task is not None for worker in workers):
                for worker in workers:
                    if worker.task is None and left:
                        worker.begin(*left.popleft())
                yield from heard(workers, look)
                if stop():
                    left.clear()
                    for worker in workers:
                        worker.stop()
            for worker in workers:
                worker.end()
        finally:
            for worker in workers:
                worker.process.kill()
        if stop():
            raise Interrupted("saved what was begun")


def heard(workers: "list[Worker]", look: Look) -> Iterator[tuple[int, Outcome]]:
    """Listen for a moment; yield what has ended, and replace processes that died."""
    speaking = connection.wait([worker.pipe for worker in workers], POLL)
    for place, worker in enumerate(workers):
        if worker.pipe not in speaking:
            continue
        try:
            said = worker.pipe.recv()
        except (EOFError, ConnectionResetError):
            workers[place] = Worker()
            said = Outcome({}, error=worker.death())
        number, worker.ready = worker.task, True
        if isinstance(said, Outcome):
            worker.task = None
            if number is not None and not isinstance(said.error, Interrupted):
                yield number, said
        elif said and number is not None:
            look(number, *said)


class Worker:
    """A process that waits for tasks.

    Attributes:
        pipe: Tasks go there, outcomes and (epoch, step, steps) come back, at first an empty word.
        process: The process.
        task: The number of the task that it is at.
        ready: Whether it was heard of.
        told: Whether it was asked to stop.
    """

    def __init__(self) -> None:
        self.task: int | None = None
        self.ready = self.told = False
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        with inherited():
            self.process.start()
        theirs.close()

    def begin(self, number: int, task: Task) -> None:
        """Give it a task."""
        self.task = number
        with suppress(BrokenPipeError):  # a dead process is noticed when it is listened to
            self.pipe.send(task)

    def stop(self) -> None:
        """Ask it to save and stop, once; a process that is still starting has nothing to save."""
        if self.task is not None and not self.told:
            self.told = True
            if self.ready and self.process.pid:
                os.kill(self.process.pid, signal.SIGINT)
            else:
                self.process.kill()
                self.task = None

    def end(self) -> None:
        """Let it end."""
        self.pipe.close()
        self.process.join()

    def death(self) -> MobenchError:
        """Return what to say of a process that ended by itself."""
        self.process.join()
        code = self.process.exitcode or 0
        if code < 0:
            what = f"its process was ended by signal {-code}"
            return TrainingError(what, "if memory ran out, use fewer --jobs.")
        return MobenchError(f"its process ended with code {code}", "its traceback is above.")


@contextmanager
def inherited() -> Iterator[None]:
    """Let processes that start be deaf to Ctrl-C at first, and their libraries see one thread."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def serve(pipe: Pipe) -> None:
    """Do the tasks that come through a pipe until it is closed."""
    os.setsid()
    asked: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    said = 0.0

    def watch(epoch: int, step: int, total: int) -> None:
        nonlocal said
        if asked:  # before training could hear it
            os.kill(os.getpid(), asked.pop())
        if time.perf_counter() - said > POLL:
            said = time.perf_counter()
            pipe.send((epoch, step, total))

    pipe.send(())
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            outcome = work(task, watch)
        except MobenchError as error:
            outcome = Outcome({}, error=error)
        pipe.send(outcome)
