"""From a plan to a run artifact."""

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
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
from mobench.training.resume import Begun, begun_for, copy_state, find_begun
from mobench.training.saving import Saver
from mobench.training.spectrum import look
from mobench.training.start import begin, make_loop, untrained
from mobench.training.state import Row
from mobench.training.threads import choose_threads
from mobench.training.tune import NOTES, recorded, tuned

__all__ = [
    "Plan",
    "begun_for",
    "plan",
    "recorded",
    "resume",
    "search",
    "take_up",
    "train",
    "up_to_date",
]

Run = Generator[EpochRecord, None, Artifact]


def train(
    plan: Plan, *, replace: bool = False, track: Track = no_track, trials: Sequence[Row] = ()
) -> Run:
    """Train and publish a run artifact.

    Args:
        plan: What to do.
        replace: Replace an artifact of the same name.
        track: Wraps the steps of an epoch to show progress: ``track(steps, epoch, total)``.
        trials: Settings that were tried for it already.

    Yields:
        A record per epoch; epoch 0 is the base that training starts from.

    Returns:
        The finished artifact.

    Raises:
        Interrupted: Ctrl-C; the state was saved.
        TrainingError: A loss is not finite.
    """
    return _work(plan, None, replace=replace, track=track, trials=trials)


def take_up(
    plan: Plan, *, replace: bool = False, track: Track = no_track, trials: Sequence[Row] = ()
) -> Run | None:
    """Return the run that makes what is not there yet: begun anew, or gone on with.

    Args:
        plan: What to do.
        replace: Begin anew whatever is there.
        track: As in ``train``.
        trials: As in ``train``.

    Returns:
        ``None`` if the run is up to date.

    Raises:
        ArtifactError: The name is taken by another run, or by an unfinished one of other settings.
    """
    if not replace and not plan.path.exists() and (begun := begun_for(plan)):
        return _work(begun.plan, begun, replace=begun.replace, track=track)
    if not replace and up_to_date(plan):
        return None
    return train(plan, replace=replace, track=track, trials=trials)


def search(plan: Plan, *, replace: bool = False, track: Track = no_track) -> list[Row]:
    """Try the settings of a run and leave it begun; a front tries once for all its runs.

    Raises:
        Interrupted: Ctrl-C; the finished trials were saved.
        ArtifactError: As in ``take_up``.
    """
    begun = None if replace else begun_for(plan)
    with open_draft(plan, begun, replace=replace) as draft, StopRequest() as stop:
        return tuned(plan, draft.work / NOTES, track, stop)[1]


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


@contextmanager
def open_draft(asked: Plan, begun: Begun | None, *, replace: bool) -> Iterator[Draft]:
    """Open the directory of a run and note what is to be done there."""
    keep = bool(begun and not begun.finished)
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
    with Draft.start(asked.path, manifest, keep=keep) as draft:
        if begun and begun.finished:
            copy_state(begun, draft)
        draft.write_text("config.json", note(asked, threads, replace=replace))
        if asked.code:
            draft.write_text(COPY, asked.code.read_bytes().decode())
        yield draft


def _work(
    asked: Plan,
    begun: Begun | None,
    *,
    replace: bool,
    track: Track,
    trials: Sequence[Row] = (),
) -> Run:
    with open_draft(asked, begun, replace=replace) as draft, StopRequest() as stop:
        if trials:
            draft.write_text(NOTES, json.dumps(list(trials)))
        if asked.config.method == "popularity":
            return _popularity(draft, asked, replace)
        if asked.vectors:
            return publish(draft, asked, untrained(asked, make_loop(asked)), [], replace=replace)
        if asked.candidates:
            return publish_listed(draft, asked, replace=replace)
        if asked.config.method == "rerank":
            return rerank(draft, asked, track, stop, replace=replace)
        settled, trials = settle(draft, asked, track, stop)
        loop = make_loop(settled)
        state = begin(settled, loop)
        saver = Saver(state, draft.work / "resume.pt")
        if begun:
            saver.load(settled.config.max_epochs)
        loop.track, loop.stop, loop.save = track, stop, saver
        yield from (epoch_record(row) for row in state.history)
        with saver.explained():
            yield from fit(state, loop)
            if settled.config.method == "conditioned":
                state.front = look(state, loop)
            return publish(draft, settled, state, trials, replace=replace)


def settle(
    draft: Draft, asked: Plan, track: Track, stop: Callable[[], bool]
) -> tuple[Plan, list[Row]]:
    """Try settings if so wanted; return the plan with the best, and all trials."""
    settled, trials = tuned(asked, draft.work / NOTES, track, stop)
    config = settled.config.model_dump(mode="json")
    draft.manifest = draft.manifest.model_copy(update={"config": config})
    return settled, trials


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
