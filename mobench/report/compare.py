"""Evaluated runs side by side: every number of the report, computed once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isnan, nan

from mobench.config.report import ReportConfig
from mobench.metrics import OBJECTIVE_METRICS
from mobench.metrics.comparison import accuracy_kept, imp, imp_over, is_valid, relative_change
from mobench.metrics.significance import compare as compare_samples
from mobench.metrics.significance import holm
from mobench.report.inputs import Evaluated, load
from mobench.report.measuring import (
    CONFIDENCE,
    HV_REFERENCE,
    Measured,
    as_estimate,
    estimates,
    exposure,
    group_hits,
    volume,
)
from mobench.report.origins import dataset_facts, origin, trace
from mobench.report.pairing import Pair, check_alike, common_k, find_bases, row_pairs
from mobench.report.records import Comparison, Estimate, Point, Role, Row
from mobench.report.verdict import (
    MIN_KL,
    coarse_p,
    left_out,
    reasons,
    sentences,
    training_warnings,
    warnings,
)
from mobench.report.wishes import wish

__all__ = ["compare", "load"]

ROLES: dict[str, Role] = {"popularity": "sanity", "base": "reference", "continue": "control"}
"""The roles of special methods; every other one is a method to be judged."""

TABLE_ORDER: tuple[Role, ...] = ("sanity", "reference", "control", "method")


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


def compare(
    evaluated: Sequence[Evaluated], config: ReportConfig, names: Mapping[str, str] | None = None
) -> Comparison:
    """Compare evaluated runs with their bases.

    Imp averages over the metrics that every base supports on validation, decided once for the
    table; validity is judged on the evaluated split and by the run's own verdict on validation;
    p-values of all differences from base are corrected together (Holm).

    Args:
        evaluated: What ``load`` read, at least one base among it.
        config: Settings of the comparison.
        names: The row of every run by the path of its metrics, where somebody has named them.

    Raises:
        ArtifactError: An artifact lacks what a report needs.
        ConfigError: The runs cannot be compared (dataset, split, k, a base that is missing).
        DataError: The rankings are not of the same users.
    """
    check_alike(evaluated)
    k = common_k(evaluated, config.k)
    pairs = row_pairs(evaluated, names)
    bases = find_bases(evaluated).values()
    supports = [base.results["run_val"] for base in bases]
    over = imp_over(supports, config.min_base_hits, MIN_KL)
    measured = {each.path: Measured.of(each, k, config) for each in evaluated}
    bench = Bench(config, k, over, measured)
    rows = _sorted(_corrected([_row(label, pairs, bench) for label in pairs]))
    missing = left_out(supports, over, config.min_base_hits)
    first = evaluated[0]
    return Comparison(
        dataset=dataset_facts(first),
        split=str(first.artifact.manifest.config["split"]),
        k=k,
        n_users=len(first.outcome.target),
        n_items=len(first.outcome.price),
        config=config,
        rows=rows,
        imp_over=over,
        left_out=missing,
        hv_reference=HV_REFERENCE,
        sentences=tuple(sentences(rows, pairs, config.keep)),
        warnings=(
            *warnings(rows, missing),
            *training_warnings(pairs),
            *coarse_p(rows, config.resamples),
        ),
        notes=tuple(_notes(pairs)),
    )


def _row(label: str, pairs: Mapping[str, Sequence[Pair]], bench: Bench) -> Row:
    mine = pairs[label]
    runs = list({run.path: run for run, _ in mine}.values())
    role = ROLES.get(runs[0].method, "method")
    points = tuple(_point(pair, bench) for pair in mine)
    change, scores = ({}, (None, None)) if role == "reference" else _paired(mine, points, bench)
    values = [point.values for point in points]
    bases = [bench.at(base).values for _, base in mine]
    good = [n for n, point in enumerate(points) if point.valid or role == "reference"]
    why = reasons(points, scores[1], bench.config.keep) if role in ("control", "method") else ()
    return Row(
        label=label,
        method=runs[0].method,
        backbone=mine[0][1].backbone,
        role=role,
        seeds=tuple(run.seed for run in runs),
        values=estimates([bench.at(run) for run in runs]),
        change=change,
        imp=scores[0],
        imp_continue=_imp_continue(pairs, mine, bench) if role == "method" else None,
        kept=scores[1],
        hv=volume(values, bases, bench.over),
        hv_valid=volume([values[n] for n in good], [bases[n] for n in good], bench.over),
        valid=_valid(points, why) if role in ("control", "method") else None,
        reasons=why,
        points=points,
        groups=group_hits(runs, bench.k),
        traces=tuple(found for run in runs if (found := trace(run))),
        origins=tuple(origin(run, base) for run, base in _distinct(mine)),
        wish=wish(mine) if role == "method" else None,
        exposure=exposure(runs, bench.k),
    )


def _distinct(pairs: Sequence[Pair]) -> list[Pair]:
    return list({run.path: (run, base) for run, base in reversed(pairs)}.values())[::-1]


def _point(pair: Pair, bench: Bench) -> Point:
    run, base = pair
    values, theirs = bench.at(run).values, bench.at(base).values
    kept = accuracy_kept(values["hit"], theirs["hit"])
    return Point(
        seed=run.seed,
        path=run.path,
        values=values,
        change={
            name: float(relative_change(name, values[name], theirs[name]))
            for name in OBJECTIVE_METRICS
        },
        imp=imp(values, theirs, bench.over),
        kept=kept,
        valid_split=is_valid(kept, bench.config.keep),
        valid_val=run.results.get("valid_on_val"),
    )


def _valid(points: Sequence[Point], why: Sequence[str]) -> bool | None:
    """Return the row's verdict; what fails counts before what is missing."""
    if why:
        return False
    return True if all(point.valid_val is not None for point in points) else None


