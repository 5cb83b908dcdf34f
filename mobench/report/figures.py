"""What the figures show; ``plots`` draws them."""

from collections.abc import Sequence
from dataclasses import replace

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.report.coordinates import coordinates
from mobench.report.evidence import Columns
from mobench.report.exposure import exposures
from mobench.report.figure import Figure, append, slug
from mobench.report.heat import heat_map
from mobench.report.records import Comparison, Front, Row
from mobench.report.runs import mean_id, preference, runs
from mobench.report.tables import UNIT
from mobench.report.traces import traces_of
from mobench.report.wishes import studies

__all__ = ["Figure", "figures", "slug"]

MOST_ROWS = 4
"""Rows in the fairness detail, so that the marks stay apart."""


def figures(comparison: Comparison) -> list[Figure]:
    """Return the figures of a report, in their order on the page."""
    backbones = [row.backbone for row in comparison.of_role("reference")]
    found = [
        _pareto(comparison, name, backbone, several=len(backbones) > 1)
        for backbone in backbones
        for name in OBJECTIVE_METRICS
        if name != "hit"
    ]
    found += [coordinates(comparison, each, several=len(backbones) > 1) for each in backbones]
    found += [heat_map(study) for study in studies(comparison.of_role("method"))]
    for row in comparison.of_role("method"):
        found += traces_of(row)
    shown = _group_rows(comparison)
    return _named_apart([*found, _groups(comparison, shown), *exposures(shown)])


def _named_apart(found: Sequence[Figure]) -> list[Figure]:
    """Return the figures with numbers added to names that labels made equal."""
    seen: dict[str, int] = {}
    apart = []
    for figure in found:
        seen[figure.name] = seen.get(figure.name, 0) + 1
        number = f"-{seen[figure.name]}" if seen[figure.name] > 1 else ""
        apart.append(replace(figure, name=figure.name + number))
    return apart


def _pareto(comparison: Comparison, name: str, backbone: str, *, several: bool) -> Figure:
    metric = METRICS[name]
    rows = [row for row in comparison.rows if row.role != "sanity" and row.backbone == backbone]
    fronts = [f for f in comparison.fronts if f.bands and f.backbone == backbone]
    return Figure(
        name=f"pareto-{name.replace('_', '-')}" + (f"-{slug(backbone)}" if several else ""),
        kind="pareto",
        title=f"{metric.label} against Hit" + (f" on {backbone}" if several else ""),
        caption=(
            f"Up is better: {metric.label} {'rises' if metric.higher_is_better else 'falls'}."
            " The cross-hair is base." + (BAND if fronts else "")
        ),
        alt=_alt(name, rows),
        data=_places(name, rows, fronts),
        facts={
            "y": name,
            "label": metric.label,
            "higher": metric.higher_is_better,
            "base": next(row.label for row in rows if row.role == "reference"),
            "keep": comparison.config.keep,
            "k": comparison.k,
            "about": _about(rows, fronts, name),
        },
    )


def _about(rows: Sequence[Row], fronts: Sequence[Front], name: str) -> Columns:
    """Return what is told of each place of ``_places``: the run, its wish, how to make it."""
    inside = {member: front.label for front in fronts for member in front.members}
    keys = ("id", "shown", "preference", "command", "status")
    about: Columns = {key: [] for key in keys}
    for row in rows:
        shown = inside.get(row.label, row.label)
        for run in runs(row):
            append(about, run.id, shown, run.preference, run.command, run.status)
        told = preference(row), "the mean of its runs", _verdict(row)
        append(about, mean_id(row), shown, *told)
    for front in fronts:
        for level, corners in front.bands[name].items():
            for _ in corners:
                append(about, f"{front.label} · attained by {level}", front.label, "", "", "")
    return about


def _verdict(row: Row) -> str:
    return "reference" if row.role == "reference" else row.validity or "?"


BAND = (
    " The line of a front is what at least half of its seeds attain, the band (dashed lines on the"
    " page) goes from what all attain to what one does."
)


def _alt(name: str, rows: Sequence[Row]) -> str:
    metric = METRICS[name]
    toward = "rising" if metric.higher_is_better else "falling, so its axis is turned,"
    return (
        f"Scatter plot of {metric.label} ({toward} is better) against Hit, a point per run:"
        f" {_means(rows, name)}."
    )


def _places(name: str, rows: Sequence[Row], fronts: Sequence[Front]) -> Columns:
    """Return every run, the mean of every row, and the corners of what each front attains."""
    inside = {member: front.label for front in fronts for member in front.members}
    data: Columns = {key: [] for key in ("label", "seed", "kind", "hit", name, "valid", "front")}
    for row in rows:
        front = inside.get(row.label, "")
        for point in row.points:
            valid = row.role == "reference" or point.valid
            append(data, row.label, point.seed, "run", *_spot(point.values, name), valid, front)
        mean = {key: row.values[key].value for key in ("hit", name)}
        append(data, row.label, None, "mean", *_spot(mean, name), not row.reasons, front)
    for each in fronts:
        for level, corners in each.bands[name].items():
            for hit, value in corners:
                place = _spot({"hit": hit, name: value}, name)
                append(data, each.label, None, f"attained by {level}", *place, True, each.label)
    return data


def _spot(values: dict[str, float], name: str) -> tuple[float, float]:
    """Return Hit and the other metric in the units of the table."""
    return UNIT["hit"] * values["hit"], UNIT[name] * values[name]


def _means(rows: Sequence[Row], name: str) -> str:
    return "; ".join(
        f"{row.label} {_spot({n: e.value for n, e in row.values.items()}, name)[1]:.3g}"
        for row in rows
    )


def _group_rows(comparison: Comparison) -> list[Row]:
    """Return the rows whose groups are shown: the bases and the best others."""
    judged = [r for r in comparison.rows if r.role in ("control", "method")]
    best = sorted(judged, key=lambda r: (not r.valid_point, comparison.rows.index(r)))
    return [*comparison.of_role("reference"), *best[: MOST_ROWS - 1]]


def _groups(comparison: Comparison, shown: Sequence[Row]) -> Figure:
    base = shown[0].groups
    order = sorted(
        (g for g in range(len(base.n)) if base.n[g]), key=lambda g: (base.hit[g], base.label[g])
    )
    data: Columns = {key: [] for key in ("row", "group", "label", "n", "hit", "is_minimum")}
    for row in shown:
        least = min(row.groups.hit[g] for g in order)
        for g in order:
            hit = row.groups.hit[g]
            append(data, row.label, g, base.label[g], base.n[g], 100 * hit, hit == least)
    return Figure(
        name="groups",
        kind="groups",
        title="Hit per item group",
        caption=(
            "Hit × 100 of the users whose target is in a group, averaged over seeds, groups sorted"
            " by base; a ring marks the lowest of each row."
        ),
        alt=f"Dot plot of Hit in {len(order)} item groups for {', '.join(r.label for r in shown)}.",
        data=data,
        facts={"k": comparison.k},
    )
