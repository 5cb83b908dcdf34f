"""Expected values beside measured ones."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mobench.cli.recipe import SCORES
from mobench.cli.table import lines
from mobench.cli.words import number
from mobench.config import Recipe

if TYPE_CHECKING:
    from mobench.artifacts import Artifact
    from mobench.report.records import Comparison

TITLES = ("Method", "Metric", "Expected", "Tolerance", "Got", "", "Paper")


@dataclass(frozen=True)
class Check:
    """An expectation beside what came out, averaged over the seeds."""

    method: str
    metric: str
    expected: float
    tolerance: float
    got: float
    ok: bool
    paper: float | None

    @property
    def cells(self) -> list[str]:
        """The row of the table; the paper's value is for the eye only."""
        note = "ok" if self.ok else f"off by {number(abs(self.got - self.expected))}"
        values = (number(self.expected), f"± {number(self.tolerance)}", number(self.got))
        return [self.method, self.metric, *values, note, number(self.paper)]


def table(checks: Sequence[Check]) -> list[str]:
    """Return a row per expectation."""
    titles, *rows = _grid(checks)
    return lines(titles, rows, left=(0, 1, 5))


def _grid(checks: Sequence[Check]) -> list[Sequence[str]]:
    """Return titles and rows, the paper's column only where it says something."""
    width = len(TITLES) - all(check.paper is None for check in checks)
    return [row[:width] for row in (TITLES, *(check.cells for check in checks))]


def compare(recipe: Recipe, metrics: "Sequence[Artifact]", comparison: "Comparison") -> list[Check]:
    """Return one check per expectation."""
    checks = []
    for method, expected in recipe.expect.items():
        for metric, wish in expected.items():
            got = measured(method, metric, metrics, comparison)
            ok = abs(got - wish.value) <= wish.tolerance
            checks.append(Check(method, metric, wish.value, wish.tolerance, got, ok, wish.paper))
    return checks


def measured(
    method: str, metric: str, metrics: "Sequence[Artifact]", comparison: "Comparison"
) -> float:
    """Return the mean over the method's runs; ``imp`` and ``accuracy_kept`` as in the report."""
    if metric in SCORES:
        row = next(row for row in comparison.rows if row.method == method)
        estimate = row.imp if metric == "imp" else row.kept
        return estimate.value if estimate else float("nan")
    results = [artifact.manifest.results for artifact in metrics]
    values: list[float] = [
        found["metrics"][metric] for found in results if found["method"] == method
    ]
    return sum(values) / len(values)


def write_summary(recipe: Recipe, checks: Sequence[Check]) -> None:
    """Append the table as Markdown to ``$GITHUB_STEP_SUMMARY``, if that is set."""
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if not target:
        return
    titles, *rows = _grid(checks)
    table = "\n".join(f"| {' | '.join(row)} |" for row in (titles, ["---"] * len(titles), *rows))
    with Path(target).open("a", encoding="utf-8") as file:
        file.write(f"## mobench reproduce {recipe.name}\n\n{table}\n")
