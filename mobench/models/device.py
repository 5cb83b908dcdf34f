"""Where to compute, and with how many threads."""

import os

import torch

from mobench.errors import ConfigError

FLOATS_PER_THREAD = 1 << 23
"""Parameters from which a second thread pays; below it threads cost more than they bring."""


def pick_device(wanted: str) -> str:
    """Return ``cpu`` or ``cuda`` for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        ConfigError: CUDA was asked for and there is none.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ConfigError("--device cuda: no CUDA device was found", "use --device cpu or auto.")
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wanted


def usable_cpus() -> int:
    """Return how many CPUs this process may use: fewer than there are in many containers."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_threads(wanted: int, n_parameters: int) -> int:
    """Set the CPU threads by a fixed rule of the problem's size; return their number.

    The rule looks at nothing that changes from run to run, so that equal runs give equal bytes.

    Args:
        wanted: A number of threads, or 0 for the rule.
        n_parameters: Size of the model.
    """
    rule = 1 + n_parameters // FLOATS_PER_THREAD
    threads = wanted or max(1, min(rule, os.cpu_count() or 1))
    torch.set_num_threads(threads)
    return threads
