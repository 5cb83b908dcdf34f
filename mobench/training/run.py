"""From a plan to a run artifact."""

import dataclasses
import json
from collections.abc import Generator
from pathlib import Path

from mobench.artifacts import Artifact, Draft, draft_manifest, partial
from mobench.config import TrainConfig, build
from mobench.errors import ArtifactError
from mobench.models import Popularity
from mobench.models.device import pick_device, set_threads
from mobench.training.interrupt import StopRequest
from mobench.training.log import EpochRecord, epoch_record
from mobench.training.loop import Track, fit, no_track
from mobench.training.plan import Plan, plan, up_to_date
from mobench.training.publish import publish, publish_popularity
from mobench.training.start import begin, make_loop
from mobench.training.tune import tuned

__all__ = ["Plan", "plan", "resume", "train", "up_to_date"]

Run = Generator[EpochRecord, None, Artifact]


def train(plan: Plan, *, replace: bool = False, track: Track = no_track) -> Run:
    """Train and publish a run artifact.

    Args:
        plan: What to do.
        replace: Replace an artifact of the same name.
        track: Wraps the steps of an epoch to show progress: ``track(steps, epoch, total)``.

    Yields:
        A record per epoch; epoch 0 is the base that training starts from.

    Returns:
        The finished artifact.

    Raises:
        Interrupted: Ctrl-C; the state was saved.
        TrainingError: A loss is not finite.
    """
    return _work(plan, keep=False, replace=replace, track=track)


def resume(path: Path, *, track: Track = no_track) -> tuple[Plan, Run]:
    """Go on with an interrupted run; its config comes from its directory.

    Args:
        path: The run's ``.partial`` directory, or the name without it.
        track: As in ``train``.

    Returns:
        The plan, and the run, which gives the bytes that an uninterrupted one would have given.

    Raises:
        ArtifactError: There is nothing to resume, or an input has changed.
        ConfigError: The device that the run began on is not there.
    """
    work = partial(path)
    note = work / "config.json"
    if not note.is_file():
        raise ArtifactError(
            f"'{work}' does not hold an unfinished run",
            "give the .partial directory that the interrupted command named.",
        )
    content = json.loads(note.read_text(encoding="utf-8"))
    config = build(TrainConfig, {**content["asked"], "threads": content["threads"]})
    base = content["base"] and Path(content["base"])
    done = work.with_name(work.name.removesuffix(".partial"))
    todo = plan(config, Path(content["dataset"]), base, done)
    todo = dataclasses.replace(todo, device=pick_device(content["device"]))
    if [i.sha256 for i in todo.inputs] != content["inputs"]:
        raise ArtifactError(
            f"the dataset or the base of '{path}' has changed since the run began",
            "restore it, or start over with --force.",
        )
    return todo, _work(todo, keep=True, replace=content["replace"], track=track)


def _work(asked: Plan, *, keep: bool, replace: bool, track: Track) -> Run:
    threads = set_threads(asked.config.threads, asked.n_parameters)
    manifest = draft_manifest(
        "run",
        asked.config.model_dump(mode="json"),
        asked.config.identity(),
        asked.inputs,
        seed=asked.config.seed,
        device=asked.device,
        threads=threads,
    )
    with Draft.start(asked.path, manifest, keep=keep) as draft, StopRequest() as stop:
        draft.write_text("config.json", note(asked, threads, replace=replace))
        if asked.config.method == "popularity":
            return _popularity(draft, asked, replace)
        settled, trials = tuned(asked, draft.work / "tune.json", track, stop)
        draft.manifest = manifest.model_copy(
            update={"config": settled.config.model_dump(mode="json")}
        )
        loop = make_loop(settled)
        state = begin(settled, loop)
        saved = draft.work / "resume.pt"
        if keep and saved.is_file():
            state.load(saved)
        loop.track, loop.stop, loop.save = track, stop, lambda: state.save(saved)
        yield from (epoch_record(row) for row in state.history)
        yield from fit(state, loop)
        return publish(draft, settled, state, trials, replace=replace)


def note(plan: Plan, threads: int, *, replace: bool) -> str:
    """Return config.json: the resolved config, and what ``resume`` needs."""
    asked = plan.config.model_dump(mode="json", include=plan.config.model_fields_set)
    content = {
        "config": plan.config.model_dump(mode="json"),
        "asked": asked,
        "dataset": str(plan.dataset.artifact.path),
        "base": str(plan.base.path) if plan.base else None,
        "device": plan.device,
        "threads": threads,
        "inputs": [i.sha256 for i in plan.inputs],
        "replace": replace,
    }
    return json.dumps(content, indent=1) + "\n"


def _popularity(draft: Draft, plan: Plan, replace: bool) -> Artifact:
    loop = make_loop(plan)
    model = Popularity(loop.data.counts).to(plan.device)
    metrics, _ = loop.validator(model)
    return publish_popularity(draft, plan, model, metrics, replace)
