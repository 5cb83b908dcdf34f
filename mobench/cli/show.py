"""``mobench show``."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mobench.cli.console import Output
from mobench.cli.options import Json
from mobench.cli.table import lines, pairs
from mobench.cli.views import dataset, metrics, report, training
from mobench.cli.words import NOTHING, count, duration, size

if TYPE_CHECKING:
    from mobench.artifacts import Artifact
    from mobench.manifest import Manifest

ArtifactPath = Annotated[
    Path, typer.Argument(metavar="ARTIFACT", help="Any artifact: dataset, run, metrics, report.")
]


def show(path: ArtifactPath, as_json: Json = False) -> None:
    """Describe any artifact: what it is, where it came from, how to remake it."""
    from mobench.artifacts import Artifact

    out = Output("show", as_json)
    artifact = Artifact.open(path)
    out.show(*origin(artifact), "")
    out.show(*DETAILS[artifact.manifest.kind](artifact), "")
    out.show(*files(artifact))
    out.done(artifact=path, manifest=artifact.manifest.model_dump(mode="json"))


def origin(artifact: "Artifact") -> list[str]:
    """Return kind, age, inputs, and the command that makes it again."""
    from mobench.artifacts import short

    manifest, env = artifact.manifest, artifact.manifest.environment
    took = duration(manifest.wall_seconds)
    made = f"{manifest.started} by mobench {manifest.mobench_version} in {took}"
    commit = env.get("git_commit")
    where = [str(env[key]) for key in ("platform", "device") if env.get(key)]
    rows = [
        (manifest.kind, str(artifact.path)),
        ("sha256", short(artifact.digest)),
        ("made", made),
        ("on", " · ".join([*where, f"python {env.get('python')}", f"torch {env.get('torch')}"])),
        *([("commit", commit[:12] + " (dirty)" * bool(env.get("git_dirty")))] if commit else []),
        *((entry.role, f"{entry.path}  sha256 {short(entry.sha256)}") for entry in manifest.inputs),
        ("remake", shlex.join(remake(manifest))),
    ]
    return pairs(rows)


def remake(manifest: "Manifest") -> list[str]:
    """Return the command that makes the artifact again, the base that it found named."""
    argv = manifest.argv
    base = [entry.path for entry in manifest.inputs if entry.role == "base"]
    found = manifest.kind == "run" and argv[1:2] == ["train"] and "--resume" not in argv
    given = any(word.partition("=")[0] == "--base" for word in argv)
    return [*argv, "--base", base[0]] if found and base and not given else argv


def files(artifact: "Artifact") -> list[str]:
    """Return the table of files."""
    rows = [
        [entry.path, NOTHING if entry.rows is None else count(entry.rows), size(entry.bytes)]
        for entry in artifact.manifest.files
    ]
    return lines(["File", "Rows", "Size"], rows)


DETAILS: dict[str, Callable[["Artifact"], list[str]]] = {
    "dataset": lambda artifact: [*dataset.funnel(artifact), "", *dataset.groups(artifact)],
    "run": training.summary,
    "metrics": metrics.summary,
    "report": report.summary,
}
