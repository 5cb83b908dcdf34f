"""``mobench reproduce``."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mobench.cli import recipe as recipes
from mobench.cli.console import Output
from mobench.cli.options import Json
from mobench.cli.report import tell
from mobench.cli.views.checks import Check, compare, compare_dataset, table, write_summary
from mobench.errors import ToleranceError

if TYPE_CHECKING:
    from mobench.cli.runner import Runner

RecipeName = Annotated[
    str, typer.Argument(metavar="RECIPE", help="A TOML file, or a built-in recipe such as demo.")
]
DataFolder = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Folder that ${DATA} in the recipe stands for."),
]
Only = Annotated[
    str | None,
    typer.Option(
        "--only", metavar="A,B,…", help="Steps (how far) and rows to make, with all they need."
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", metavar="", help="List the steps, write nothing.")
]


def reproduce(
    recipe: RecipeName,
    data: DataFolder = None,
    only: Only = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Run a recipe end to end and compare with its expected values."""
    out = Output("reproduce", as_json)
    steps = recipes.read(recipes.find(recipe), data, only)
    if dry_run:
        plan(out, steps)
        return
    from mobench.cli.runner import Runner

    runner = Runner(out, steps)
    of_dataset = compare_dataset(steps, runner.prepare())
    # An hour of training on other data than the recipe's would be wasted.
    judge(out, runner, of_dataset, whole=False)
    metrics, built = runner.run()
    if built:
        out.show("")
        tell(out, built)
    checks = of_dataset
    if metrics:
        checks = [*checks, *compare(steps, metrics, built.comparison if built else None)]
    verdict = built.comparison.verdict if built else ""
    out.done(**judge(out, runner, checks, whole=True, verdict=verdict))


def plan(out: Output, steps: recipes.Steps) -> None:
    """List the steps, and which artifacts are there already."""
    listed = [(kind, path, (path / "manifest.json").is_file()) for kind, path in steps.listed()]
    out.show(*(f"{kind:<6}  {path}{'  exists' * there}" for kind, path, there in listed))
    out.done(
        artifact=None,
        steps=[{"step": kind, "artifact": path, "exists": there} for kind, path, there in listed],
        would_write=[path for _, path, there in listed if not there],
    )


def judge(
    out: Output, runner: "Runner", checks: list[Check], *, whole: bool, verdict: str = ""
) -> dict[str, Any]:
    """Show the checks when all is done or one fails; return what a machine should know.

    Args:
        out: Where to say it.
        runner: What was done.
        checks: Expected values beside measured ones.
        whole: Whether all is done.
        verdict: What the report says.

    Raises:
        ToleranceError: A value is outside its tolerance.
    """
    recipe = runner.steps.recipe
    made = runner.log[-1]["artifact"] if whole else runner.steps.dataset
    facts = {
        "artifact": made,
        "steps": runner.log,
        "checks": [asdict(check) for check in checks],
    }
    off = sum(not check.ok for check in checks)
    if checks and (whole or off):
        out.show("", *table(checks), "")
    if whole or off:
        write_summary(recipe, checks, runner.log, verdict)
    if off:
        verb = "is outside its" if off == 1 else "are outside their"
        raise ToleranceError(
            f"{off} of {sum(check.is_checked for check in checks)} values {verb} tolerance",
            f"compare {made} with the recipe's note: {recipe.note}".rstrip(": "),
            facts=facts,
        )
    return facts
