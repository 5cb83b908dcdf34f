"""One ranking measured and resampled once, and the estimates that a row shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import nan

import numpy as np
from numpy.typing import NDArray

from mobench.config.report import ReportConfig
from mobench.metrics import METRICS, Outcome, evaluate
from mobench.metrics.groups import min_hit, slot_counts, slot_shares
from mobench.metrics.paired import Effect
from mobench.metrics.pareto import hv_points, hypervolume
from mobench.metrics.resampling import HEADLINE, Features, Samples, resample
from mobench.metrics.significance import percentiles
from mobench.report.estimates import Estimate
from mobench.report.evidence import Shares
from mobench.report.inputs import Evaluated
from mobench.report.records import GroupHits

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Measured:
    """A ranking with its metric values and their resamples."""

    values: dict[str, float]
    samples: Samples = field(repr=False)
    min_hit_limits: tuple[float, float]
    outcome: Outcome = field(repr=False)
    k: int

    @classmethod
    def of(cls, evaluated: Evaluated, k: int, config: ReportConfig) -> "Measured":
        """Measure at cutoff ``k``; runs measured with one config are resampled alike."""
        return cls(
            values=evaluate(evaluated.outcome, k),
            samples=resample(evaluated.outcome, k, config.resamples, config.seed),
            min_hit_limits=min_hit(evaluated.outcome, k).interval(CONFIDENCE),
            outcome=evaluated.outcome,
            k=k,
        )

    @property
    def features(self) -> Features:
        """What swaps need; made anew each time, since it is larger than all the rest."""
        return Features.of(self.outcome, self.k)


def estimates(runs: Sequence[Measured]) -> dict[str, Estimate]:
    """Return every metric of a row: mean and spread over its runs, interval over users.

    The interval is that of the mean over the runs, resampled on the same users; min_hit has the
    mean of its runs' Clopper–Pearson limits (resampling a minimum drags it down), and metrics of
    the whole catalogue have none.
    """
    return {name: _estimate(name, runs) for name in METRICS}


def _estimate(name: str, runs: Sequence[Measured]) -> Estimate:
    low, high = nan, nan
    if name == "min_hit":
        low, high = map(float, np.mean([run.min_hit_limits for run in runs], axis=0))
    elif name in HEADLINE:
        drawn = np.mean([run.samples.resampled[name] for run in runs], axis=0)
        low, high = percentiles(drawn, CONFIDENCE)
    values = [run.values[name] for run in runs]
    return Estimate(float(np.mean(values)), spread(values), low, high)


def spread(values: Sequence[float]) -> float | None:
    """Return the standard deviation (n − 1), ``None`` below two values."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def as_estimate(effect: Effect, values: Sequence[float]) -> Estimate:
    """Return a paired effect with the spread of its per-seed values, without its p."""
    finite = np.isfinite(values).all()
    return Estimate(effect.value, spread(values) if finite else None, effect.low, effect.high)


def volume(
    runs: Sequence[Mapping[str, float]],
    bases: Sequence[Mapping[str, float]],
    over: Sequence[str],
    reference: float,
) -> float:
    """Return the hypervolume of a set of runs; ``nan`` for no run, or one infinitely far away."""
    points = hv_points(runs, bases, over)
    if not len(points) or not np.isfinite(points).all():
        return nan
    return hypervolume(points, reference)


def group_hits(runs: Sequence[Evaluated], k: int) -> GroupHits:
    """Return Hit per fairness group at ``k``, averaged over the runs of a row."""
    outcomes = [run.outcome for run in runs]
    labels = dict(zip(runs[0].groups["group"].tolist(), runs[0].groups["label"], strict=True))
    fair, target = outcomes[0].fair_group, outcomes[0].target
    n = np.bincount(fair[target], minlength=len(labels))
    hits = [np.bincount(fair[o.target[o.rank <= k]], minlength=len(n)) for o in outcomes]
    rate = np.divide(np.mean(hits, axis=0), n, out=np.full(len(n), nan), where=n > 0)
    return GroupHits([str(labels[g]) for g in range(len(n))], n.tolist(), rate.tolist())


def exposure(runs: Sequence[Evaluated], k: int) -> dict[str, Shares]:
    """Return what item groups get of the first ``k`` places, averaged over the runs of a row.

    Fairness groups are held against their shares of the held-out items, popularity groups against
    those that Pop-KL wants.
    """
    hits = group_hits(runs, k)
    first = runs[0].outcome
    places = np.mean([_fair_slots(run, k, len(hits.label)) for run in runs], axis=0)
    popular = np.mean([slot_shares(run.outcome, k) for run in runs], axis=0)
    held_out = np.asarray(hits.n) / max(sum(hits.n), 1)
    names = [f"popularity {n}" for n in range(1, len(popular) + 1)]
    return {
        "fair": Shares(hits.label, places.tolist(), held_out.tolist()),
        "pop": Shares(names, popular.tolist(), np.asarray(first.target_share).tolist()),
    }


def _fair_slots(run: Evaluated, k: int, n_groups: int) -> NDArray[np.float64]:
    """Return the fairness groups' shares of the first ``k`` places, ``[G]``."""
    slots = slot_counts(run.outcome, run.outcome.fair_group, n_groups, k)
    return np.asarray(slots / max(slots.sum(), 1))
