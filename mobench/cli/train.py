"""``mobench train``."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mobench import places
from mobench.cli.advice import eval_command
from mobench.cli.console import Output, track_epoch
from mobench.cli.given import Given, plan_from
from mobench.cli.options import Force, FrontSize, Jobs, Json, Name, SeedList, with_config
from mobench.cli.views.training import (
    Epochs,
    dry_run_lines,
    header,
    trials,
    verdict,
    warn_of_missing,
)
from mobench.config import TrainConfig
from mobench.errors import ArtifactError, ConfigError, Interrupted

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
InitFrom = Annotated[
    Path | None,
    typer.Option(
        "--init-from", metavar="FILE", help="Parquet file of vectors to make the base run of."
    ),
]
Candidates = Annotated[
    Path | None,
    typer.Option(
        "--candidates", metavar="FILE", help="Parquet file of user, item, score to re-rank."
    ),
]
Resume = Annotated[
    Path | None,
    typer.Option(
        "--resume", metavar="DIR", help="Go on with an unfinished run, perhaps for more --epochs."
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", metavar="", help="Check everything, write nothing.")
]


@with_config(TrainConfig, several="preference")
def train(
    configs: Sequence[TrainConfig],
    dataset: DatasetPath = None,
    base: Base = None,
    init_from: InitFrom = None,
    candidates: Candidates = None,
    name: Name = None,
    resume: Resume = None,
    front: FrontSize = None,
    seeds: SeedList = None,
    jobs: Jobs = 1,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    config_file: Path | None = None,
) -> None:
    """Train a recommender under several objectives and save a run artifact."""
    out, config = Output("train", as_json), configs[0]
    given = Given(init_from, candidates)
    several = front is not None or seeds is not None or len(configs) > 1
    if resume:
        others = config.model_fields_set - {"epochs"}
        if dataset or base or given.file or force or dry_run or several or others:
            raise ConfigError(
                "--resume takes no option but --epochs and --name",
                "the config comes from the directory.",
            )
        go_on(out, resume, config.epochs, name)
        return
    if jobs > 1 and not several:
        raise ConfigError("--jobs needs several runs", "ask for them with --front or --seeds.")
    if several:
        from mobench.cli.front import train_front
        from mobench.cli.members import Asked, check_dataset, read_seeds

        where, listed = check_dataset(dataset, given), read_seeds(seeds)
        asked = Asked(configs, where, base, name, front, listed, force, config_file)
        train_front(out, asked, jobs=jobs, dry_run=dry_run)
        return
    plans = make_plans(config, dataset, base, given, name, config_file)
    if dry_run:
        out.show(*dry_run_lines(plans))
        out.done(artifact=None, would_write=plans[-1].path, config=plans[-1].config.model_dump())
        return
    *first, plan = plans
    if first:
        plan = dataclasses.replace(plan, base=make_base(out, first[0], force=force))
    records = start(plan, force=force)
    finish(out, plan, follow(out, plan, records) if records else None)


def go_on(out: Output, path: Path, epochs: int | None, name: str | None) -> None:
    """Finish an unfinished run, or train a finished one for more epochs under another name."""
    from mobench.training.run import resume, up_to_date

    into = places.place("runs", name) if name else None
    plan, records = resume(path, epochs=epochs, into=into, track=track_epoch)
    done = into and up_to_date(plan)
    finish(out, plan, None if done else follow(out, plan, records))


def make_plans(
    config: TrainConfig,
    dataset: Path | None,
    base: Path | None,
    given: Given,
    name: str | None,
    file: Path | None,
) -> "list[Plan]":
    """Return the plan of a run, after that of its base if a file is still to be made one."""
    if not dataset:
        raise ConfigError("missing argument 'DATASET'", "see 'mobench train --help'.")
    from mobench.training.run import plan

    if given.file:
        if base:
            raise ConfigError(
                f"--base does not go with {given.flag}", f"the {given.noun} make the base."
            )
        return plan_from(given, config, dataset, name)
    if config.starts_from_base and not base:
        recorded = places.recorded_base(file, dataset, config) if file else None
        base = recorded or places.newest_base(dataset, config)
    path = places.place("runs", name or places.run_name(dataset.name, config))
    return [plan(config, dataset, base, path)]


def make_base(out: Output, plan: "Plan", *, force: bool) -> "Artifact":
    """Make the base of a run, or find that it is there."""
    from mobench.training.run import train, up_to_date

    try:
        found = up_to_date(plan)
    except ArtifactError:
        if not force:
            raise
        found = None
    artifact = found or follow(out, plan, train(plan, replace=force))
    if not found:
        verdict(out, artifact.manifest.results)
    out.wrote(artifact.path, fresh=not found)
    out.show("")
    return artifact


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
    if plan.vectors:
        warn_of_missing(out, plan.vectors)
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
