"""The numbers of two artifacts side by side, judged where both are of the same users."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf, isfinite, isnan, nan
from typing import Any

from mobench.artifacts import Artifact
from mobench.config.compare import CompareConfig
from mobench.metrics import METRICS
from mobench.metrics.correction import holm
from mobench.metrics.paired import paired
from mobench.metrics.resampling import HEADLINE
from mobench.report.inputs import Evaluated, load
from mobench.report.pairing import common_k

FREE = ("k", "resamples", "confidence", "seed")
"""Settings of an evaluation in which two may differ that are compared user by user."""


@dataclass(frozen=True)
class Change:
    """One number of two artifacts.

    Attributes:
        name: Such as ``hit@10``; of a report with the row before it.
        metric: Key of ``METRICS``, empty if it is none.
        first: Its value in the first artifact.
        second: Its value in the second.
        low: Lower limit of second − first, ``nan`` where it is not judged.
        high: Upper limit.
        p: Two-sided p of no difference, corrected for the number of metrics; or ``nan``.
        is_real: Whether it is beyond noise; ``None`` where that cannot be known.
    """

    name: str
    metric: str
    first: float
    second: float
    low: float = nan
    high: float = nan
    p: float = nan
    is_real: bool | None = None

    @property
    def difference(self) -> float:
        """Second − first."""
        return self.second - self.first

    @property
    def size(self) -> float:
        """Its share of the first value, at least 0."""
        if self.difference == 0:
            return 0.0
        return abs(self.difference / self.first) if self.first else inf

    @property
    def is_better(self) -> bool | None:
        """Whether the second is the better one; ``None`` where no direction is known."""
        if not self.metric or not self.difference:
            return None
        return (self.difference > 0) == METRICS[self.metric].higher_is_better


def ranking(first: Artifact, second: Artifact, config: CompareConfig) -> tuple[list[Change], str]:
    """Return the changes of all metrics, and why they cannot be judged (empty if they can).

    Headline metrics are judged by label swaps over users, Holm-corrected; the others
    describe all lists at once, and nothing is known of their noise.

    Raises:
        ArtifactError: One has changed.
        ConfigError: They share no list length.
    """
    (a,), (b,) = load([first.path]), load([second.path])
    k = common_k([a, b], config.k)
    plain = [
        _plain(f"{name}@{k}", name, a.results["metrics"], b.results["metrics"]) for name in METRICS
    ]
    if why := _unlike(a, b):
        return [replace(change, is_real=None) for change in plain], why
    found = paired(b.outcome, a.outcome, k, (), config.resamples, config.confidence, config.seed)
    effects = {name: found.difference[name] for name in HEADLINE}
    known = [name for name, effect in effects.items() if not isnan(effect.p_value)]
    p_values = dict(zip(known, holm([effects[name].p_value for name in known]), strict=True))
    level = 1 - config.confidence
    return [
        replace(
            change,
            low=effects[change.metric].low,
            high=effects[change.metric].high,
            p=p_values[change.metric],
            is_real=p_values[change.metric] <= level,
        )
        if change.metric in p_values
        else replace(change, is_real=None)
        for change in plain
    ], ""


def _unlike(a: Evaluated, b: Evaluated) -> str:
    """Return in what two rankings differ that would have to be the same, empty if in nothing."""
    if a.made_from("dataset").sha256 != b.made_from("dataset").sha256:
        return "dataset"
    one, two = (each.artifact.manifest.identity for each in (a, b))
    fixed = [name for name in (one | two) if name not in FREE]
    return next((name for name in fixed if one.get(name) != two.get(name)), "")


def validation(first: Artifact, second: Artifact) -> list[Change]:
    """Return the changes on validation of two runs."""
    a, b = (artifact.manifest.results["val"] for artifact in (first, second))
    return [_plain(name, name, a, b) for name in a if name in METRICS and name in b]


def facts(first: Artifact, second: Artifact) -> list[Change]:
    """Return the changes of all numbers among the results of prep or export."""
    a, b = (artifact.manifest.results for artifact in (first, second))
    names = [name for name in a if _is_number(a[name]) and _is_number(b.get(name))]
    return [_plain(name, "", a, b) for name in names]


def rows(first: Artifact, second: Artifact) -> list[Change]:
    """Return the changes of the objective metrics, row by row of two reports."""
    a, b = (artifact.manifest.results["metrics"] for artifact in (first, second))
    return [
        replace(change, name=f"{row} {change.name}")
        for row in a
        if row in b
        for name in a[row]
        if _is_number(a[row][name]) and _is_number(b[row].get(name))
        for change in [_plain(name, _metric(name), a[row], b[row])]
    ]


def _metric(name: str) -> str:
    metric = name.partition("@")[0]
    return metric if metric in METRICS else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _plain(name: str, metric: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Change:
    """Return a number that is exact: a change of it is real, if it is one."""
    first, second = (nan if side[name] is None else float(side[name]) for side in (a, b))
    return Change(name, metric, first, second, is_real=first != second)
