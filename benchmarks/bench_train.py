"""Training, one thread: an epoch of mobench's base and of MoRec beside other MF-BPR loops.

    python benchmarks/bench_train.py [--data synthetic,demo] [--rows 950000] [--rounds 3]
    python benchmarks/bench_train.py --scale electronics [--device cuda]

A pair is a positive and one of its negatives. An epoch is timed with the drawing of its batches and
without validation, which is timed apart; with ``--scale`` also with it.
"""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch
from bench_data import write_dense, write_sized
from bench_peers import VECTORISED, Plain, Turn, peers
from bench_rounds import Clock, Sample, Samples, load, play, ratios, spread, table

from mobench.config import PrepConfig, TrainConfig, build
from mobench.data.dataset import Dataset
from mobench.data.prep import prepare
from mobench.training.loop import fit
from mobench.training.run import plan, train
from mobench.training.start import begin, make_loop

BASE = "mobench base"
BASES: dict[str, dict[str, object]] = {
    BASE: {},
    "mobench base, torch alone": {"engine": "torch"},
    "mobench base, lazy-adam": {"optimizer": "lazy-adam"},
}
ELECTRONICS, ELECTRONICS_ROWS = (124_916, 44_847), 823_008 + 2 * 124_916
"""Users and items; rows that leave 823,008 for training when two of each user are held out."""
MOREC = {
    "mobench morec, draw, 1 auxiliary": ("draw", "acc,fair"),
    "mobench morec, draw, 3 auxiliary": ("draw", "acc,rev,fair,align"),
    "mobench morec, reweight, 3 auxiliary": ("reweight", "acc,rev,fair,align"),
}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="synthetic,demo", help="synthetic, demo or both")
    parser.add_argument("--rows", type=int, default=950_000, help="rows of the synthetic data")
    parser.add_argument("--rounds", type=int, default=3, help="turns of every way")
    parser.add_argument("--steps", type=int, default=200, help="steps of ways that are scaled")
    size = build(TrainConfig, {}).batch_size
    parser.add_argument("--batch-size", type=int, default=size, help="positives per block")
    parser.add_argument("--scale", choices=["electronics"], help="only MoRec epochs of that size")
    parser.add_argument("--device", default="cpu", help="of --scale: cpu or cuda")
    parser.add_argument("--seed", type=int, default=1, help="seed of the data")
    return parser.parse_args()


def dataset(kind: str, folder: Path, options: argparse.Namespace) -> Path:
    """Prepare a dataset artifact."""
    values: dict[str, object] = {"source": ("demo",)}
    reviews, meta = folder / "reviews.csv", folder / "meta.jsonl"
    if kind == "synthetic":
        write_dense(reviews, meta, options.rows, options.seed)
    if kind == "electronics":
        write_sized(reviews, meta, ELECTRONICS, ELECTRONICS_ROWS, options.seed)
    if kind != "demo":
        values = {"source": (str(reviews),), "meta": (str(meta),), "min_rating": 1}
        values |= {"k_core": 1} if kind == "electronics" else {}
    return prepare(build(PrepConfig, values), folder / kind).artifact.path


