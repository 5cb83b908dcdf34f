"""Evaluated runs side by side: every number of the report, computed once."""

from collections.abc import Mapping, Sequence
from math import inf, isnan

from mobench.config.report import ReportConfig
from mobench.metrics import OBJECTIVE_METRICS
from mobench.metrics.comparison import accuracy_kept, imp, imp_over, is_valid, relative_change
from mobench.report.budgets import spent
from mobench.report.fronts import fronts
from mobench.report.inputs import Evaluated, load
from mobench.report.judging import (
    JUDGED,
    Bench,
    check_against,
    corrected,
    duel,
    imp_continue,
    paired,
    verdict,
    verdict_by_value,
)
from mobench.report.measuring import Measured, estimates, exposure, group_hits, volume
from mobench.report.origins import dataset_facts, origin, trace
from mobench.report.pairing import Pair, check_alike, common_k, find_bases, row_pairs, sampled
from mobench.report.records import Comparison, Point, Role, Row
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


def compare(
    evaluated: Sequence[Evaluated], config: ReportConfig, names: Mapping[str, str] | None = None
) -> Comparison:
    """Compare evaluated runs with their bases.

    Imp averages over the metrics that every base supports on validation, decided once for the
    table; validity is judged on the evaluated split and by the run's own verdict on validation;
    p-values of all differences from base are corrected together, and those of Imp.

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
    check_against(config.against, list(pairs))
    bases = find_bases(evaluated).values()
    supports = [base.results["run_val"] for base in bases]
    over = imp_over(supports, config.min_base_hits, MIN_KL)
    measured = {each.path: Measured.of(each, k, config) for each in evaluated}
    bench = Bench(config, k, over, measured)
    rows = _sorted(corrected([_row(label, pairs, bench) for label in pairs], config))
    best = duel(rows, pairs, bench)
    missing = left_out(supports, over, config.min_base_hits)
    first = evaluated[0]
    return Comparison(
        dataset=dataset_facts(first),
        split=str(first.artifact.manifest.config["split"]),
        k=k,
        n_users=first.outcome.n_users,
        n_items=len(first.outcome.price),
        config=config,
        rows=rows,
        imp_over=over,
        left_out=missing,
        hv_reference=config.reference,
        sentences=tuple(sentences(rows, pairs, config, best)),
        warnings=(
            *sampled(first),
            *warnings(rows, missing),
            *training_warnings(pairs),
            *coarse_p(rows, config),
        ),
        notes=tuple(_notes(pairs)),
        fronts=fronts(rows, over, config.reference),
        duel=best,
    )


def _row(label: str, pairs: Mapping[str, Sequence[Pair]], bench: Bench) -> Row:
    mine = pairs[label]
    runs = list({run.path: run for run, _ in mine}.values())
    role = ROLES.get(runs[0].method, "method")
    points = tuple(_point(pair, bench) for pair in mine)
    change, gain, kept = ({}, None, None) if role == "reference" else paired(mine, points, bench)
    values = [point.values for point in points]
    bases = [bench.at(base).values for _, base in mine]
    good = [n for n, point in enumerate(points) if point.valid or role == "reference"]
    keep, reference = bench.config.keep, bench.config.reference
    why = reasons(points, kept, keep) if role in JUDGED else ()
    return Row(
        label=label,
        method=runs[0].method,
        backbone=mine[0][1].backbone,
        role=role,
        seeds=tuple(run.seed for run in runs),
        values=estimates([bench.at(run) for run in runs]),
        change=change,
        imp=gain,
        imp_continue=imp_continue(pairs, mine, bench) if role == "method" else None,
        kept=kept,
        hv=volume(values, bases, bench.over, reference),
        hv_valid=volume([values[n] for n in good], [bases[n] for n in good], bench.over, reference),
        validity=verdict(points, kept, keep) if role in JUDGED else None,
        valid_point=verdict_by_value(points, why) if role in JUDGED else None,
        reasons=why,
        spent=tuple(map(spent, runs)),
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


def _sorted(rows: Sequence[Row]) -> tuple[Row, ...]:
    def place(row: Row) -> tuple[int, float, str]:
        gain = row.imp.value if row.imp and not isnan(row.imp.value) else -inf
        return TABLE_ORDER.index(row.role), -gain, row.label

    return tuple(sorted(rows, key=place))


def _notes(pairs: Mapping[str, Sequence[Pair]]) -> list[str]:
    every = {run.path: run for mine in pairs.values() for run, _ in mine}
    gone = sorted(path for path, run in every.items() if not run.run and "lists" not in run.results)
    return [
        f"'{path}': its run is gone or has changed, so its training traces are left out."
        for path in gone
    ]
