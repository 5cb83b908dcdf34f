"""What was begun before: an unfinished run, or a finished one that kept its state."""

import dataclasses
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobench.artifacts import Artifact, Draft, partial
from mobench.artifacts.disk import explained
from mobench.config import TrainConfig, build
from mobench.errors import ArtifactError, ConfigError
from mobench.models.device import pick_device
from mobench.training.plan import Plan, is_begun, plan

STATE = "resume.pt"


@dataclass(frozen=True)
class Begun:
    """A run to go on with.

    Attributes:
        plan: What is to be done, all of it.
        folder: Where the state is.
        finished: Whether that is a complete artifact, which stays as it is.
        replace: Whether an artifact of the same name is to be replaced.
    """

    plan: Plan
    folder: Path
    finished: bool
    replace: bool


def find_begun(path: Path, epochs: int | None, into: Path | None) -> Begun:
    """Read what a run was to do, and check that it can go on.

    Args:
        path: Directory of the run.
        epochs: Epochs altogether, if not those it was begun with.
        into: Where a longer run goes, if the given one is finished.

    Raises:
        ArtifactError: There is nothing to resume, or an input has changed.
        ConfigError: The device that the run began on is not there, or ``epochs`` does not fit.
    """
    finished = (path / "manifest.json").is_file()
    folder = path if finished else partial(path)
    if finished:
        _check_longer(path, epochs, into)
    elif into:
        raise ConfigError(
            "--name does not go with --resume of an unfinished run", "it has its name already."
        )
    content = _note(folder)
    target = into or folder.with_name(folder.name.removesuffix(".partial"))
    todo = _plan(content, epochs, target)
    if [i.sha256 for i in todo.inputs] != content["inputs"]:
        raise ArtifactError(
            f"the dataset or the base of '{path}' has changed since the run began",
            "restore it, or start over with --force.",
        )
    return Begun(todo, folder, finished, replace=content["replace"] and not finished)


def begun_for(plan: Plan) -> Begun | None:
    """Return the unfinished run that was begun to do what ``plan`` says, if there is one.

    Raises:
        ArtifactError: One was begun under this name with other settings or inputs.
    """
    if not is_begun(plan):
        return None
    work = partial(plan.path)
    found = find_begun(work, None, None)
    if identity(found.plan) != identity(plan):
        raise ArtifactError(
            f"'{work}' was begun with other settings or inputs",
            f"finish it with 'mobench train --resume {work}', or remove it.",
        )
    return found


def identity(plan: Plan) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return what makes two plans the same: settings that count, and the bytes of the inputs."""
    return plan.config.identity(), [(i.role, i.sha256) for i in plan.inputs]


def copy_state(begun: Begun, draft: Draft) -> None:
    """Put the state of a finished run where the longer one goes on from it.

    Raises:
        ArtifactError: The disk is full, or does not take it.
    """
    source, goal = begun.folder / STATE, draft.work / STATE
    with explained(draft.work, source.stat().st_size):
        shutil.copyfile(source, goal.with_suffix(".tmp"))
        goal.with_suffix(".tmp").replace(goal)


def _check_longer(path: Path, epochs: int | None, into: Path | None) -> None:
    """Check that a finished run kept its state, and that it is to be trained further."""
    run = Artifact.open(path, "run")
    if epochs is None or into is None:
        raise ConfigError(
            f"'{path}' is finished",
            f"train it further with 'mobench train --resume {path} --epochs N --name NAME'.",
        )
    if STATE not in (entry.path for entry in run.manifest.files):
        raise ArtifactError(
            f"'{path}' is finished and kept no state to train further from",
            "make it again with --set keep_state=true --force; its bytes will be the same.",
        )
    run.verify()


def _note(folder: Path) -> dict[str, Any]:
    """Return config.json of a run."""
    try:
        content: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ArtifactError(
            f"'{folder}' does not hold an unfinished run",
            "give the .partial directory that the interrupted command named.",
        ) from error
    return content


def _plan(content: dict[str, Any], epochs: int | None, target: Path) -> Plan:
    """Return the plan of a run that was begun, with more epochs if so wanted."""
    asked = {**content["asked"], "threads": content["threads"]}
    if epochs is not None:
        if asked.get("tries") and epochs != asked.get("epochs"):
            raise ConfigError(
                "--epochs does not go with --resume of a run with --tries",
                "its settings were tried with the epochs it was begun with.",
            )
        asked["epochs"] = epochs
    names = ("base", "vectors", "candidates")
    base, vectors, candidates = (Path(content[n]) if content.get(n) else None for n in names)
    todo = plan(
        build(TrainConfig, asked),
        Path(content["dataset"]),
        base,
        target,
        vectors=vectors,
        candidates=candidates,
    )
    return dataclasses.replace(todo, device=pick_device(content["device"]))
