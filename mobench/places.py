"""Where artifacts go when nobody says so: below ``data/`` in the current directory."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mobench.errors import ArtifactError, ConfigError

if TYPE_CHECKING:
    from mobench.config import EvalConfig, PrepConfig, TrainConfig

CACHE = "MOBENCH_CACHE"
DATA = Path("data")
Shelf = Literal["datasets", "runs", "metrics", "reports", "exports"]
ENDINGS = re.compile(
    r"(\.(csv|tsv|txt|dat|json|jsonl|ndjson|parquet|inter|item|gz|zst|zip))+$", re.IGNORECASE
)
"""What names of files end in without being called so."""


def cache_folder() -> Path:
    """Return where public sets are kept: ``$MOBENCH_CACHE``, else ``data/raw``."""
    return Path(os.environ.get(CACHE) or DATA / "raw")


def place(shelf: Shelf, name: str) -> Path:
    """Return the directory of an artifact.

    Raises:
        ConfigError: ``name`` is not fit to be the name of a directory.
    """
    fits = re.fullmatch(r"[A-Za-z0-9][\w.+-]*", name)
    if not fits or name.endswith((".partial", ".old")):
        raise ConfigError(
            f"--name '{name}' is not fit for a directory",
            "use letters, digits, '-', '_' and '.', beginning with a letter or digit.",
        )
    return DATA / shelf / name


def dataset_name(config: "PrepConfig") -> str:
    """Return the first source's file name without known endings, of a pattern alone its folder's.

    Public sets keep their year, synthetic ones what they are made of.

    Raises:
        ConfigError: There is no source.
    """
    if not config.source:
        raise ConfigError("missing argument 'SOURCE…'", "name review files, or demo.")
    from mobench.data.download.publishers import is_public

    first = config.source[0]
    if is_public(first):
        return first.replace("/", "-")
    if first.startswith("synthetic:"):
        return re.sub(r"[^\w+.-]+", "-", first)
    path = Path(first)
    for part in (path.name, path.absolute().parent.name):
        stem = re.sub(r"[^\w+-]+", "-", ENDINGS.sub("", part)).strip("-")
        if stem:
            return stem
    raise ConfigError(f"'{path}' gives the dataset no name", "choose one with --name.")


def run_name(dataset: str, config: "TrainConfig", label: str = "") -> str:
    """Return ``DATASET-BACKBONE-METHOD-sSEED``, a recipe's label behind the method."""
    named = f"{config.method}-{slug(label)}" if label else config.method
    return f"{dataset}-{Path(config.backbone).stem}-{named}-s{config.seed}"


def metrics_name(of: str, config: "EvalConfig") -> str:
    """Return ``OF-SPLIT``; at a preference ``…-at-0.4-0.3-0.3``, of a sample ``…-uniform-100``."""
    wishes = config.preference or ()
    at = "-".join(["-at", *(f"{wish:.4g}" for wish in wishes)]) if wishes else ""
    sample = f"-{slug(config.candidates)}" if config.candidates else ""
    return f"{of}-{config.split}{at}{sample}"


def report_name(metrics: Sequence[Path]) -> str:
    """Return the name of the dataset that the first of the runs was evaluated on.

    Raises:
        ArtifactError: It is missing, or no metrics artifact.
    """
    from mobench.artifacts import Artifact

    first = Artifact.open(metrics[0], "metrics").manifest
    return next(Path(entry.path).name for entry in first.inputs if entry.role == "dataset")


def slug(label: str) -> str:
    """Return a label as part of a directory's name; empty if no letter or digit is in it."""
    return re.sub(r"[^a-z0-9.]+", "-", label.lower()).strip("-.")


def recorded_base(file: Path, dataset: Path, config: "TrainConfig") -> Path | None:
    """Return the base of the run whose manifest ``file`` is.

    There is none if it is no such manifest, or if the seed or the dataset is another one: a base
    belongs to one of each.

    Raises:
        ArtifactError: The base is missing, or is not what it was.
    """
    from mobench.artifacts import Artifact

    if file.name != "manifest.json":
        return None
    run = Artifact.open(file.parent)
    inputs = {entry.role: entry.sha256 for entry in run.manifest.inputs}
    if "base" not in inputs or run.manifest.seed != config.seed:
        return None
    if inputs["dataset"] != Artifact.open(dataset, "dataset").digest:
        return None
    try:
        return run.open_input("base", "run").path
    except ArtifactError as error:
        raise ArtifactError(
            f"the base of '{file}' cannot be used: {error.message}",
            "restore it, or name a base with --base.",
        ) from error


def find_base(dataset: Path, config: "TrainConfig") -> Path | None:
    """Return the newest finished base run of the same dataset, backbone and seed, if any."""
    from mobench.artifacts import UNFINISHED, Artifact

    wanted = Artifact.open(dataset, "dataset").digest
    found = [path.parent for path in sorted((DATA / "runs").glob("*/manifest.json"))]
    runs = [Artifact.open(path) for path in found if not path.name.endswith(UNFINISHED)]
    sought = {"method": "base", "backbone": config.backbone, "seed": config.seed}
    bases = [
        run
        for run in runs
        if sought.items() <= run.manifest.config.items()
        and ("dataset", wanted) in [(i.role, i.sha256) for i in run.manifest.inputs]
    ]
    return max(bases, key=lambda run: run.manifest.started).path if bases else None


def newest_base(dataset: Path, config: "TrainConfig") -> Path:
    """Return what ``find_base`` does.

    Raises:
        ArtifactError: There is none.
    """
    found = find_base(dataset, config)
    if not found:
        what = f"{config.backbone}, seed {config.seed}"
        raise ArtifactError(
            f"{config.method} starts from a base run, and {DATA / 'runs'} has none for"
            f" '{dataset.name}' ({what})",
            f"make one with 'mobench train {dataset} --method base --seed {config.seed}',"
            " or name one with --base.",
        )
    return found
