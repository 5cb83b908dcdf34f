"""The tables beside the main one: fronts, and what everything cost."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite

from mobench.metrics import METRICS
from mobench.report.estimates import Estimate
from mobench.report.front_records import Budget, Front
from mobench.report.notation import MISSING, concise, decimals
from mobench.report.records import Comparison
from mobench.report.text import Cell, Column, TextRow, TextTable

MEASURES: tuple[tuple[Column, Callable[[Front], Estimate], int], ...] = (
    (Column("Front of"), lambda front: front.non_dominated, 1),
    (Column("HV", "↑"), lambda front: front.hv, 2),
    (Column("HV valid", "↑"), lambda front: front.hv_valid, 2),
    (Column("IGD+", "↓"), lambda front: front.igd_plus, 3),
    (Column("Spread", "↑"), lambda front: front.spread, 2),
)
"""Columns of a front: what it is, and decimals where nothing has a spread."""

BEST = {"HV": max, "HV valid": max, "IGD+": min}
"""Columns with a best value; a wide front or one of many points is not better for it."""


def fronts_table(comparison: Comparison) -> TextTable | None:
    """Return the table of fronts and of the single rows beside them; ``None`` without a front."""
    fronts = comparison.fronts
    if not fronts:
        return None
    cells = [[Cell(str(len(front.members))) for front in fronts]]
    cells += [_column(column, pick, places, fronts) for column, pick, places in MEASURES]
    columns = (Column("Settings"), *(column for column, _, _ in MEASURES))
    rows = tuple(
        TextRow(front.label, "plain", tuple(column[n] for column in cells))
        for n, front in enumerate(fronts)
    )
    return TextTable(_caption(fronts), columns, rows, tuple(_footnotes(comparison)), False)


def _column(
    column: Column, pick: Callable[[Front], Estimate], default: int, fronts: Sequence[Front]
) -> list[Cell]:
    found = [pick(front) for front in fronts]
    places = decimals([each.sd for each in found], default)
    cells = [Cell(concise(each.value, each.sd, places)) for each in found]
    finite = [each.value for each in found if isfinite(each.value)]
    if column.title not in BEST or not finite:
        return cells
    best = BEST[column.title](finite)
    return [replace(cell, best=each.value == best) for cell, each in zip(cells, found, strict=True)]


def _caption(fronts: Sequence[Front]) -> str:
    numbers = sorted({len(front.seeds) for front in fronts})
    seeds = " to ".join(map(str, numbers[:1] + numbers[1:][-1:]))
    return f"Fronts, each seed by itself, mean over {seeds} {'seed' if numbers == [1] else 'seeds'}"


def _footnotes(comparison: Comparison) -> list[str]:
    over = ", ".join(METRICS[name].label for name in comparison.imp_over) or "nothing"
    return [
        f"A front is all rows of a method that differ in preference only. HV over {over}, reference"
        f" point {comparison.hv_reference:g} (base is at 1); HV valid of the valid runs only. IGD+"
        " is the distance to the best of all runs together, spread the share of their width.",
        "More settings make a larger HV by themselves: compare fronts of one size.",
    ]


def budgets_table(comparison: Comparison) -> TextTable | None:
    """Return what each front or method cost; ``None`` where nothing was judged."""
    inside = {member: front for front in comparison.fronts for member in front.members}
    budgets: dict[str, Budget] = {}
    for row in comparison.rows:
        if row.role in ("control", "method"):
            front = inside.get(row.label)
            budgets[front.label if front else row.label] = front.budget if front else row.budget
    if not budgets:
        return None
    columns = tuple(map(Column, ("Trainings", "Epochs", "Positives", "Tries", "Time")))
    rows = tuple(
        TextRow(label, "plain", tuple(map(Cell, _words(budget))))
        for label, budget in budgets.items()
    )
    note = (
        "Of all trainings together, without base. Tries: settings tried, the one in use included."
    )
    return TextTable("What it cost", columns, rows, (note,), False)


def _words(budget: Budget) -> list[str]:
    counts = (budget.trainings, budget.epochs, budget.positives, budget.tries)
    words = [MISSING if count is None else f"{count:,}" for count in counts]
    return [*words, MISSING if budget.seconds is None else f"{budget.seconds:,.0f} s"]


def compares_methods(comparison: Comparison) -> bool:
    """Return whether there is more than one method, so that equal terms matter."""
    return len(comparison.of_role("method")) > 1
