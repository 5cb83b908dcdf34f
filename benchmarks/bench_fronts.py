"""A front of R runs trained at once as one model, beside the same runs one after another.

    python benchmarks/bench_fronts.py [--runs 4,16] [--device cuda] [--rounds 3]
    python benchmarks/bench_fronts.py --scale electronics --device cuda

MoRec on MF, a preference per run. A pair is a positive and one of its negatives, of one run. An
epoch is timed with the drawing of its batches and with the validation of every run; apart from it
the table of shares has the steps alone.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from bench_rounds import Clock, Sample, Samples, load, play, spread, table
from bench_train import dataset

from mobench.config import TrainConfig, build
from mobench.config.lattice import lattice
from mobench.training.data import TrainData
from mobench.training.loop import Loop, fit
from mobench.training.run import Plan, plan, train
from mobench.training.run_together import Common, start
from mobench.training.start import begin, make_loop
from mobench.training.together import Mate, epoch_together

ONE, TORCH = "one run", "one run, torch"
"""With native code where that is used, and without: runs at once are always torch."""


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", default="4,16", help="runs of a front")
    parser.add_argument("--modes", default="draw,reweight", help="sampler modes")
    parser.add_argument("--scale", choices=["demo", "synthetic", "electronics"], default="demo")
    parser.add_argument("--rows", type=int, default=950_000, help="rows of the synthetic data")
    parser.add_argument("--rounds", type=int, default=3, help="epochs of every way")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--seed", type=int, default=1, help="seed of the data")
    return parser.parse_args()


def wait(device: str) -> None:
    """Wait for what a GPU has still to do."""
    if device == "cuda":
        torch.cuda.synchronize()


class Steps:
    """Times the steps of epochs apart from all else."""

    def __init__(self, device: str) -> None:
        self.device, self.wall = device, 0.0

    def __call__(self, steps: Iterable[int], epoch: int, total: int) -> Iterator[int]:
        """Yield the steps."""
        clock = Clock()
        yield from steps
        wait(self.device)
        self.wall += clock.sample(1).wall


def alone(
    plans: Sequence[Plan], pairs: int, steps: Steps, engine: str = ""
) -> Callable[[], Sample]:
    """Return a turn that trains an epoch of each run, one after another."""
    records = []
    for each in plans:
        loop: Loop = make_loop(each)
        state = begin(each, loop)
        state.engine = engine or state.engine
        loop.track = steps
        records.append(fit(state, loop))

    def turn() -> Sample:
        clock = Clock()
        for each in records:
            next(each)
        return clock.sample(len(plans) * pairs)

    return turn


def at_once(plans: Sequence[Plan], pairs: int, steps: Steps) -> Callable[[], Sample]:
    """Return a turn that trains an epoch of all runs at once."""

    class Draft:  # nothing is written: a turn ends before anything is saved
        work = Path()

    common = Common(TrainData.load(plans[0].dataset, plans[0].device))
    mates: list[Mate] = [start(each, Draft(), common) for each in plans]  # type: ignore[arg-type]

    def turn() -> Sample:
        clock = Clock()
        epoch_together(mates, steps, lambda: False)
        return clock.sample(len(plans) * pairs)

    return turn


def ways(
    data: Path, base: Path, mode: str, options: argparse.Namespace
) -> tuple[dict[str, Callable[[], Sample]], dict[str, Steps]]:
    """Return the turns of one run, and of R runs in both ways."""
    sizes = [int(word) for word in options.runs.split(",")]
    wishes = lattice(3, max(sizes))

    def plans(n: int) -> list[Plan]:
        shared = {"sampler_mode": mode, "epochs": options.rounds, "device": options.device}
        configs = [build(TrainConfig, {**shared, "preference": wish}) for wish in wishes[:n]]
        first = plan(configs[0], data, base, data.parent / "timed")
        return [plan(config, data, base, first.path) for config in configs]

    first = plans(1)
    config = first[0].config
    blocks = len(config.loss_names) if mode == "draw" else 1
    pairs = first[0].steps_per_epoch * config.batch_size * blocks * config.n_negatives
    clocks = {name: Steps(options.device) for name in (ONE, TORCH)}
    turns = {ONE: alone(first, pairs, clocks[ONE])}
    turns[TORCH] = alone(first, pairs, clocks[TORCH], "torch")
    for n in sizes:
        kinds = {"alone": alone, "alone, torch": partial(alone, engine="torch"), "at once": at_once}
        for kind, way in kinds.items():
            label = f"{n} runs, {kind}"
            clocks[label] = Steps(options.device)
            turns[label] = way(plans(n), pairs, clocks[label])
    return turns, clocks


def summary(samples: Samples, clocks: dict[str, Steps]) -> None:
    """Print how many times one run's time a front takes."""
    print("\n| wall × one run | an epoch | its steps | steps × one run, torch |")
    print("| --- | ---: | ---: | ---: |")
    for name, turns in samples.items():
        whole = [t.wall / one.wall for t, one in zip(turns, samples[ONE], strict=True)]
        steps = [clocks[name].wall / clocks[over].wall for over in (ONE, TORCH)]
        print(f"| {name} | {spread(whole)} | {steps[0]:.3g} | {steps[1]:.3g} |")


def main() -> None:
    """Make the data and a base, run the rounds, print the tables."""
    options = arguments()
    torch.set_num_threads(1)
    with TemporaryDirectory(prefix="mobench-bench-") as name:
        folder = Path(name)
        data, base = dataset(options.scale, folder, options), folder / "base"
        settings = {"method": "base", "epochs": 1, "device": options.device}
        for _ in train(plan(build(TrainConfig, settings), data, None, base)):
            pass
        torch.set_num_threads(1)
        for mode in options.modes.split(","):
            turns, clocks = ways(data, base, mode, options)
            print(f"\n{options.scale}, {options.device}, mode {mode}; {load()}\n")
            samples = play(turns, options.rounds)
            print(*table(samples, "pairs", [ONE, TORCH], ("cpu",)), sep="\n")
            summary(samples, clocks)


if __name__ == "__main__":
    main()
