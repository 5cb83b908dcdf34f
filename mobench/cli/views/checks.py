"""Expected values beside measured ones."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mobench.cli.expectations import SCORES, STAGE
from mobench.cli.recipe import Steps
from mobench.cli.table import lines
from mobench.cli.words import number
from mobench.config import Expectation, Recipe
from mobench.config.recipe import DATASET
from mobench.errors import ConfigError, suggest

if TYPE_CHECKING:
    from mobench.artifacts import Artifact
    from mobench.report.records import Comparison

TITLES = ("Method", "Metric", "Expected", "Tolerance", "Got", "", "Paper")


@dataclass(frozen=True)
class Check:
    """An expectation beside what came out, averaged over the seeds.

    Without an expected value there is only a paper's number to look at, and ``ok`` is true.
    """

    method: str
    metric: str
    expected: float | None
    tolerance: float | None
    got: float
    ok: bool
    paper: float | None

    @classmethod
    def of(cls, method: str, metric: str, wish: Expectation, got: float) -> "Check":
        """Compare what came out with what was wished for; what is not a number is never ok."""
        ok = wish.value is None or abs(got - wish.value) <= (wish.tolerance or 0)
        return cls(method, metric, wish.value, wish.tolerance, got, ok, wish.paper)

    @property
    def is_checked(self) -> bool:
        """Whether there is a value to reproduce."""
        return self.expected is not None

    @property
    def cells(self) -> list[str]:
        """The row of the table; the paper's value is for the eye only."""
        row, paper = [self.method, self.metric], _short(self.paper)
        if self.expected is None:
            return [*row, "", "", _short(self.got), "", paper]
        note = "ok" if self.ok else f"off by {_short(abs(self.got - self.expected))}"
        tolerance = f"± {_short(self.tolerance)}"
        return [*row, _short(self.expected), tolerance, _short(self.got), note, paper]


def _short(value: float | None) -> str:
    """Return four decimals; whole numbers from 1,000 on as counts."""
    if value is None or not math.isfinite(value):
        return number(value)
    is_count = value == int(value) and abs(value) >= 1000
    return f"{int(value):,}" if is_count else number(value)


def table(checks: Sequence[Check]) -> list[str]:
    """Return a row per expectation."""
    titles, *rows = _grid(checks)
    return lines(titles, rows, left=(0, 1, 5))


def _grid(checks: Sequence[Check]) -> list[Sequence[str]]:
    """Return titles and rows, the paper's column only where it says something."""
    width = len(TITLES) - all(check.paper is None for check in checks)
    return [row[:width] for row in (TITLES, *(check.cells for check in checks))]


def compare_dataset(recipe: Recipe, dataset: "Artifact") -> list[Check]:
    """Return one check per expectation about the dataset.

    Raises:
        ConfigError: A stage of prep that there is not is expected.
    """
    facts = dict(dataset.manifest.results)
    funnel = dataset.read("funnel.parquet", ["stage", "rows"])
    stages = zip(funnel["stage"], funnel["rows"], strict=True)
    facts |= {f"{STAGE}{stage}": int(rows) for stage, rows in stages}
    expected = recipe.expect.get(DATASET, {})
    for name in expected:
        if name not in facts:
            known = [fact for fact in facts if fact.startswith(STAGE)]
            raise ConfigError(
                f"recipe '{recipe.name}' expects '{name}' of the dataset, which has no such stage",
                f"{suggest(name, known)}It has: {', '.join(known)}.",
            )
    return [Check.of(DATASET, name, wish, float(facts[name])) for name, wish in expected.items()]


def compare(steps: Steps, metrics: "Sequence[Artifact]", comparison: "Comparison") -> list[Check]:
    """Return one check per expectation about a row of the report."""
    rows = steps.rows
    return [
        Check.of(row, metric, wish, measured(row, metric, rows, metrics, comparison))
        for row, expected in steps.recipe.expect.items()
        if row != DATASET
        for metric, wish in expected.items()
    ]


def measured(
    row: str,
    metric: str,
    rows: Mapping[str, str],
    metrics: "Sequence[Artifact]",
    comparison: "Comparison",
) -> float:
    """Return the mean over a row's runs; ``imp`` and ``accuracy_kept`` as in the report.

    Args:
        row: A row of the report.
        metric: What to look up.
        rows: The row of each metrics artifact, by its path.
        metrics: All metrics artifacts.
        comparison: What the report says.
    """
    if metric in SCORES:
        found = comparison.row(row)
        estimate = found.imp if metric == "imp" else found.kept
        return estimate.value if estimate else float("nan")
    mine = [artifact.manifest.results for artifact in metrics if rows[str(artifact.path)] == row]
    return float(sum(results["metrics"][metric] for results in mine) / len(mine))


def write_summary(recipe: Recipe, checks: Sequence[Check]) -> None:
    """Append the table as Markdown to ``$GITHUB_STEP_SUMMARY``, if that is set."""
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if not target:
        return
    titles, *rows = _grid(checks)
    table = "\n".join(f"| {' | '.join(row)} |" for row in (titles, ["---"] * len(titles), *rows))
    with Path(target).open("a", encoding="utf-8") as file:
        file.write(f"## mobench reproduce {recipe.name}\n\n{table}\n")
