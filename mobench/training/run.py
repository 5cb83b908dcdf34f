"""From a plan to a run artifact."""

import json
from collections.abc import Generator
from pathlib import Path

from mobench.artifacts import Artifact, Draft, draft_manifest
from mobench.models import Popularity
from mobench.training.architecture import COPY
from mobench.training.interrupt import StopRequest
from mobench.training.log import EpochRecord, epoch_record
from mobench.training.loop import Track, fit, no_track
from mobench.training.plan import Plan, plan, up_to_date
from mobench.training.publish import publish, publish_popularity
from mobench.training.rerank.run import publish_listed, rerank
from mobench.training.resume import Begun, copy_state, find_begun
from mobench.training.saving import Saver
from mobench.training.start import begin, make_loop, untrained
from mobench.training.threads import choose_threads
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
    return _work(plan, None, replace=replace, track=track)


def resume(
    path: Path, *, epochs: int | None = None, into: Path | None = None, track: Track = no_track
) -> tuple[Plan, Run]:
    """Go on with an interrupted run, or train a finished one for more epochs.

    Args:
        path: The run's ``.partial`` directory, or the name without it; or a finished run that was
            made with ``keep_state``.
        epochs: Epochs to train altogether; those of the run's config if left out.
        into: Where the longer run goes, if the given one is finished.
        track: As in ``train``.

    Returns:
        The plan, and the run, which gives the bytes that an uninterrupted one would have given.

    Raises:
        ArtifactError: There is nothing to resume, or an input has changed.
        ConfigError: The device that the run began on is not there, or ``epochs`` does not fit.
    """
    begun = find_begun(path, epochs, into)
    return begun.plan, _work(begun.plan, begun, replace=begun.replace, track=track)


def _work(asked: Plan, begun: Begun | None, *, replace: bool, track: Track) -> Run:
    threads = choose_threads(asked)
    manifest = draft_manifest(
        "run",
        asked.config.model_dump(mode="json"),
        asked.config.identity(),
        asked.inputs,
        seed=asked.config.seed,
        device=asked.device,
        threads=threads,
    )
    keep = bool(begun and not begun.finished)
    with Draft.start(asked.path, manifest, keep=keep) as draft, StopRequest() as stop:
        if begun and begun.finished:
            copy_state(begun, draft)
        draft.write_text("config.json", note(asked, threads, replace=replace))
        if asked.code:
            draft.write_text(COPY, asked.code.read_bytes().decode())
        if asked.config.method == "popularity":
            return _popularity(draft, asked, replace)
        if asked.vectors:
            return publish(draft, asked, untrained(asked, make_loop(asked)), [], replace=replace)
        if asked.candidates:
            return publish_listed(draft, asked, replace=replace)
        if asked.config.method == "rerank":
            return rerank(draft, asked, track, stop, replace=replace)
        settled, trials = tuned(asked, draft.work / "tune.json", track, stop)
        draft.manifest = manifest.model_copy(
            update={"config": settled.config.model_dump(mode="json")}
        )
        loop = make_loop(settled)
        state = begin(settled, loop)
        saver = Saver(state, draft.work / "resume.pt")
        if begun:
            saver.load(settled.config.max_epochs)
        loop.track, loop.stop, loop.save = track, stop, saver
        yield from (epoch_record(row) for row in state.history)
        with saver.explained():
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
        "vectors": str(plan.vectors.path) if plan.vectors else None,
        "candidates": str(plan.candidates.path) if plan.candidates else None,
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
