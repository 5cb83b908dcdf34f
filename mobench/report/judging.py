"""Rows beside their bases and beside each other: changes, Imp, p-values, who is best."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan

from mobench.config.report import ReportConfig
from mobench.errors import ConfigError, suggest
from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.metrics.comparison import Validity, imp, validity
from mobench.metrics.correction import CORRECTIONS
from mobench.metrics.paired import Swaps, check_alike, compare, compare_imp
from mobench.metrics.permutation import swapped
from mobench.report.estimates import Estimate
from mobench.report.front_records import Duel
from mobench.report.inputs import Evaluated
from mobench.report.measuring import CONFIDENCE, Measured, as_estimate
from mobench.report.pairing import Pair
from mobench.report.records import Point, Row

JUDGED = ("control", "method")
"""Roles of the rows that are tested."""


@dataclass(frozen=True)
class Bench:
    """What all rows of one table share."""

    config: ReportConfig
    k: int
    over: tuple[str, ...]
    measured: Mapping[str, Measured]

    def at(self, evaluated: Evaluated) -> Measured:
        """Return the measured ranking of a run."""
        return self.measured[evaluated.path]

    def swaps(self, pairs: Sequence[Pair]) -> Swaps:
        """Return the swapped rankings of pairs of runs, none where the test needs none.

        Raises:
            DataError: The rankings are not of the same users and targets.
        """
        check_alike([self.at(each).samples for pair in pairs for each in pair])
        if self.config.test == "bootstrap":
            return ()
        resamples, seed = self.config.resamples, self.config.seed
        return [
            swapped(self.at(run).features, self.at(other).features, resamples, seed)
            for run, other in pairs
        ]


def paired(
    pairs: Sequence[Pair], points: Sequence[Point], bench: Bench
) -> tuple[dict[str, Estimate], Estimate, Estimate]:
    """Return the changes against base, Imp and the accuracy kept; p-values not yet corrected."""
    samples = [(bench.at(run).samples, bench.at(base).samples) for run, base in pairs]
    found = compare(samples, bench.over, CONFIDENCE, bench.swaps(pairs), bench.config.test)
    change = {}
    for name in OBJECTIVE_METRICS:
        each, tested = [point.change[name] for point in points], found.difference[name]
        estimate = as_estimate(found.change[name], each)
        change[name] = replace(estimate, p=tested.p_value, size=_towards_better(name, tested.size))
    gain = as_estimate(found.imp, [point.imp for point in points])
    gain = replace(gain, p=found.imp.p_value, size=found.imp.size)
    return change, gain, as_estimate(found.accuracy_kept, [point.kept for point in points])


def _towards_better(name: str, size: float) -> float:
    return size if METRICS[name].higher_is_better else -size


def imp_continue(
    pairs: Mapping[str, Sequence[Pair]], mine: Sequence[Pair], bench: Bench
) -> Estimate | None:
    """Return Imp against the first ``continue`` row that has all the bases of this one."""
    for label in pairs:
        other = {base.path: run for run, base in pairs[label] if run.method == "continue"}
        if all(base.path in other for _, base in mine):
            both = [(bench.at(run), bench.at(other[base.path])) for run, base in mine]
            samples = [(run.samples, control.samples) for run, control in both]
            each = [imp(run.values, control.values, bench.over) for run, control in both]
            return as_estimate(compare(samples, bench.over, CONFIDENCE).imp, each)
    return None


def verdict(points: Sequence[Point], kept: Estimate | None, keep: float) -> Validity | None:
    """Return whether a row is valid: by the interval of what it keeps, and by its own validation.

    The verdict on validation is part of the run: whether an epoch could be selected that keeps
    enough. What fails counts before what is missing.
    """
    found = validity(kept.value, kept.low, kept.high, keep) if kept else "invalid"
    if found == "invalid" or any(point.valid_val is False for point in points):
        return "invalid"
    return None if any(point.valid_val is None for point in points) else found


def verdict_by_value(points: Sequence[Point], why: Sequence[str]) -> bool | None:
    """Return the same by the value of what it keeps alone, given the reasons against it."""
    if why:
        return False
    return True if all(point.valid_val is not None for point in points) else None


def corrected(rows: Sequence[Row], config: ReportConfig) -> list[Row]:
    """Return the rows with p-values corrected for all that the table tests.

    The changes of all rows are one family, their Imp another one, which is what the verdict rests
    on. What has no p (a base without a hit) is not counted.
    """
    _, correct = CORRECTIONS[config.correction]
    judged = [n for n, row in enumerate(rows) if row.role in JUDGED]
    places = [(n, name) for n in judged for name in rows[n].change]
    changes = _with_p([rows[n].change[name] for n, name in places], correct)
    gains = _with_p([gain for n in judged if (gain := rows[n].imp)], correct)
    table = dict(zip(places, changes, strict=True))
    imps = dict(zip([n for n in judged if rows[n].imp], gains, strict=True))
    return [
        replace(
            row,
            change={name: table.get((n, name), old) for name, old in row.change.items()},
            imp=imps.get(n, row.imp),
        )
        for n, row in enumerate(rows)
    ]


def _with_p(
    estimates: Sequence[Estimate], correct: Callable[[Sequence[float]], list[float]]
) -> list[Estimate]:
    raw = {n: each.p for n, each in enumerate(estimates) if each.p is not None}
    tested = {n: p for n, p in raw.items() if not isnan(p)}
    p = dict(zip(tested, correct(list(tested.values())), strict=True))
    return [replace(each, p=p.get(n, each.p)) for n, each in enumerate(estimates)]


def check_against(label: str, rows: Sequence[str]) -> None:
    """Check that the row to be compared with is in the table.

    Raises:
        ConfigError: It is not.
    """
    if label and label not in rows:
        raise ConfigError(
            f"--set against: no row is called '{label}'",
            f"{suggest(label, rows)}Rows: {', '.join(rows)}.",
        )


def duel(rows: Sequence[Row], pairs: Mapping[str, Sequence[Pair]], bench: Bench) -> Duel | None:
    """Return the best valid method beside the runner-up, or the row that was asked for.

    ``None`` where there are no two such rows, or they share no base.
    """
    order = ranked(rows)
    if not order:
        return None
    best, *others = order
    asked = bench.config.against
    able = [row for row in rows if row.label == asked and row is not best] if asked else others
    if not able:
        return None
    other = able[0]
    theirs = {base.path: run for run, base in pairs[other.label]}
    both = [
        (run, theirs[base.path], base) for run, base in pairs[best.label] if base.path in theirs
    ]
    if not both:
        return None
    samples = [
        (bench.at(run).samples, bench.at(runner_up).samples, bench.at(base).samples)
        for run, runner_up, base in both
    ]
    swaps = bench.swaps([(run, runner_up) for run, runner_up, _ in both])
    found = compare_imp(samples, bench.over, CONFIDENCE, swaps, bench.config.test)
    each = [_imp(run, base, bench) - _imp(one, base, bench) for run, one, base in both]
    ahead = replace(as_estimate(found, each), p=found.p_value, size=found.size)
    return Duel(best.label, other.label, tuple(run.seed for run, _, _ in both), ahead)


def _imp(run: Evaluated, base: Evaluated, bench: Bench) -> float:
    return imp(bench.at(run).values, bench.at(base).values, bench.over)


def ranked(rows: Sequence[Row]) -> list[Row]:
    """Return the methods that are valid by their value, by Imp."""
    able = [
        (row.imp.value, row)
        for row in rows
        if row.role == "method" and row.valid_point and row.imp and not isnan(row.imp.value)
    ]
    return [row for _, row in sorted(able, key=lambda pair: -pair[0])]
