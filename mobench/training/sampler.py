"""The adaptive data sampler: what each objective sees (MoRec, section 3.2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Sampler

from mobench.errors import ConfigError
from mobench.seeds import Seeds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def step_masses(
    masses: Floats,
    signal: NDArray[np.integer[Any]],
    start: Floats,
    step: float = 0.01,
    floor: float = 0.1,
    rule: Literal["relative", "paper"] = "relative",
) -> Floats:
    """Move masses along a signal and keep them on the simplex.

    relative: floor_g = floor · start_g, step_g = step · G · start_g, and
    ``w ← floor + (1 − Σ floor) · normalise(max(w + step_g · signal − floor, 0))``, so that small
    groups move in proportion and none vanishes. paper (Eq. 8 and 11): the same step for every
    group, which is bang-bang on ten groups at the paper's step of 0.1.

    Args:
        masses: Current masses, ``[G]``, on the simplex.
        signal: −1, 0 or 1 per group, ``[G]``; all 0 changes nothing.
        start: Masses before the first update, ``[G]``; a group at 0 (without rows) stays there.
        step: Size of a step.
        floor: Share of its start that a group keeps (rule relative).
        rule: Which of the two rules.

    Returns:
        New masses, ``[G]``. Masses that would all vanish stay as they are.
    """
    if not signal.any():
        return masses
    paper = rule == "paper"
    low = np.zeros_like(start) if paper else floor * start
    pace = np.where(start > 0, step, 0.0) if paper else step * len(start) * start
    free = np.maximum(masses + pace * signal - low, 0)
    if not free.sum() > 0:
        return masses
    return np.asarray(low + (1 - low.sum()) * free / free.sum())


@dataclass
class Masses:
    """The sampling masses of one objective.

    Attributes:
        row_group: Group of each train row, ``[N]``.
        start: Masses before the first update, ``[G]``, scaled to sum 1.
        now: Current masses, ``[G]``.
    """

    row_group: Ints
    start: Floats
    now: Floats

    @classmethod
    def over(cls, row_group: Ints, start: Floats | None = None) -> "Masses":
        """Return masses over the groups of ``row_group``; unset, they start at the group sizes.

        Raises:
            ConfigError: No mass lies on a group that has rows.
        """
        sizes = np.bincount(row_group, minlength=0 if start is None else len(start))
        wanted = sizes.astype(np.float64) if start is None else np.where(sizes > 0, start, 0.0)
        if len(wanted) != len(sizes) or not wanted.sum() > 0 or wanted.min() < 0:
            raise ConfigError("start masses must be at least 0, one per group, and not all 0")
        masses = wanted / wanted.sum()
        return cls(row_group, masses, masses)

    def __post_init__(self) -> None:
        """Sort the rows by group once, so that a draw is arithmetic."""
        self.order = np.argsort(self.row_group, kind="stable")
        self.sizes = np.bincount(self.row_group, minlength=len(self.start))
        self.offsets = np.concatenate(([0], np.cumsum(self.sizes)[:-1]))

    def draw(self, n: int, rng: np.random.Generator) -> Ints:
        """Draw ``n`` rows with replacement: a group by its mass, a row of it uniformly."""
        edges = np.cumsum(self.now)
        last = np.flatnonzero(self.now)[-1]  # rounding must not reach past the last mass
        group = np.minimum(np.searchsorted(edges / edges[-1], rng.random(n), side="right"), last)
        inside = (rng.random(n) * self.sizes[group]).astype(np.int64)
        return np.asarray(self.order[self.offsets[group] + inside])

    def row_weights(self) -> Floats:
        """Return the weight of each train row, ``[N]``, with mean 1 over all of them."""
        share = self.sizes / len(self.row_group)
        ratio = np.divide(self.now, share, out=np.zeros_like(self.now), where=share > 0)
        return np.asarray(ratio[self.row_group])


class AdaptiveSampler(Sampler[torch.Tensor]):
    """Index batches whose mix follows group masses that adapt between epochs.

    Iterating gives one epoch of ``[M, B]`` row indices: row 0 is uniform (a permutation of the
    train rows, the accuracy block), the others are drawn by the masses of one objective each, in
    the order of ``groups``. Works in any PyTorch loop::

        sampler = AdaptiveSampler({"fair": category_of_row}, n_rows=len(rows), batch_size=512)
        for batch in sampler: ...
        sampler.update({"fair": signal})

    Args:
        groups: For each objective the group of every train row, ``[N]``, or ready ``Masses``.
        n_rows: N.
        batch_size: B.
        mode: ``draw`` gives a block per objective; ``reweight`` gives the uniform block alone,
            ``[1, B]``, to be weighted by ``row_weights(objective)``.
        step: Step of ``update``.
        floor: Share of its start mass that a group keeps.
        rule: ``relative`` or ``paper``, see ``step_masses``.
        seed: Root seed; every epoch and objective has its own stream.
    """

    def __init__(
        self,
        groups: Mapping[str, Masses | Ints],
        n_rows: int,
        batch_size: int,
        mode: Literal["draw", "reweight"] = "draw",
        step: float = 0.01,
        floor: float = 0.1,
        rule: Literal["relative", "paper"] = "relative",
        seed: int = 0,
    ) -> None:
        self.masses = {
            name: group if isinstance(group, Masses) else Masses.over(np.asarray(group))
            for name, group in groups.items()
        }
        self.n_rows = n_rows
        self.batch_size = batch_size
        self.mode = mode
        self.step = step
        self.floor = floor
        self.rule: Literal["relative", "paper"] = rule
        self.seeds = Seeds(seed)
        self.epoch = 0

    def __len__(self) -> int:
        """Return the steps of an epoch, ⌈N / B⌉."""
        return -(-self.n_rows // self.batch_size)

    def __iter__(self) -> Iterator[torch.Tensor]:
        """Yield the index batches of one epoch, ``[M, B]`` int64, and move on to the next."""
        batches = self.batches()
        self.epoch += 1
        return iter(batches)

    def batches(self) -> torch.Tensor:
        """Return the whole current epoch, ``[steps, M, B]``; the same until ``epoch`` changes."""
        n = len(self) * self.batch_size
        rng = self.seeds.numpy(f"uniform/{self.epoch}")
        blocks = [np.resize(rng.permutation(self.n_rows), n)]
        if self.mode == "draw":
            blocks += [
                masses.draw(n, self.seeds.numpy(f"draw/{name}/{self.epoch}"))
                for name, masses in self.masses.items()
            ]
        stacked = np.stack([block.reshape(len(self), self.batch_size) for block in blocks], axis=1)
        return torch.from_numpy(stacked)

    def row_weights(self, objective: str) -> Floats:
        """Return the weights of all train rows for ``objective``, ``[N]``, mean 1."""
        return self.masses[objective].row_weights()

    def update(self, signals: Mapping[str, NDArray[np.integer[Any]]]) -> None:
        """Move the masses of the named objectives by their signals, ``[G]`` in {−1, 0, 1}."""
        for name, signal in signals.items():
            masses = self.masses[name]
            masses.now = step_masses(
                masses.now, signal, masses.start, self.step, self.floor, self.rule
            )

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes while training, as tensors and numbers."""
        now = {name: torch.from_numpy(masses.now) for name, masses in self.masses.items()}
        return {"epoch": self.epoch, "masses": now}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.epoch = state["epoch"]
        for name, masses in self.masses.items():
            masses.now = state["masses"][name].numpy()
