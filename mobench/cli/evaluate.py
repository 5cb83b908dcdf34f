"""``mobench eval``."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mobench import places
from mobench.cli.advice import after_eval
from mobench.cli.console import Output, track
from mobench.cli.options import Force, Json, Name, with_config
from mobench.cli.views.metrics import summary
from mobench.config import EvalConfig

if TYPE_CHECKING:
    from mobench.evaluation.run import Evaluated

RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="A run artifact, made by train.")]


@with_config(EvalConfig)
def evaluate(
    config: EvalConfig,
    run: RunPath,
    name: Name = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Score a run on the test split and save a metrics artifact."""
    out = Output("eval", as_json)
    done = score(config, run, name, force=force)
    out.show(*summary(done.artifact), "")
    out.wrote(done.artifact.path, fresh=done.fresh)
    out.next(after_eval(done.artifact))
    results = done.artifact.manifest.results
    out.done(artifact=done.artifact.path, fresh=done.fresh, **results)


def score(config: EvalConfig, run: Path, name: str | None, *, force: bool) -> "Evaluated":
    """Evaluate a run under its default or a given name."""
    from mobench.evaluation.run import evaluate as engine

    usual = places.metrics_name(run, config.split, config.preference)
    path = places.place("metrics", name or usual)
    return engine(config, run, path, replace=force, track=track_blocks)


def track_blocks(blocks: Iterable[int]) -> Iterable[int]:
    """Draw the progress of a ranking."""
    listed = list(blocks)
    return track(listed, "ranking", len(listed))
