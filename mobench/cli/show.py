"""``mobench show``."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mobench.cli.console import Output
from mobench.cli.options import Json
from mobench.cli.table import lines, pairs
from mobench.cli.views import metrics, report, training
from mobench.cli.views.dataset import next_commands, page_facts
from mobench.cli.words import NOTHING, count, duration, size

if TYPE_CHECKING:
    from mobench.artifacts import Artifact
    from mobench.manifest import Input, Manifest

LONGEST = 56
"""Paths up to here leave room for role and hash on a line of 88."""

ArtifactPath = Annotated[
    Path, typer.Argument(metavar="ARTIFACT", help="A dataset, run, metrics, report or export.")
]


def show(path: ArtifactPath, as_json: Json = False) -> None:
    """Describe any artifact: what it is, where it came from, how to remake it."""
    from mobench.artifacts import Artifact

    out = Output("show", as_json)
    artifact = Artifact.open(path)
    facts = (dataset if artifact.manifest.kind == "dataset" else other)(out, artifact)
    out.done(artifact=path, manifest=artifact.manifest.model_dump(mode="json"), **facts)


def other(out: Output, artifact: "Artifact") -> dict[str, Any]:
    """Show where a run, metrics or a report come from, and what they say."""
    out.show(*pairs(origin(artifact)), "")
    out.show(*DETAILS[artifact.manifest.kind](artifact), "")
    out.show(*files(artifact))
    return {}


def dataset(out: Output, artifact: "Artifact") -> dict[str, Any]:
    """Show what is in a dataset, then where it comes from; return its numbers."""
    from mobench.cli.views.description import description
    from mobench.data.summary.summarise import summarise

    summary = summarise(artifact)
    name, *made = origin(artifact)
    out.show(*pairs([name]), "", *description(artifact, summary), "")
    out.show(*pairs(made), "", *files(artifact), "", *next_commands(artifact.path))
    return {"summary": summary.as_dict()}


def origin(artifact: "Artifact") -> list[tuple[str, str]]:
    """Return kind, age, inputs, and the command that makes it again, each with its name."""
    from mobench.artifacts import short

    manifest, env = artifact.manifest, artifact.manifest.environment
    took = duration(manifest.wall_seconds)
    made = f"{manifest.started} by mobench {manifest.mobench_version} in {took}"
    commit = env.get("git_commit")
    where = [str(env[key]) for key in ("platform", "device") if env.get(key)]
    return [
        (manifest.kind, str(artifact.path)),
        ("sha256", short(artifact.digest)),
        ("made", made),
        ("on", " · ".join([*where, f"python {env.get('python')}", f"torch {env.get('torch')}"])),
        *([("commit", commit[:12] + " (dirty)" * bool(env.get("git_dirty")))] if commit else []),
        *(pair for entry in manifest.inputs for pair in made_from(entry)),
        ("remake", shlex.join(remake(manifest))),
    ]


def made_from(entry: "Input") -> list[tuple[str, str]]:
    """Return path and hash of an input, on two lines where the path is long."""
    from mobench.artifacts import short

    digest = f"sha256 {short(entry.sha256)}"
    if len(entry.path) <= LONGEST:
        return [(entry.role, f"{entry.path}  {digest}")]
    return [(entry.role, entry.path), ("", digest)]


def remake(manifest: "Manifest") -> list[str]:
    """Return the command that makes the artifact again, the base that it found named."""
    argv = manifest.argv
    base = [entry.path for entry in manifest.inputs if entry.role == "base"]
    found = manifest.kind == "run" and argv[1:2] == ["train"] and "--resume" not in argv
    named = ("--base", "--seeds", "--init-from", "--candidates")
    given = any(word.partition("=")[0] in named for word in argv)
    return [*argv, "--base", base[0]] if found and base and not given else argv


def files(artifact: "Artifact") -> list[str]:
    """Return the table of files."""
    rows = [
        [entry.path, NOTHING if entry.rows is None else count(entry.rows), size(entry.bytes)]
        for entry in artifact.manifest.files
    ]
    return lines(["File", "Rows", "Size"], rows)


DETAILS: dict[str, Callable[["Artifact"], list[str]]] = {
    "run": training.summary,
    "metrics": metrics.summary,
    "report": lambda artifact: (
        page_facts(artifact)
        if artifact.manifest.results.get("about") == "dataset"
        else report.summary(artifact)
    ),
    "export": lambda artifact: [
        f"for {artifact.manifest.results['to']}; how to load it: {artifact.path / 'README.md'}"
    ],
}
