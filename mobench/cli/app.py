"""The commands, in the order of the pipeline."""

from collections.abc import Callable
from typing import Annotated

import typer

from mobench import __version__
from mobench.cli.evaluate import evaluate
from mobench.cli.export import export
from mobench.cli.prep import prep
from mobench.cli.report import report
from mobench.cli.reproduce import reproduce
from mobench.cli.show import show
from mobench.cli.train import train

COMMANDS: dict[str, dict[str, Callable[..., None]]] = {
    "Pipeline": {"prep": prep, "train": train, "eval": evaluate, "report": report},
    "Research": {"reproduce": reproduce, "show": show, "export": export},
}

app = typer.Typer(
    name="mobench",
    help="Multi-objective recommendation: prepare data, train, evaluate, report.",
    epilog="Each command reads one artifact directory and writes the next:"
    " prep → train → eval → report.",
    context_settings={"help_option_names": ["--help", "-h"]},
    rich_markup_mode="rich",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"mobench {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version",
        metavar="",
        help="Print the version and exit.",
        callback=_version,
        is_eager=True,
    ),
]


@app.callback()
def root(version: Version = False) -> None:
    """Hold the options that stand before a command."""


for panel, commands in COMMANDS.items():
    for name, function in commands.items():
        app.command(name, rich_help_panel=panel)(function)
