"""What a comparison says beyond single rows: fronts, what they cost, and the best two methods."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self, TypeVar

from mobench.report.estimates import Estimate

N = TypeVar("N", int, float)
Corners = tuple[tuple[float, float], ...]
"""Corners of an attainment surface: (hit, other metric), Hit rising."""


@dataclass(frozen=True)
class Spent:
    """What one run cost; ``None`` where it does not say. The fields are those of ``Budget``.

    Attributes:
        shares_tries: Whether its settings were tried once for all runs of a front and its seed.
    """

    seed: int
    epochs: int | None
    positives: int | None
    tries: int | None
    seconds: float | None
    shares_tries: bool = False


@dataclass(frozen=True)
class Budget:
    """What a row or a front cost, all of its runs together; ``None`` where a run does not say.

    Attributes:
        trainings: Runs that were trained.
        epochs: Epochs trained, also those after the selected one.
        positives: Interactions learnt from, each as often as it was used.
        tries: Settings tried, the one in use included.
        seconds: Wall time of the trainings.
    """

    trainings: int
    epochs: int | None
    positives: int | None
    tries: int | None
    seconds: float | None

    @classmethod
    def of(cls, runs: Sequence[Spent]) -> Self:
        """Return what the runs of a row or of a front cost.

        Settings that were tried once for all runs of a seed count once.
        """
        owner = {run.seed: n for n, run in reversed([*enumerate(runs)])}
        tries = [
            0 if run.shares_tries and owner[run.seed] != n else run.tries
            for n, run in enumerate(runs)
        ]
        return cls(
            len(runs),
            total([run.epochs for run in runs]),
            total([run.positives for run in runs]),
            total(tries),
            total([run.seconds for run in runs]),
        )


def total(values: Sequence[N | None]) -> N | None:
    """Return the sum, ``None`` where one of the values is not known."""
    known = [value for value in values if value is not None]
    return sum(known[1:], start=known[0]) if len(known) == len(values) and known else None


@dataclass(frozen=True)
class Front:
    """Runs of one method and backbone that differ in preference only, or a single row beside them.

    All measures are taken per seed, then averaged.

    Attributes:
        label: Its name, unique among the fronts; a single row keeps its own.
        backbone: The model family.
        members: Labels of its rows.
        seeds: The seeds that all of its rows have.
        non_dominated: How many of its rows no other one of it beats, over the axes of HV.
        hv: Hypervolume.
        hv_valid: The same of its valid runs, 0 for a seed that has none.
        igd_plus: Distance to the pooled front: the best of all judged runs on the backbone.
        spread: Width, as a share of that of all judged runs on the backbone.
        bands: By metric what one, half and all of the seeds attain (``metrics.attainment``), in the
            metrics' own units; empty for a single row.
        budget: What its rows cost together.
    """

    label: str
    backbone: str
    members: tuple[str, ...]
    seeds: tuple[int, ...]
    non_dominated: Estimate
    hv: Estimate
    hv_valid: Estimate
    igd_plus: Estimate
    spread: Estimate
    bands: dict[str, dict[str, Corners]] = field(repr=False)
    budget: Budget

    @property
    def is_single(self) -> bool:
        """Whether it is a row of its own."""
        return len(self.members) == 1


@dataclass(frozen=True)
class Duel:
    """The best valid method beside another row, on the bases that they share.

    Attributes:
        best: Label of the valid method with the largest Imp.
        other: Label of the runner-up, or of the row that was asked for.
        seeds: The seeds that both have.
        ahead: Imp of the best minus Imp of the other. Its p is not corrected: to test the winner
            against the runner-up two-sided at α errs in at most α of the cases about who is best
            (Gutmann & Maymin, Annals of Statistics 1987; Hung & Fithian, same, 2019).
    """

    best: str
    other: str
    seeds: tuple[int, ...]
    ahead: Estimate
