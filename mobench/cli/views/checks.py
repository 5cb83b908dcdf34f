"""Expected values beside measured ones."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobench.cli.expectations import COUNTS, SCORES, is_stage
from mobench.cli.recipe import Steps
from mobench.cli.table import lines
from mobench.cli.words import duration, number
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
        least = 0 if self.method == DATASET else 1000
        row, paper = [self.method, self.metric], _short(self.paper, least)
        got = _short(self.got, least)
        if self.expected is None:
            return [*row, "", "", got, "", paper]
        note = "ok" if self.ok else f"off by {_short(abs(self.got - self.expected), least)}"
        tolerance = f"± {_short(self.tolerance, least)}"
        return [*row, _short(self.expected, least), tolerance, got, note, paper]


def _short(value: float | None, least: int) -> str:
    """Return four decimals; whole numbers from ``least`` on as counts."""
    if value is None or not math.isfinite(value):
        return number(value)
    is_count = value == int(value) and abs(value) >= least
    return f"{int(value):,}" if is_count else number(value)


def table(checks: Sequence[Check]) -> list[str]:
    """Return a row per expectation."""
    titles, *rows = _grid(checks)
    return lines(titles, rows, left=(0, 1, 5))


def _grid(checks: Sequence[Check]) -> list[Sequence[str]]:
    """Return titles and rows, the paper's column only where it says something."""
    width = len(TITLES) - all(check.paper is None for check in checks)
    return [row[:width] for row in (TITLES, *(check.cells for check in checks))]


def compare_dataset(steps: Steps, dataset: "Artifact") -> list[Check]:
    """Return one check per expectation about the dataset.

    Raises:
        ConfigError: A stage of prep that there is not is expected.
    """
    facts = dataset.manifest.results | stage_facts(dataset)
    expected = steps.expected.get(DATASET, {})
    for name in expected:
        if name not in facts:
            known = [fact for fact in facts if is_stage(fact)]
            raise ConfigError(
                f"recipe '{steps.recipe.name}' expects '{name}' of the dataset,"
                " which has no such stage",
                f"{suggest(name, known)}It has: {', '.join(known)}.",
            )
    return [Check.of(DATASET, name, wish, float(facts[name])) for name, wish in expected.items()]


def stage_facts(dataset: "Artifact") -> dict[str, int]:
    """Return rows, users and items after every stage of prep and every round of the k-core."""
    funnel = dataset.read("funnel.parquet", ["stage", *COUNTS])
    left = {
        str(stage): [int(funnel[what][n]) for what in COUNTS]
        for n, stage in enumerate(funnel["stage"])
    }
    rounds = dataset.manifest.results.get("core_left", ())
    left |= {f"core round {n + 1}": counts for n, counts in enumerate(rounds)}
    return {
        f"{what}: {stage}": count
        for stage, counts in left.items()
        for what, count in zip(COUNTS, counts, strict=True)
    }


def compare(
    steps: Steps, metrics: "Sequence[Artifact]", comparison: "Comparison | None"
) -> list[Check]:
    """Return one check per expectation about a row of the report."""
    rows = steps.rows
    return [
        Check.of(row, metric, wish, measured(row, metric, rows, metrics, comparison))
        for row, expected in steps.expected.items()
        if row != DATASET
        for metric, wish in expected.items()
    ]


def measured(
    row: str,
    metric: str,
    rows: Mapping[str, str],
    metrics: "Sequence[Artifact]",
    comparison: "Comparison | None",
) -> float:
    """Return the mean over a row's runs; ``imp`` and ``accuracy_kept`` as in the report.

    Args:
        row: A row of the report.
        metric: What to look up.
        rows: The row of each metrics artifact, by its path.
        metrics: All metrics artifacts.
        comparison: What the report says; there is one where a score is looked up.
    """
    if metric in SCORES and comparison:
        found = comparison.row(row)
        estimate = found.imp if metric == "imp" else found.kept
        return estimate.value if estimate else float("nan")
    mine = [artifact.manifest.results for artifact in metrics if rows[str(artifact.path)] == row]
    return float(sum(results["metrics"][metric] for results in mine) / len(mine))


def write_summary(
    recipe: Recipe, checks: Sequence[Check], steps: Sequence[Mapping[str, Any]], verdict: str
) -> None:
    """Append note, verdict, checks and steps as Markdown to ``$GITHUB_STEP_SUMMARY``, if it is set.

    Args:
        recipe: What was run.
        checks: Expected values beside measured ones.
        steps: What was done; see ``Runner.log``.
        verdict: What the report says, empty where there is none.
    """
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if not target:
        return
    off = sum(not check.ok for check in checks)
    checked = sum(check.is_checked for check in checks)
    told = f"{off} of {checked} values outside their tolerance" if checked else "nothing to check"
    parts = [f"## mobench reproduce {recipe.name}: {told}", recipe.note, verdict]
    parts += [_markdown(_grid(checks))] if checks else []
    done = [[step["step"], f"`{step['artifact']}`", took(step)] for step in steps]
    parts.append(_markdown([("Step", "Artifact", "Time"), *done]))
    with Path(target).open("a", encoding="utf-8") as file:
        file.write("\n\n".join(filter(None, parts)) + "\n\n")


def took(step: Mapping[str, Any]) -> str:
    """Return how long a step took, if there was anything to do."""
    return duration(step["seconds"]) if step["fresh"] else "up to date"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    titles, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lined = (titles, ["---"] * len(titles), *body)
    return "\n".join(f"| {' | '.join(row)} |" for row in lined)