def _paired(
    pairs: Sequence[Pair], points: Sequence[Point], bench: Bench
) -> tuple[dict[str, Estimate], tuple[Estimate, Estimate]]:
    """Return the changes against base, and (Imp, accuracy kept); p-values not yet corrected."""
    samples = [(bench.at(run).samples, bench.at(base).samples) for run, base in pairs]
    found = compare_samples(samples, bench.over, CONFIDENCE)
    change = {
        name: as_estimate(
            found.change[name],
            [point.change[name] for point in points],
            found.difference[name].p_value,
        )
        for name in OBJECTIVE_METRICS
    }
    gain = as_estimate(found.imp, [point.imp for point in points])
    return change, (gain, as_estimate(found.accuracy_kept, [point.kept for point in points]))


def _imp_continue(
    pairs: Mapping[str, Sequence[Pair]], mine: Sequence[Pair], bench: Bench
) -> Estimate | None:
    """Return Imp against the first ``continue`` row that has all the bases of this one."""
    for label in pairs:
        other = {base.path: run for run, base in pairs[label] if run.method == "continue"}
        if all(base.path in other for _, base in mine):
            both = [(bench.at(run), bench.at(other[base.path])) for run, base in mine]
            samples = [(run.samples, control.samples) for run, control in both]
            each = [imp(run.values, control.values, bench.over) for run, control in both]
            return as_estimate(compare_samples(samples, bench.over, CONFIDENCE).imp, each)
    return None


def _corrected(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with p-values corrected for all differences that the table judges."""
    judged = [
        (n, name)
        for n, row in enumerate(rows)
        if row.role in ("control", "method")
        for name, estimate in row.change.items()
        if estimate.p is not None and not isnan(estimate.p)
    ]
    corrected = holm([rows[n].change[name].p or nan for n, name in judged]) if judged else []
    changes = [dict(row.change) for row in rows]
    for (n, name), p in zip(judged, corrected, strict=True):
        changes[n][name] = replace(changes[n][name], p=p)
    return [replace(row, change=change) for row, change in zip(rows, changes, strict=True)]


def _sorted(rows: Sequence[Row]) -> tuple[Row, ...]:
    def place(row: Row) -> tuple[int, float, str]:
        gain = row.imp.value if row.imp and not isnan(row.imp.value) else -inf
        return TABLE_ORDER.index(row.role), -gain, row.label

    return tuple(sorted(rows, key=place))


def _notes(pairs: Mapping[str, Sequence[Pair]]) -> list[str]:
    gone = sorted({run.path: run for mine in pairs.values() for run, _ in mine if not run.run})
    return [
        f"'{path}': its run is gone or has changed, so its training traces are left out."
        for path in gone
    ]
