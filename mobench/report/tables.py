"""The main table as text: strings and style flags, which every writer only dresses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.report.footnotes import against_continue, footnotes
from mobench.report.notation import (
    MISSING,
    concise,
    counted,
    decimals,
    interval,
    percent,
    percent_range,
)
from mobench.report.records import Comparison, Estimate, Row
from mobench.report.text import Cell, Column, Style, TextRow, TextTable
from mobench.report.verdict import sign

__all__ = ["UNIT", "Cell", "Column", "TextRow", "TextTable", "main_table"]

UNIT = {"hit": 100.0, "rhit": 100.0, "min_hit": 100.0, "pop_kl": 1.0}
"""Factor by which a metric is shown; a divergence is no share and stands as it is."""

VALID = {"yes": 4.0, "yes?": 3.0, "?": 2.0, "no?": 1.0, "no": 0.0}
"""The order of the verdicts on validity, to sort by."""


@dataclass(frozen=True)
class _Measure:
    """A column in the making: its cells, its values and which end is best (``None``: neither)."""

    column: Column
    cells: list[Cell]
    values: list[float]
    higher: bool | None


def main_table(comparison: Comparison) -> TextTable:
    """Return the table of methods: metrics, Imp, HV, Hit kept, validity.

    The best value of a column is bold, chosen among base and rows that are valid by their value, in
    the direction of its metric. Hit columns are times 100.
    """
    measures = [_metric(name, comparison.rows) for name in OBJECTIVE_METRICS]
    measures.append(_gain(Column("Imp", "↑"), comparison.rows, lambda row: row.imp))
    if any(row.imp_continue for row in comparison.rows):
        column = Column("Imp / continue", "↑", wide=True)
        against = _gain(column, comparison.rows, lambda row: row.imp_continue)
        measures.append(replace(against, higher=None))  # a second opinion wins no prize
    measures += [_volume(comparison.rows), _kept(comparison.rows), _verdicts(comparison.rows)]
    columns = [_marked(measure, comparison.rows) for measure in measures]
    return TextTable(
        caption=_caption(comparison),
        columns=tuple(measure.column for measure in measures),
        rows=tuple(
            TextRow(
                row.label, _style(row), tuple(c[n] for c in columns), "†" if row.reasons else ""
            )
            for n, row in enumerate(comparison.rows)
        ),
        footnotes=tuple(footnotes(comparison)),
        show_notes=comparison.one_seed,
        narrow_notes=tuple(against_continue(comparison.rows)),
    )


def _metric(name: str, rows: Sequence[Row]) -> _Measure:
    metric = METRICS[name]
    scale = UNIT[name]
    shown = [row.values[name] for row in rows]
    default = _room(max(scale * each.value for each in shown), 2 if scale > 1 else 3)
    places = decimals([scale * each.sd for each in shown if each.sd], default)
    cells = [
        replace(_value(each, scale, places), sign=sign(row.change[name]) if _tested(row) else "")
        for each, row in zip(shown, rows, strict=True)
    ]
    arrow = "↑" if metric.higher_is_better else "↓"
    values = [each.value for each in shown]
    return _Measure(Column(metric.label, arrow), cells, values, metric.higher_is_better)


def _tested(row: Row) -> bool:
    """Return whether the p of a row is corrected for the table: popularity's is not."""
    return row.role in ("control", "method")


def _room(largest: float, places: int) -> int:
    """Return the decimals that leave four digits to the largest value of a column."""
    return max(0, places - max(0, len(f"{largest:.0f}") - 2)) if isfinite(largest) else places


def _value(estimate: Estimate, scale: float, places: int) -> Cell:
    sd = None if estimate.sd is None else scale * estimate.sd
    low, high = scale * estimate.low, scale * estimate.high
    brief = interval(low, high, places, digits=1)
    return Cell(
        concise(scale * estimate.value, sd, places),
        interval(low, high, max(places, 1)),
        brief.replace("0.", ".") if high < 1 else brief,
    )


def _gain(column: Column, rows: Sequence[Row], pick: Callable[[Row], Estimate | None]) -> _Measure:
    found = [pick(row) if _tested(row) else None for row in rows]
    cells = [
        Cell(
            percent(each.value, signed=True),
            percent_range(each.low, each.high),
            percent_range(each.low, each.high, digits=1).removesuffix(" %"),
            sign=sign(each),
        )
        if each
        else Cell(MISSING)
        for each in found
    ]
    values = [each.value if each else nan for each in found]
    return _Measure(column, cells, values, True)


def _volume(rows: Sequence[Row]) -> _Measure:
    judged = [_tested(row) for row in rows]
    values = [row.hv if judge else nan for row, judge in zip(rows, judged, strict=True)]
    cells = [
        Cell(f"{row.hv:.2f}", _of_valid(row)) if isfinite(value) else Cell(MISSING)
        for row, value in zip(rows, values, strict=True)
    ]
    return _Measure(Column("HV", "↑"), cells, values, True)


def _of_valid(row: Row) -> str:
    """Return the hypervolume of the valid runs where that is another one."""
    some = isfinite(row.hv_valid) and row.hv_valid != row.hv
    return f"valid {row.hv_valid:.2f}" if some else ""


def _kept(rows: Sequence[Row]) -> _Measure:
    cells = [_kept_cell(row.kept) if row.kept else Cell(MISSING) for row in rows]
    values = [row.kept.value if row.kept else nan for row in rows]
    return _Measure(Column("Hit kept"), cells, values, None)


def _kept_cell(kept: Estimate) -> Cell:
    low, high = 100 * kept.low, 100 * kept.high
    note = interval(low, high, 1)
    return Cell(percent(kept.value), note and f"{note} %", interval(low, high, 1, digits=1))


def _verdicts(rows: Sequence[Row]) -> _Measure:
    special = {"reference": "ref", "sanity": MISSING}
    cells = [Cell(special.get(row.role, _word(row))) for row in rows]
    return _Measure(Column("Valid"), cells, [VALID.get(c.text, nan) for c in cells], None)


def _word(row: Row) -> str:
    """Return yes or no, with a question mark where the interval leaves it open."""
    if row.validity is None:
        return "?"
    return ("yes" if row.valid_point else "no") + "?" * (row.validity == "undecided")


def _marked(measure: _Measure, rows: Sequence[Row]) -> list[Cell]:
    """Return the cells of a column, the best of the rows that count marked."""
    counts = [
        (row.valid_point is True or row.role == "reference") and isfinite(value)
        for row, value in zip(rows, measure.values, strict=True)
    ]
    able = [value for value, ok in zip(measure.values, counts, strict=True) if ok]
    best = nan
    if measure.higher is not None and able:
        best = max(able) if measure.higher else min(able)
    return [
        replace(cell, best=ok and value == best, value=value)
        for cell, ok, value in zip(measure.cells, counts, measure.values, strict=True)
    ]


def _style(row: Row) -> Style:
    if row.role in ("sanity", "reference"):
        return "sanity" if row.role == "sanity" else "reference"
    return "invalid" if row.reasons else "plain"


def _caption(comparison: Comparison) -> str:
    numbers = sorted({len(row.seeds) for row in comparison.rows if row.role != "sanity"})
    if comparison.one_seed:
        spread = "one seed; below each value its 95 % interval over users"
    else:
        many = counted(numbers[-1], "seed")
        per = many if len(numbers) == 1 else f"{numbers[0]} to {many}"
        spread = f"{per} per method; 6.01(3) means 6.01 ± 0.03"
    return f"{spread}; Hit columns × 100; k = {comparison.k}"
