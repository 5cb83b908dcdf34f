"""Several runs in lockstep, a joint step at a time; everything between steps is each run's own."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from mobench.errors import Interrupted, MobenchError, TrainingError
from mobench.training.joint import JointStep
from mobench.training.loop import Loop, Track, check_finite, end_epoch, open_epoch
from mobench.training.saving import Saver
from mobench.training.state import TrainState

SAVE_EVERY = 30.0
"""Seconds between two savings of all runs; Ctrl-C and the last epoch save at once."""


@dataclass
class Mate:
    """One of the runs.

    Attributes:
        error: Why it ended early.
    """

    state: TrainState
    loop: Loop
    saver: Saver
    error: MobenchError | None = None

    @property
    def left(self) -> bool:
        """Whether there is something to train."""
        ended = self.error or self.state.stopped
        return not ended and self.state.epoch < self.loop.config.max_epochs

    @property
    def place(self) -> tuple[int, int]:
        """Epochs and steps behind it."""
        return self.state.epoch, self.state.step

    def attempt(self, what: Callable[[], object]) -> None:
        """Do something that may show that this run has diverged; the others go on."""
        try:
            with self.saver.explained():
                what()
        except TrainingError as error:
            self.error = error


def fit_together(mates: Sequence[Mate], track: Track, stop: Callable[[], bool]) -> Iterator[Mate]:
    """Train all runs and yield each as it ends, with its error if it failed.

    Runs that were interrupted at different places meet again: those behind go first.

    Args:
        mates: The runs; their data and all settings that shape a step are the same.
        track: Shows progress over the steps of an epoch.
        stop: Asked after every step.

    Raises:
        Interrupted: ``stop`` said so; all runs were saved.
    """
    waiting, saved = list(mates), time.perf_counter()
    while waiting:
        for mate in [mate for mate in waiting if not mate.left]:
            waiting.remove(mate)
            yield mate
        behind = min((mate.place for mate in waiting), default=None)
        group = [mate for mate in waiting if mate.place == behind]
        stopped = bool(group) and epoch_together(group, track, stop)
        alive = [mate for mate in waiting if not mate.error]
        late = time.perf_counter() - saved > SAVE_EVERY
        for mate in alive:
            if stopped or late or not mate.left:
                mate.saver()
        if stopped:
            raise Interrupted(f"saved {len(alive)} runs")
        saved = time.perf_counter() if late else saved


def epoch_together(group: Sequence[Mate], track: Track, stop: Callable[[], bool]) -> bool:
    """Train runs that stand at one place to the end of its epoch, or until one of them fails.

    Every run is charged its share of the time.

    Returns:
        Whether ``stop`` said so.
    """
    started, states, config = time.perf_counter(), [m.state for m in group], group[0].loop.config
    for mate in group:
        open_epoch(mate.state, mate.loop)
    joint = JointStep(states, [mate.loop for mate in group])
    first, total, stopping = states[0].step, len(joint.batches), False
    for index in track(range(first, total), states[0].epoch + 1, total):
        joint(index)
        done, stopping = index + 1, stop()
        look = done % config.log_every == 0 or done == total or stopping
        fine = not look or joint.finite(max(first, done - config.log_every), done)
        if done < total and (stopping or not fine):
            break
    joint.close(done)
    share = (time.perf_counter() - started) / len(group)
    for mate in group:
        mate.state.seconds += share
        if not fine:
            mate.attempt(partial(check_finite, mate.state, mate.loop.config))
        if done == total and not mate.error:
            begun = time.perf_counter() - mate.state.seconds
            mate.attempt(partial(end_epoch, mate.state, mate.loop, begun))
    return stopping
