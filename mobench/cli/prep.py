"""``mobench prep``."""

import re
from pathlib import Path
from typing import Annotated

import typer

from mobench.cli import places
from mobench.cli.console import Output, stages
from mobench.cli.options import Force, Json, Name, with_config
from mobench.cli.views import dataset as view
from mobench.config import PrepConfig
from mobench.errors import ConfigError

Sources = Annotated[
    list[str] | None,
    typer.Argument(metavar="SOURCE…", help="Review files, or demo for the embedded data."),
]


@with_config(PrepConfig)
def prep(
    config: PrepConfig,
    source: Sources = None,
    name: Name = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Turn raw reviews into a dataset artifact (filter, K-core, leave-one-out)."""
    from mobench.data.prep import prepare

    out = Output("prep", as_json)
    if source:
        config = config.model_copy(update={"source": tuple(source)})
    path = places.place("datasets", name or default_name(config))
    with stages() as track:
        done = prepare(config, path, replace=force, track=track)
    results = done.artifact.manifest.results
    out.show(*view.summary(done.artifact), "")
    view.caveats(out, done.artifact)
    out.wrote(path, fresh=done.fresh)
    out.next(f"mobench train {path} --method base")
    out.done(artifact=path, fresh=done.fresh, results=results)


def default_name(config: PrepConfig) -> str:
    """Return the first source's file name without endings.

    Raises:
        ConfigError: There is no source.
    """
    if not config.source:
        raise ConfigError("missing argument 'SOURCE…'", "name review files, or demo.")
    stem = Path(config.source[0]).name.partition(".")[0]
    return re.sub(r"[^\w+-]+", "-", stem).strip("-")
