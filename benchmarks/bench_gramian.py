"""A step of MGDA at the size of Amazon Electronics, beside dense gradients and a static step.

    python benchmarks/bench_gramian.py [--batch-size 1024] [--negatives 10] [--rounds 5]

MF of 124,916 users × 44,847 items × 64, four losses on one block. A step begins with drawing its
negatives and ends with the optimiser. All ways move the same model on the same rows. One thread.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import torch
from bench_rounds import Clock, Sample, load, play, table

from mobench.config import TrainConfig, build
from mobench.data.dataset import Items
from mobench.models import MF
from mobench.seeds import Seeds
from mobench.training.batches import Rows, Scorer
from mobench.training.coordinator import Fixed
from mobench.training.data import TrainData
from mobench.training.gradients import jacobian
from mobench.training.native import NativeStep
from mobench.training.native_solved import NativeSolved
from mobench.training.negatives import NegativeSampler, Seen
from mobench.training.optimizer import Adam, add_decay, make_optimizer
from mobench.training.solved import Solved
from mobench.training.solver import make_solver
from mobench.training.step import GramianStep, Step, values
from mobench.training.substitutes import Substitutes

NAMES = ("acc", "rev", "fair", "align")
WISHES = (0.4, 0.2, 0.2, 0.2)
MGDA, STATIC, DENSE = "mgda", "static", "mgda, dense gradients"
TORCH = " in torch"
WEIGHT_DECAY, STILL = 1e-5, "no optimiser"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=124_916, help="rows of the user table")
    parser.add_argument("--items", type=int, default=44_847, help="rows of the item table")
    parser.add_argument("--rows", type=int, default=823_008, help="train rows")
    parser.add_argument("--batch-size", type=int, default=1024, help="positives of a step")
    parser.add_argument("--negatives", type=int, default=10, help="negatives per positive")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every way")
    parser.add_argument("--steps", type=int, default=10, help="steps of a turn")
    parser.add_argument("--seed", type=int, default=1, help="seed of the data")
    return parser.parse_args()


def popular(n: int, size: int, rng: np.random.Generator) -> torch.Tensor:
    """Draw ``size`` of n codes, the first ones more often (Zipf's law with exponent 0.8)."""
    mass = np.arange(1, n + 1) ** -0.8
    return torch.from_numpy(rng.choice(n, size, p=mass / mass.sum()))


def synthetic(options: argparse.Namespace) -> tuple[TrainData, Items]:
    """Return train rows and items."""
    rng = Seeds(options.seed).numpy("benchmark")
    sizes = (options.users, options.items)
    users, items = (popular(n, options.rows, rng) for n in sizes)
    counts = torch.bincount(items, minlength=options.items)
    price, group = rng.lognormal(3, 1, options.items), rng.integers(0, 10, options.items)
    group, n_train = group.astype(np.int16), counts.numpy().astype(np.int32)
    facts = Items(price, price, group, group, n_train)
    return TrainData(users, items, counts, Seen(users, items, *sizes), "cpu"), facts


class DenseStep(Step):
    """MGDA as published code has it: a dense gradient per loss, then all of them side by side."""

    def descend(self, scorer: Scorer, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Move the model; return losses and weights."""
        losses = self.separate(scorer, batch)
        detached = values(losses)
        parts = jacobian(losses, list(self.model.parameters()), [])
        by_loss = zip(*(part.gradients for part in parts), strict=True)
        rows = torch.stack([torch.cat([g.reshape(-1) for g in each]) for each in by_loss])
        weights = self.coordinator.weights(detached, (rows @ rows.T).double().numpy())
        combined = (weights.to(rows.dtype) @ rows).split([part.parameter.numel() for part in parts])
        self.optimizer.zero_grad()
        for part, gradient in zip(parts, combined, strict=True):
            part.parameter.grad = gradient.view_as(part.parameter)
        add_decay(self.optimizer, self.decay(weights))
        self.optimizer.step()
        return detached, weights


class Still(Adam):
    """Moves nothing, so that what comes before it is timed alone."""

    def step(self, decay: float = 0.0) -> None:
        """Take no step."""


@dataclass
class Way:
    """One way of taking steps.

    Attributes:
        step: Takes one.
        data: The train rows.
        batches: What it takes them on, one after the other.
    """

    step: Callable[[TrainData, torch.Tensor], torch.Tensor]
    data: TrainData
    batches: torch.Tensor

    def turn(self) -> Sample:
        """Take the steps of a turn."""
        clock = Clock()
        for batch in self.batches:
            self.last = self.step(self.data, batch)
        return clock.sample(len(self.batches))


def ways(options: argparse.Namespace) -> dict[str, Way]:
    """Return all ways, each with its own model, negatives and optimiser."""
    data, items = synthetic(options)
    losses = Substitutes(NAMES, items, data, Rows())
    rng = Seeds(options.seed).numpy("batches")
    shape = (options.steps, 1, options.batch_size)
    batches = torch.from_numpy(rng.integers(0, options.rows, shape))

    def way(kind: type[Step], solver: str, optimizer: str, *, native: bool = False) -> Way:
        config = build(TrainConfig, {} if optimizer == STILL else {"optimizer": optimizer})
        generator = torch.Generator().manual_seed(options.seed)
        decay = WEIGHT_DECAY if optimizer != STILL else 0.0
        model = MF.build(options.users, options.items, config, generator)
        negatives = NegativeSampler(data.counts, data.seen, 0.0, 10, options.seed)
        coordinator = Solved(make_solver(solver), WISHES, "cpu") if solver else Fixed([1.0], "cpu")
        of_solver = losses if solver else None
        given = None, not solver, options.negatives, decay, Rows(), of_solver
        moving = make_optimizer(model, config)
        if optimizer == STILL:
            moving = Still(moving.param_groups, config.learning_rate)
        step = kind(model, moving, coordinator, negatives, *given)
        return Way(NativeStep(step) if native else step, data, batches)

    has_numba = find_spec("numba") is not None
    kinds = [(MGDA + TORCH, GramianStep, "mgda"), (STATIC + TORCH, Step, "static")]
    if has_numba:
        kinds += [(MGDA, NativeSolved, "mgda"), (STATIC, NativeSolved, "static")]
    found = {
        f"{name}, {optimizer}": way(kind, solver, optimizer)
        for optimizer in ("adam", "lazy-adam")
        for name, kind, solver in kinds
    }
    for name, kind, solver in kinds[:2]:
        found[f"{name}, {STILL}"] = way(kind, solver, STILL)
    for optimizer in ("adam", STILL):
        found[f"{DENSE}, {optimizer}"] = way(DenseStep, "mgda", optimizer)
    if has_numba:
        for optimizer in ("adam", "lazy-adam"):
            found[f"one loss, {optimizer}"] = way(Step, "", optimizer, native=True)
    return found


def agreement(all_ways: dict[str, Way]) -> None:
    """Print how far the ways of MGDA are apart after as many steps."""
    print()
    for name, way in all_ways.items():
        if name.startswith(MGDA) and name.endswith(", adam"):
            print(f"weights of {name}: {', '.join(f'{w:.6f}' for w in way.last[4:8])}")


def main() -> None:
    """Make the data, run the rounds, print the table."""
    options = arguments()
    torch.set_num_threads(1)
    all_ways = ways(options)
    for way in all_ways.values():  # the first step checks its gradients, and native code compiles
        way.step(way.data, way.batches[0])
    sizes = f"{options.users} users × {options.items} items × 64"
    print(f"MF of {sizes}, batch {options.batch_size}, {options.negatives} negatives, 4 losses")
    print(f"{load()}\n")
    samples = play({name: way.turn for name, way in all_ways.items()}, options.rounds)
    wanted = (
        f"{MGDA}, adam",
        f"{MGDA}, lazy-adam",
        f"{MGDA}{TORCH}, adam",
        f"{STATIC}{TORCH}, adam",
    )
    against = [name for name in wanted if name in all_ways]
    print(*table(samples, "steps", against, ("cpu",)), sep="\n")
    agreement(all_ways)
    print(load())


if __name__ == "__main__":
    main()
