"""``mobench prep``."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from mobench import places
from mobench.cli.console import Output, stages
from mobench.cli.options import Force, Json, Name, with_config
from mobench.cli.views import dataset as view
from mobench.cli.views import download as downloads
from mobench.cli.views import inspect as inspect_view
from mobench.config import PrepConfig

if TYPE_CHECKING:
    from mobench.manifest import Manifest

Sources = Annotated[
    list[str] | None,
    typer.Argument(metavar="SOURCE…", help="Review files; or demo, synthetic, a public set."),
]

Download = Annotated[
    bool,
    typer.Option(
        "--download", metavar="", help="Fetch a public set: ml-100k, amazon-2023/Electronics, …"
    ),
]

Inspect = Annotated[
    bool, typer.Option("--inspect", metavar="", help="Show what the files are, write nothing.")
]


@with_config(PrepConfig)
def prep(
    config: PrepConfig,
    source: Sources = None,
    download: Download = False,
    inspect: Inspect = False,
    name: Name = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Turn raw reviews into a dataset artifact (filter, K-core, leave-one-out)."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of NumPy: prep multiplies no matrices
    from mobench.data import panics
    from mobench.data.prep import prepare

    panics.avoid()
    out = Output("prep", as_json)
    if source:
        config = config.model_copy(update={"source": tuple(source)})
    named = name or (places.dataset_name(config) if not inspect else "")
    config = downloads.with_files(config, out, download=download)
    if inspect:
        _inspect(config, out)
        return
    path = places.place("datasets", named)
    with stages() as track:
        done = prepare(config, path, replace=force, track=track)
    results = done.artifact.manifest.results
    out.show(*view.summary(done.artifact), *chosen(config, done.artifact.manifest), "")
    view.caveats(out, done.artifact)
    out.wrote(path, fresh=done.fresh)
    out.next(f"mobench train {path} --method base")
    out.talk(f"see   mobench show {path}")
    out.done(artifact=path, fresh=done.fresh, results=results)


def _inspect(config: PrepConfig, out: Output) -> None:
    """Show what each file is, and the command that prepares them."""
    from mobench.data.glimpse import Glimpse
    from mobench.data.inspect import inspect

    all_found = []
    for one in inspect(config):
        if isinstance(one, Glimpse):  # what follows is the error
            out.show(*inspect_view.glimpsed(one), "")
            continue
        out.show(*inspect_view.found(one), "")
        all_found.append(one)
    command = inspect_view.command(config, all_found)
    if any(one.n_read > 0 and one.n_rejected == one.n_read for one in all_found):
        out.warn("no row that was looked at is usable: see the reasons above.")
    else:
        out.next(command)
    out.done(files=[inspect_view.facts(one) for one in all_found], next=command)


def chosen(config: PrepConfig, manifest: "Manifest") -> list[str]:
    """Return which files of an archive were read, where the user named the archive alone."""
    named = {*config.source, *config.meta}
    inside = [
        f" {entry.role:<8}   {entry.path}"
        for entry in manifest.inputs
        if entry.path not in named and any(entry.path.startswith(f"{text}:") for text in named)
    ]
    return ["", *inside] if inside else []