@dataclass
class Mobench:
    """A mobench run of which each turn is one epoch."""

    settings: dict[str, object]
    data: Path
    base: Path | None
    path: Path
    engine: str = ""
    validation: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Plan the run; nothing of it is published."""
        config = build(TrainConfig, self.settings)
        todo = plan(config, self.data, self.base, self.path)
        self.loop = make_loop(todo)
        self.state = begin(todo, self.loop)
        self.state.engine = self.engine or self.state.engine
        self.loop.track = self._watched
        self.records = fit(self.state, self.loop)
        self.blocks = len(config.loss_names) if config.sampler_mode == "draw" else 1
        self.pairs = todo.steps_per_epoch * config.batch_size * self.blocks * config.n_negatives

    def _watched(self, steps: Iterable[int], epoch: int, total: int) -> Iterator[int]:
        yield from steps
        self.trained = self.clock.sample(self.pairs)

    def epoch(self) -> Sample:
        """Train and validate for an epoch; return the time of the training."""
        self.clock = Clock()
        next(self.records)
        whole = self.clock.sample(1)
        self.whole.append(whole.wall)
        self.validation.append(whole.cpu - self.trained.cpu)
        return self.trained


def runs(data: Path, folder: Path, rounds: int, size: int) -> dict[str, Mobench]:
    """Return mobench's ways, MoRec's from a base of one epoch."""
    start = folder / "base"
    fixed = {"threads": 1, "device": "cpu", "batch_size": size}
    config = build(TrainConfig, {"method": "base", "epochs": 1, **fixed})
    for _ in train(plan(config, data, None, start)):
        pass
    settings = {**fixed, "epochs": rounds}
    found = {}
    for label, values in BASES.items():
        engine = str(values.get("engine", ""))
        values = {"method": "base", "patience": rounds + 1, **settings, **values}
        values.pop("engine", None)
        found[label] = Mobench(values, data, None, folder / "timed", engine)
    for label, (mode, objectives) in MOREC.items():
        values = {**settings, "sampler_mode": mode, "objectives": objectives}
        found[label] = Mobench(values, data, start, folder / "timed")
    return found


def costs(samples: Samples, mine: dict[str, Mobench]) -> None:
    """Print what MoRec costs beside the base, an epoch and a positive."""
    print("\n| CPU × base | an epoch | a positive | blocks |\n| --- | ---: | ---: | ---: |")
    for label in MOREC:
        pairs = zip(samples[label], samples[BASE], strict=True)
        epoch = spread([turn.cpu / base.cpu for turn, base in pairs])
        positive = spread(ratios(samples, label, BASE))
        print(f"| {label} | {epoch} | {positive} | {mine[label].blocks} |")


def electronics(options: argparse.Namespace) -> None:
    """Print the seconds of a MoRec epoch at the size of Amazon Electronics."""
    settings: dict[str, object] = {
        "device": options.device,
        "batch_size": options.batch_size,
        "epochs": options.rounds,
    }
    with TemporaryDirectory(prefix="mobench-bench-") as name:
        folder = Path(name)
        data = dataset("electronics", folder, options)
        print(f"\nelectronics, {options.device}, batch {options.batch_size} a block; {load()}\n")
        print("| an epoch | blocks | engine | training, s | with validation, s |")
        print("| --- | ---: | --- | ---: | ---: |")
        for optimizer in ("adam", "lazy-adam"):
            start = folder / optimizer
            base = {"method": "base", "optimizer": optimizer, **settings, "epochs": 1}
            for _ in train(plan(build(TrainConfig, base), data, None, start)):
                pass
            torch.set_num_threads(1)
            for mode in ("draw", "reweight"):
                run = Mobench({**settings, "sampler_mode": mode}, data, start, folder / "timed")
                wall = spread([run.epoch().wall for _ in range(options.rounds)])
                label = f"morec, {mode}, {optimizer}"
                cells = label, str(run.blocks), run.state.engine, wall, spread(run.whole)
                print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Make the data, run the rounds, print the tables."""
    options = arguments()
    torch.manual_seed(options.seed)
    if options.scale:
        electronics(options)
        return
    torch.set_num_threads(1)
    for kind in options.data.split(","):
        with TemporaryDirectory(prefix="mobench-bench-") as name:
            folder = Path(name)
            path = dataset(kind, folder, options)
            data = Dataset.load(path)
            mine = runs(path, folder, options.rounds, options.batch_size)
            plain = Plain(
                data, build(TrainConfig, {"batch_size": options.batch_size}), options.steps
            )
            n_train = len(data.splits["train"])
            print(f"\n{kind}: {n_train} train rows, {data.n_users} users × {data.n_items} items;")
            print(
                f"batch {plain.config.batch_size}, {plain.config.n_negatives} negatives; {load()}\n"
            )
            turns: dict[str, Turn] = {label: run.epoch for label, run in mine.items()}
            samples = play(turns | peers(plain, folder), options.rounds)
        print(*table(samples, "pairs", [BASE, VECTORISED]), sep="\n")
        costs(samples, mine)
        print("\nmean loss by epoch:")
        curves = {label: [row["loss"] for row in mine[label].state.history] for label in BASES}
        for label, losses in {**curves, VECTORISED: plain.losses}.items():
            print(f"{label}: {', '.join(f'{loss:.4f}' for loss in losses)}")
        print(f"validation of {BASE}: {median(mine[BASE].validation):.3g} CPU s an epoch")
        print(load())


if __name__ == "__main__":
    main()
