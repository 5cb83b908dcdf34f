"""``mobench eval``."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mobench import places
from mobench.cli.advice import after_eval, after_evals, hinting
from mobench.cli.console import Output, track
from mobench.cli.options import Force, Json, Name, with_config
from mobench.cli.views.metrics import many, summary, warnings
from mobench.config import EvalConfig
from mobench.errors import ConfigError

if TYPE_CHECKING:
    from mobench.evaluation.run import Evaluated

RunPaths = Annotated[
    list[Path] | None, typer.Argument(metavar="RUN…", help="Run artifacts, made by train.")
]
Recommendations = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Score lists of any tool instead: Parquet with user_id, item_id, rank or score.",
    ),
]
DatasetPath = Annotated[
    Path | None, typer.Option("--dataset", metavar="DATASET", help="The dataset of these lists.")
]
BasePath = Annotated[
    Path | None, typer.Option("--base", metavar="RUN", help="A base run to compare these with.")
]


@with_config(EvalConfig)
def evaluate(
    config: EvalConfig,
    runs: RunPaths = None,
    recommendations: Recommendations = None,
    dataset: DatasetPath = None,
    base: BasePath = None,
    name: Name = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Score runs on the test split and save metrics artifacts."""
    out = Output("eval", as_json)
    if recommendations:
        if runs:
            raise ConfigError(
                f"--recommendations '{recommendations}' and '{runs[0]}' cannot be scored at once",
                "give runs, or the lists of another tool.",
            )
        tell(out, score_lists(config, recommendations, dataset, base, name, force=force))
        return
    _only_with_lists(dataset=dataset, base=base)
    paths = list(dict.fromkeys(runs or ()))
    if not paths:
        raise ConfigError("no run to evaluate", "make one with 'mobench train DATASET'.")
    if len(paths) == 1:
        tell(out, score(config, paths[0], name, force=force))
    elif name:
        raise ConfigError(f"--name '{name}' cannot name {len(paths)} artifacts", "leave it out.")
    else:
        tell_all(out, score_all(config, paths, force=force))


def _only_with_lists(**paths: Path | None) -> None:
    for flag, path in paths.items():
        if path:
            raise ConfigError(
                f"--{flag} '{path}' is for --recommendations",
                "leave it out: a run knows its dataset and its base.",
            )


def score(config: EvalConfig, run: Path, name: str | None, *, force: bool) -> "Evaluated":
    """Evaluate a run under its default or a given name."""
    from mobench.evaluation.run import evaluate as engine

    path = places.place("metrics", name or places.metrics_name(run.name, config))
    return engine(config, run, path, replace=force, track=track_blocks)


def score_all(config: EvalConfig, runs: Sequence[Path], *, force: bool) -> "list[Evaluated]":
    """Evaluate runs under their default names; a base of several is ranked once.

    Raises:
        ArtifactError: One of them is missing: nothing is begun.
        ConfigError: Two would have one name.
    """
    from mobench.artifacts import Artifact
    from mobench.complete import TAKEN
    from mobench.evaluation.run import Known
    from mobench.evaluation.run import evaluate as engine

    targets: dict[Path, Path] = {}
    for run in runs:
        Artifact.open(run, "run")
        path = places.place("metrics", places.metrics_name(run.name, config))
        if other := targets.get(path):
            raise ConfigError(
                f"'{other}' and '{run}' would both be '{path}'", "evaluate one with --name."
            )
        targets[path] = run
    known: Known = {}
    found = []
    for n, (path, run) in enumerate(targets.items(), 1):
        show = labelled(f"{n}/{len(targets)} {run.name}")
        with hinting({TAKEN: "evaluate it alone with --name, or replace it with --force."}):
            found.append(engine(config, run, path, replace=force, track=show, known=known))
    return found


def score_lists(
    config: EvalConfig,
    file: Path,
    dataset: Path | None,
    base: Path | None,
    name: str | None,
    *,
    force: bool,
) -> "Evaluated":
    """Evaluate the lists of another tool; ``name`` is also what tables call them.

    Raises:
        ConfigError: No dataset is given.
    """
    from mobench.evaluation.external import Given, evaluate_lists

    if dataset is None:
        raise ConfigError(
            f"--recommendations '{file}' needs the dataset that it is for",
            "add --dataset DATASET.",
        )
    method = name or places.slug(file.stem) or "lists"
    path = places.place("metrics", name or places.metrics_name(f"{dataset.name}-{method}", config))
    given = Given(file, dataset, base, method)
    return evaluate_lists(config, given, path, replace=force, track=track_blocks)


def tell(out: Output, done: "Evaluated") -> None:
    """Show one evaluation."""
    out.show(*summary(done.artifact), "")
    for warning in warnings(done.artifact):
        out.warn(warning)
    out.wrote(done.artifact.path, fresh=done.fresh)
    out.next(after_eval(done.artifact))
    results = done.artifact.manifest.results
    out.done(artifact=done.artifact.path, fresh=done.fresh, **results)


def tell_all(out: Output, done: "Sequence[Evaluated]") -> None:
    """Show several evaluations, a line each."""
    out.show(*many([(each.artifact, each.fresh) for each in done]), "")
    out.next(after_evals([each.artifact for each in done]))
    rows = [
        {"artifact": each.artifact.path, "fresh": each.fresh, **each.artifact.manifest.results}
        for each in done
    ]
    out.done(runs=rows)


def labelled(label: str) -> Callable[[Iterable[int]], Iterable[int]]:
    """Return what draws the progress of a ranking under a label."""

    def show(blocks: Iterable[int]) -> Iterable[int]:
        listed = list(blocks)
        return track(listed, label, len(listed))

    return show


track_blocks = labelled("ranking")
