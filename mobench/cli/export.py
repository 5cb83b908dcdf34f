"""``mobench export``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mobench import places
from mobench.cli.console import Output, stages
from mobench.cli.options import Force, Json, Name
from mobench.cli.table import lines
from mobench.cli.words import count
from mobench.errors import ConfigError, suggest

if TYPE_CHECKING:
    from mobench.artifacts import Artifact

TOOLS = ("recbole", "csv", "lenskit")

DatasetPath = Annotated[
    Path, typer.Argument(metavar="DATASET", help="Dataset artifact, made by prep.")
]
To = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="|".join(TOOLS),
        autocompletion=lambda: list(TOOLS),
        help="Tool whose files to write.",
    ),
]


def export(
    dataset: DatasetPath, to: To, name: Name = None, force: Force = False, as_json: Json = False
) -> None:
    """Write a dataset as other tools read it, so that they train on exactly our split."""
    if to not in TOOLS:
        raise ConfigError(
            f"--to '{to}' is unknown", f"{suggest(to, TOOLS)}One of: {', '.join(TOOLS)}."
        )
    from mobench.data import panics
    from mobench.data.export.run import export as write

    panics.avoid()
    out = Output("export", as_json)
    path = places.place("exports", name or f"{dataset.resolve().name}-{to}")
    with stages() as track:
        done = write(dataset, to, path, track, replace=force)
    out.show(*files(done.artifact), "")
    out.wrote(path, fresh=done.fresh)
    out.talk(f"how to load it: {path / 'README.md'}")
    out.done(artifact=path, fresh=done.fresh, results=done.artifact.manifest.results)


def files(artifact: "Artifact") -> list[str]:
    """Return the files with rows."""
    entries = [entry for entry in artifact.manifest.files if entry.rows is not None]
    return lines(["File", "Rows"], [[entry.path, count(entry.rows or 0)] for entry in entries])
