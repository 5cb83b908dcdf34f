"""Runs beside other runs on the same users: differences, relative changes, Imp, accuracy kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mobench.errors import ConfigError, DataError
from mobench.metrics import Outcome
from mobench.metrics.comparison import imp_values, kept_values, relative_change
from mobench.metrics.p_values import Test, bootstrap_p, effect_size, permutation_p, two_level_p
from mobench.metrics.permutation import swapped
from mobench.metrics.resampling import HEADLINE, Features, Samples, resample
from mobench.metrics.significance import percentiles

Vector = NDArray[np.float64]
Values = Mapping[str, Vector]
"""Metrics by name: measured first, then on draws, ``[1 + R]``."""

Swaps = Sequence[tuple[Values, Values]]
"""What ``permutation.swapped`` gives, per pair of runs."""

Statistic = Callable[[Values, Values], Vector]


class Effect(NamedTuple):
    """A value with its confidence interval, the two-sided p of no effect, and ``effect_size``."""

    value: float
    low: float
    high: float
    p_value: float
    size: float


@dataclass(frozen=True)
class Paired:
    """A method against its base on the same users, averaged over pairs of runs (seeds).

    Attributes:
        difference: Run − base by headline metric, in the metric's own direction and unit.
        change: Relative change by headline metric, larger is better (``relative_change``).
        imp: Imp; all ``nan`` if it averages over no metric.
        accuracy_kept: Hit / base Hit; its p is for "all is kept" (1).
    """

    difference: dict[str, Effect]
    change: dict[str, Effect]
    imp: Effect
    accuracy_kept: Effect


def paired(
    outcome: Outcome,
    base: Outcome,
    k: int,
    over: Sequence[str],
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    test: Test = "permutation",
) -> Paired:
    """Compare two rankings of the same users; see ``paired_mean``."""
    return paired_mean([(outcome, base)], k, over, resamples, confidence, seed, test)


def paired_mean(
    pairs: Sequence[tuple[Outcome, Outcome]],
    k: int,
    over: Sequence[str],
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    test: Test = "permutation",
) -> Paired:
    """Compare the runs of a method with their bases and average over the pairs.

    Each resample draws the users once and uses them in every ranking. A report over many methods
    should ``resample`` each ranking once and ``compare`` the results.

    Args:
        pairs: (run, base) per seed, at least one.
        k: Cutoff.
        over: The metrics of Imp, from ``imp_over``.
        resamples: Resamples and swaps of the users, at least 2.
        confidence: Coverage, in (0, 1).
        seed: Seed of the draws.
        test: Where p comes from.

    Raises:
        ConfigError: No pair, ``k`` is not in 1..K, fewer than two resamples.
        DataError: The rankings are not of the same users and targets.
    """
    samples = [
        (resample(run, k, resamples, seed), resample(base, k, resamples, seed))
        for run, base in pairs
    ]
    check_alike([one for pair in samples for one in pair])
    swaps = [
        swapped(Features.of(run, k), Features.of(base, k), resamples, seed)
        for run, base in pairs
        if test != "bootstrap"
    ]
    return compare(samples, over, confidence, swaps, test)


def compare(
    pairs: Sequence[tuple[Samples, Samples]],
    over: Sequence[str],
    confidence: float = 0.95,
    swaps: Swaps = (),
    test: Test = "bootstrap",
) -> Paired:
    """Do as ``paired_mean`` does, on rankings that are resampled already.

    Args:
        pairs: (run, base) per seed, at least one.
        over: The metrics of Imp.
        confidence: Coverage of the intervals.
        swaps: The same pairs swapped; needed unless ``test`` is ``bootstrap``.
        test: Where p comes from.

    Raises:
        ConfigError: No pair.
        DataError: The rankings are not of the same users and targets.
    """
    check_alike([samples for pair in pairs for samples in pair])
    drawn = [(measured_first(run), measured_first(base)) for run, base in pairs]
    of = Evidence(drawn, swaps, test, confidence, pairs[0][0].n_users).effect
    return Paired(
        difference={name: of(partial(_difference, name)) for name in HEADLINE},
        change={name: of(partial(_change, name)) for name in HEADLINE},
        imp=of(lambda run, base: imp_values(run, base, over)),
        accuracy_kept=of(lambda run, base: kept_values(run["hit"], base["hit"]), null=1.0),
    )


def compare_imp(
    triples: Sequence[tuple[Samples, Samples, Samples]],
    over: Sequence[str],
    confidence: float = 0.95,
    swaps: Swaps = (),
    test: Test = "bootstrap",
) -> Effect:
    """Return Imp of a method minus Imp of another one, against the same bases.

    Args:
        triples: (run, other, base) per seed, at least one.
        over: The metrics of Imp.
        confidence: Coverage of the interval.
        swaps: Run and other swapped, per seed; needed unless ``test`` is ``bootstrap``.
        test: Where p comes from.

    Raises:
        ConfigError: No triple.
        DataError: The rankings are not of the same users and targets.
    """
    check_alike([samples for each in triples for samples in each])
    drawn = [
        _imps(measured_first(run), measured_first(other), measured_first(base), over)
        for run, other, base in triples
    ]
    moved = [
        _imps(run, other, base.values, over)
        for (run, other), (_, _, base) in zip(swaps, triples, strict=bool(swaps))
    ]
    evidence = Evidence(drawn, moved, test, confidence, triples[0][0].n_users)
    return evidence.effect(lambda run, other: run["imp"] - other["imp"])


def _difference(name: str, run: Values, base: Values) -> Vector:
    return np.asarray(run[name] - base[name])


def _change(name: str, run: Values, base: Values) -> Vector:
    return relative_change(name, run[name], base[name])


def _imps(
    run: Values, other: Values, base: Mapping[str, ArrayLike], over: Sequence[str]
) -> tuple[Values, Values]:
    return {"imp": imp_values(run, base, over)}, {"imp": imp_values(other, base, over)}


@dataclass(frozen=True)
class Evidence:
    """Pairs of runs, measured, resampled and swapped: what effects and their p are taken from.

    Raises:
        ValueError: The test needs swaps and has not as many as there are pairs.
    """

    drawn: Sequence[tuple[Values, Values]] = field(repr=False)
    swaps: Swaps = field(repr=False)
    test: Test
    confidence: float
    n_users: int

    def __post_init__(self) -> None:
        if self.test != "bootstrap" and len(self.swaps) != len(self.drawn):
            raise ValueError(f"{len(self.swaps)} swaps of {len(self.drawn)} pairs")

    def effect(self, statistic: Statistic, null: float = 0.0) -> Effect:
        """Return the effect of a statistic of a pair, averaged over the pairs."""
        with np.errstate(invalid="ignore"):  # infinite changes of both signs: nan is the answer
            each = np.stack([statistic(*pair) for pair in self.drawn])
            moved = np.array([statistic(*pair) for pair in self.swaps])
            mean = each.mean(axis=0)
        return Effect(
            float(mean[0]),
            *percentiles(mean[1:], self.confidence),
            self._p(moved, each, mean, null),
            effect_size(mean, null, self.n_users),
        )

    def _p(self, moved: Vector, each: Vector, mean: Vector, null: float) -> float:
        if self.test == "bootstrap":
            return bootstrap_p(mean[1:], null)
        with np.errstate(invalid="ignore"):
            of_users = permutation_p(moved.mean(axis=0))
        if self.test == "permutation" or len(each) == 1:
            return of_users
        return max(of_users, two_level_p(each, null, self.n_users))


def measured_first(samples: Samples) -> dict[str, Vector]:
    """Return measured and resampled values in one array per metric, ``[1 + R]``."""
    return {
        name: np.append(samples.values[name], drawn) for name, drawn in samples.resampled.items()
    }


def check_alike(samples: Sequence[Samples]) -> None:
    """Raise unless all are resamples of the same users with the same draws."""
    if not samples:
        raise ConfigError("nothing to compare", "give at least one pair of run and base.")
    first = samples[0]
    for other in samples[1:]:
        alike = (first.target, other.target), (first.user, other.user)
        if not all(np.array_equal(*pair) for pair in alike):
            raise DataError(
                "runs to be compared have different users or targets",
                "evaluate them on the same dataset and split.",
            )
        if (first.seed, len(first.resampled["hit"])) != (other.seed, len(other.resampled["hit"])):
            raise ConfigError("runs to be compared were resampled differently", "use one seed.")
