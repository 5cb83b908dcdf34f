"""The commands, in the order of the pipeline; only the one that is asked for is imported."""

import importlib
import os
from collections.abc import Callable, Iterable
from typing import Annotated, NamedTuple

import typer

from mobench import __version__


class Command(NamedTuple):
    """A command: where it stands in the help, which function does it, what ``--help`` says."""

    panel: str
    module: str
    help: str

    def load(self) -> Callable[..., None]:
        """Return the function, which has the name of its module."""
        function: Callable[..., None]
        function = getattr(importlib.import_module(f"mobench.cli.{self.module}"), self.module)
        return function


COMMANDS = {
    "prep": Command(
        "Pipeline",
        "prep",
        "Turn raw reviews into a dataset artifact (filter, K-core, leave-one-out).",
    ),
    "train": Command(
        "Pipeline",
        "train",
        "Train a recommender under several objectives and save a run artifact.",
    ),
    "eval": Command(
        "Pipeline", "evaluate", "Score runs on the test split and save metrics artifacts."
    ),
    "report": Command(
        "Pipeline",
        "report",
        "Compare evaluated runs: table, Pareto plots, HTML / Markdown / LaTeX.",
    ),
    "reproduce": Command(
        "Research", "reproduce", "Run a recipe end to end and compare with its expected values."
    ),
    "compare": Command(
        "Research", "compare", "Say what changed between two results, and whether it matters."
    ),
    "recommend": Command(
        "Research", "recommend", "Write lists with titles and prices, for people to look at."
    ),
    "show": Command(
        "Research",
        "show",
        "Describe any artifact: what it is, where it came from, how to remake it.",
    ),
    "export": Command(
        "Research",
        "export",
        "Write a dataset as other tools read it, so that they train on exactly our split.",
    ),
}


def app_for(words: Iterable[str]) -> typer.Typer:
    """Return the program, with the options of those commands whose names are among ``words``.

    The others are there by name and help alone, which is enough to list them: their options come
    from their modules, and all of these together take longer to import than a short command takes.
    """
    app = typer.Typer(
        name="mobench",
        help="Multi-objective recommendation: prepare data, train, evaluate, report.",
        epilog="Each command reads one artifact directory and writes the next:"
        " prep → train → eval → report.",
        context_settings={"help_option_names": ["--help", "-h"]},
        rich_markup_mode="rich",
    )
    app.callback()(root)
    wanted = set(COMMANDS if "_MOBENCH_COMPLETE" in os.environ else words)  # a shell asks for names
    for name, command in COMMANDS.items():
        function = command.load() if name in wanted else _unwanted
        app.command(name, help=command.help, rich_help_panel=command.panel)(function)
    return app


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


def root(version: Version = False) -> None:
    """Hold the options that stand before a command."""


def _unwanted() -> None:
    """Stand for a command that is not called."""
