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
DryRun = Annotated[
    bool, typer.Option("--dry-run", metavar="", help="List the steps, write nothing.")
]


def reproduce(
    recipe: RecipeName,
    data: DataFolder = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Run a recipe end to end and compare with its expected values."""
    out = Output("reproduce", as_json)
    steps = recipes.read(recipes.find(recipe), data)
    if dry_run:
        listed = steps.listed()
        out.show(*(f"{kind:<6}  {path}" for kind, path in listed))
        out.done(artifact=None, would_write=[path for _, path in listed])
        return
    from mobench.cli.runner import Runner

    runner = Runner(out, steps)
    of_dataset = compare_dataset(steps.recipe, runner.prepare())
    # An hour of training on other data than the recipe's would be wasted.
    judge(out, runner, of_dataset, whole=False)
    metrics, built = runner.run()
    out.show("")
    tell(out, built)
    facts = judge(
        out, runner, [*of_dataset, *compare(steps, metrics, built.comparison)], whole=True
    )
    out.done(**facts)


def judge(out: Output, runner: "Runner", checks: list[Check], *, whole: bool) -> dict[str, Any]:
    """Show the checks when all is done or one fails; return what a machine should know.

    Raises:
        ToleranceError: A value is outside its tolerance.
    """
    recipe = runner.steps.recipe
    made = runner.steps.report_path if whole else runner.steps.dataset
    facts = {
        "artifact": made,
        "steps": runner.log,
        "checks": [asdict(check) for check in checks],
    }
    off = sum(not check.ok for check in checks)
    if checks and (whole or off):
        out.show("", *table(checks), "")
        write_summary(recipe, checks)
    if off:
        verb = "is outside its" if off == 1 else "are outside their"
        raise ToleranceError(
            f"{off} of {sum(check.is_checked for check in checks)} values {verb} tolerance",
            f"compare {made} with the recipe's note: {recipe.note}".rstrip(": "),
            facts=facts,
        )
    return facts
