"""What the benchmarks share: clocks, interleaved rounds, and the table of ratios."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

Kind = Literal["cpu", "wall"]


@dataclass(frozen=True)
class Sample:
    """One way's turn in one round: seconds, units of work done in them, bytes at the peak."""

    wall: float
    cpu: float
    units: float
    peak: float = 0

    def per_unit(self, clock: Kind) -> float:
        """Return seconds of one unit."""
        return (self.wall if clock == "wall" else self.cpu) / self.units

    def scaled(self, units: float) -> "Sample":
        """Return what ``units`` would have taken at the same pace."""
        factor = units / self.units
        return Sample(self.wall * factor, self.cpu * factor, units)


@dataclass(frozen=True)
class Clock:
    """Wall and CPU time of this process since the clock was made."""

    wall: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=time.process_time)

    def sample(self, units: float) -> Sample:
        """Return the time so far."""
        return Sample(time.perf_counter() - self.wall, time.process_time() - self.cpu, units)


def timed_process(command: Sequence[str], cwd: Path, units: float) -> tuple[Sample, str]:
    """Run a process; return its time, children included, and its standard output.

    Raises:
        SystemExit: It failed.
    """
    started = time.perf_counter()
    with (cwd / "stdout").open("w+") as out, (cwd / "stderr").open("w+") as err:
        process = subprocess.Popen(command, cwd=cwd, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            err.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{err.read()}")
        out.seek(0)
        return Sample(
            wall, usage.ru_utime + usage.ru_stime, units, 1024 * usage.ru_maxrss
        ), out.read()


Samples = dict[str, list[Sample]]


def play(ways: Mapping[str, Callable[[], Sample]], rounds: int) -> Samples:
    """Let every way have its turn in every round; each round begins with another way."""
    names = list(ways)
    samples: Samples = {name: [] for name in names}
    for r in range(rounds):
        first = r % len(names)
        for name in names[first:] + names[:first]:
            samples[name].append(ways[name]())
    return samples


def ratios(samples: Samples, way: str, over: str, clock: Kind = "cpu") -> list[float]:
    """Return the seconds per unit of ``way`` over those of another way, a value per round."""
    pairs = zip(samples[way], samples[over], strict=True)
    return [a.per_unit(clock) / b.per_unit(clock) for a, b in pairs]


def spread(values: Sequence[float]) -> str:
    """Return ``median (min–max)``."""
    low, middle, high = (f"{v:.3g}" for v in (min(values), median(values), max(values)))
    return f"{middle} ({low}–{high})" if len(values) > 1 else middle


def table(
    samples: Samples, unit: str, against: Sequence[str], clocks: Sequence[Kind] = ("cpu",)
) -> Iterator[str]:
    """Yield the lines of a Markdown table.

    Args:
        samples: What ``play`` returned.
        unit: What is counted; rates are units per CPU second.
        against: Ways to compare all ways with, per unit.
        clocks: The clocks by which to compare.
    """
    compared = [(clock, over) for over in against for clock in clocks]
    heads = [f"{'CPU' if clock == 'cpu' else clock} × {over}" for clock, over in compared]
    has_peak = any(turn.peak for turns in samples.values() for turn in turns)
    heads += ["peak MB"] * has_peak
    yield f"| way | wall s | CPU s | {unit}/CPU s | {' | '.join(heads)} |"
    yield "| --- |" + " ---: |" * (3 + len(heads))
    for name, turns in samples.items():
        rate = f"{median(1 / turn.per_unit('cpu') for turn in turns):,.0f}"
        cells = [spread([t.wall for t in turns]), spread([t.cpu for t in turns]), rate]
        cells += [spread(ratios(samples, name, over, clock)) for clock, over in compared]
        cells += [f"{max(turn.peak for turn in turns) / 1e6:,.0f}"] * has_peak
        yield f"| {' | '.join([name, *cells])} |"


def load() -> str:
    """Return the load averages of the machine over 1, 5 and 15 minutes."""
    return "load average " + " ".join(f"{value:.2f}" for value in os.getloadavg())
