"""``mobench reproduce``."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mobench.cli import recipe as recipes
from mobench.cli.console import Output
from mobench.cli.options import Json
from mobench.cli.report import tell
from mobench.cli.views.checks import compare, table, write_summary
from mobench.errors import ToleranceError

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
    metrics, built = runner.run()
    out.show("")
    tell(out, built)
    checks = compare(steps.recipe, metrics, built.comparison)
    if checks:
        out.show("", *table(checks), "")
    write_summary(steps.recipe, checks)
    facts = {
        "artifact": steps.report_path,
        "steps": runner.log,
        "checks": [asdict(check) for check in checks],
    }
    off = sum(not check.ok for check in checks)
    if off:
        verb = "is outside its" if off == 1 else "are outside their"
        raise ToleranceError(
            f"{off} of {len(checks)} values {verb} tolerance",
            f"compare {steps.report_path} with the recipe's note: {steps.recipe.note}".rstrip(": "),
            facts=facts,
        )
    out.done(**facts)
