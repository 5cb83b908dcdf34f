"""How many CPU threads a run gets: a fixed rule, a number, or what a few real steps say."""

import time

import torch

from mobench.models.device import set_threads, usable_cpus
from mobench.training.loop import Loop, begin_epoch, make_step
from mobench.training.plan import Plan
from mobench.training.start import begin, make_loop
from mobench.training.state import TrainState

ROUNDS = 5
STEPS = 4
"""Steps that are timed at once, after one that is not."""
GAIN = 0.95
"""More threads are taken where they need at most this share of the time."""


def choose_threads(plan: Plan) -> int:
    """Set the threads of a run and return their number.

    ``auto`` times real steps, and does so on a CPU only: a GPU's steps are not made of threads.
    """
    wanted = plan.config.threads
    if wanted != "auto":
        return set_threads(wanted, plan.n_parameters)
    untrained = plan.vectors or plan.candidates or plan.config.method in ("popularity", "rerank")
    if plan.device != "cpu" or untrained:
        return set_threads(0, plan.n_parameters)
    return set_threads(quickest(measure(plan)), plan.n_parameters)


def measure(plan: Plan) -> dict[int, float]:
    """Return the seconds of a step by number of threads: 1, 2, 4 … and all CPUs.

    The steps belong to a run that is thrown away; rounds alternate between the numbers, and the
    least of each counts, so that what else the machine does weighs little.
    """
    loop = make_loop(plan)
    state = begin(plan, loop)
    cpus = usable_cpus()
    counts = sorted({cpus, *(1 << power for power in range(cpus.bit_length()))})
    seconds = dict.fromkeys(counts, float("inf"))
    for _ in range(ROUNDS):
        for count in counts:
            torch.set_num_threads(count)
            seconds[count] = min(seconds[count], timed(state, loop))
    return seconds


def timed(state: TrainState, loop: Loop) -> float:
    """Return the mean seconds of a few steps from the epoch's first on."""
    batches = begin_epoch(state, loop)
    step = make_step(state, loop)
    step(loop.data, batches[0])
    started = time.perf_counter()
    for index in range(STEPS):
        step(loop.data, batches[index % len(batches)])
    return (time.perf_counter() - started) / STEPS


def quickest(seconds: dict[int, float]) -> int:
    """Return the number of threads to use: fewer, unless more are quicker by a margin.

    Args:
        seconds: Of a step, by number of threads.
    """
    best = min(seconds)
    for count in sorted(seconds):
        if seconds[count] <= GAIN * seconds[best]:
            best = count
    return best
