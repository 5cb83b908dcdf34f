"""``mobench train``."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mobench.cli import places
from mobench.cli.advice import eval_command
from mobench.cli.console import Output, track_epoch
from mobench.cli.options import Force, Json, Name, with_config
from mobench.cli.views.training import Epochs, dry_run_lines, header, trials, verdict
from mobench.config import TrainConfig
from mobench.errors import ConfigError, Interrupted

if TYPE_CHECKING:
    from mobench.artifacts import Artifact
    from mobench.training.log import EpochRecord
    from mobench.training.plan import Plan

DatasetPath = Annotated[
    Path | None, typer.Argument(metavar="DATASET", help="A dataset artifact, made by prep.")
]
Base = Annotated[
    Path | None,
    typer.Option(
        "--base", metavar="RUN", help="Base run to start from (unset: the newest that fits)."
    ),
]
Resume = Annotated[
    Path | None,
    typer.Option("--resume", metavar="DIR", help="Go on with an unfinished run; stands alone."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", metavar="", help="Check everything, write nothing.")
]


@with_config(TrainConfig)
def train(
    config: TrainConfig,
    dataset: DatasetPath = None,
    base: Base = None,
    name: Name = None,
    resume: Resume = None,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    config_file: Path | None = None,
) -> None:
    """Train a recommender under several objectives and save a run artifact."""
    out = Output("train", as_json)
    records: Iterator[EpochRecord] | None
    if resume:
        if dataset or base or name or force or dry_run or config.model_fields_set:
            raise ConfigError(
                "--resume takes no other option", "the config comes from the directory."
            )
        from mobench.training.run import resume as go_on

        plan, records = go_on(resume, track=track_epoch)
    else:
        plan = make_plan(config, dataset, base, name, config_file)
        if dry_run:
            out.show(*dry_run_lines(plan))
            out.done(artifact=None, would_write=plan.path, config=plan.config.model_dump())
            return
        records = start(plan, force=force)
    artifact = follow(out, plan, records) if records else None
    finish(out, plan, artifact)


def make_plan(
    config: TrainConfig,
    dataset: Path | None,
    base: Path | None,
    name: str | None,
    file: Path | None,
) -> "Plan":
    """Return the plan of a run under its default or a given name."""
    if not dataset:
        raise ConfigError("missing argument 'DATASET'", "see 'mobench train --help'.")
    from mobench.training.run import plan

    if config.method in ("morec", "continue") and not base:
        recorded = places.recorded_base(file, dataset, config) if file else None
        base = recorded or places.newest_base(dataset, config)
    path = places.place("runs", name or places.run_name(dataset.name, config))
    return plan(config, dataset, base, path)


def start(plan: "Plan", *, force: bool) -> "Iterator[EpochRecord] | None":
    """Return the records of a training that begins, ``None`` if the run is up to date."""
    from mobench.training.run import train as begin
    from mobench.training.run import up_to_date

    if not force and up_to_date(plan):
        return None
    return begin(plan, replace=force, track=track_epoch)


def follow(out: Output, plan: "Plan", records: "Iterator[EpochRecord]") -> "Artifact":
    """Show the epochs as they come, and return the finished run."""
    from mobench.artifacts import partial

    table = Epochs(out, plan)
    out.show(*header(plan), "")
    while True:
        try:
            table.add(next(records))
        except StopIteration as end:
            artifact: Artifact = end.value
            return artifact
        except Interrupted as stop:
            hint = f"resume with  mobench train --resume {partial(plan.path)}"
            raise Interrupted(stop.message, hint) from stop


def finish(out: Output, plan: "Plan", fresh: "Artifact | None") -> None:
    """Name the run, what it came to, and the next command."""
    from mobench.artifacts import Artifact

    artifact = fresh or Artifact.open(plan.path)
    results: dict[str, Any] = artifact.manifest.results
    if fresh:
        verdict(out, results)
        out.show(*trials(artifact))
    out.wrote(artifact.path, fresh=bool(fresh))
    out.next(eval_command(artifact.path, force=bool(fresh)))
    out.done(artifact=artifact.path, fresh=bool(fresh), results=results)
