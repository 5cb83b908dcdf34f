"""Which command comes next: one that works as things are, or one that says what is missing."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mobench import places
from mobench.config import EvalConfig, TrainConfig, build
from mobench.errors import ArtifactError

if TYPE_CHECKING:
    from mobench.artifacts import Artifact

SHORT = 3
"""So many runs are named one by one."""


@contextmanager
def hinting(hints: Mapping[str, str]) -> Iterator[None]:
    """Let failures of artifacts give other hints, where the usual ones cannot be followed.

    Raises:
        ArtifactError: One came, with the hint that ``hints`` has for its own.
    """
    try:
        yield
    except ArtifactError as error:
        if hint := hints.get(error.hint or ""):
            raise ArtifactError(error.message, hint) from error
        raise


def eval_command(run: Path, protocol: EvalConfig | None = None, *, force: bool = True) -> str:
    """Return the command that evaluates a run.

    Args:
        run: The run.
        protocol: How another run was evaluated, to which this one will be compared.
        force: Whether an evaluation under the default name would have to be replaced.
    """
    protocol = protocol or EvalConfig()
    options, usual = [], EvalConfig().identity()
    for name, value in protocol.identity().items():
        if value != usual[name]:
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            options += [f"--{name}", text]
    taken = places.place("metrics", places.metrics_name(run.name, protocol)).exists()
    return shlex.join(["mobench", "eval", str(run), *options, *["--force"] * (force and taken)])


def eval_many(runs: Sequence[Path]) -> str:
    """Return the command that evaluates several runs, their names short where a pattern fits."""
    words = [str(run) for run in runs]
    plain = [re.sub(r"-p[\d.-]+(?=-s\d+$)", "-p*", word) for word in words]
    patterns = sorted({re.sub(r"-s\d+$", "-s*", word) for word in plain})
    relative = not any(run.is_absolute() for run in runs)
    found = {str(path) for pattern in patterns if relative for path in Path().glob(pattern)}
    short = len(words) > SHORT and found == set(words)
    return " ".join(["mobench", "eval", *(patterns if short else map(shlex.quote, words))])


def after_eval(metrics: "Artifact") -> str:
    """Return what follows the evaluation of a run: what its comparison still lacks, or that."""
    protocol = build(EvalConfig, {**metrics.manifest.config, "preference": None})
    inputs = {entry.role: Path(entry.path) for entry in metrics.manifest.inputs}
    seed = metrics.manifest.seed
    config = TrainConfig() if seed is None else TrainConfig(seed=seed)
    is_base = metrics.manifest.results["method"] == "base"
    follows = "rerank" if metrics.manifest.results["backbone"] == "candidates" else "morec"
    wanted = config.model_copy(update={"method": follows if is_base else "base"})
    default = places.place("runs", places.run_name(inputs["dataset"].name, wanted))
    if "lists" in metrics.manifest.results and "base" not in inputs:
        if not (default / "manifest.json").is_file():
            return train_command(metrics, inputs, wanted)
        return lists_command(metrics, inputs, default)
    other = default if is_base else inputs.get("base", default)
    if not (other / "manifest.json").is_file():
        return train_command(metrics, inputs, wanted)
    theirs = metrics.path.parent / places.metrics_name(other.name, protocol)
    pair = (metrics.path, theirs) if is_base else (theirs, metrics.path)
    if comparable(*pair):
        return report_command(*pair)
    return eval_command(other, protocol)


def lists_command(metrics: "Artifact", inputs: dict[str, Path], base: Path) -> str:
    """Return the command that scores lists again, now beside a base."""
    words = ["mobench", "eval", "--recommendations", str(inputs["run"])]
    words += ["--dataset", str(inputs["dataset"]), "--base", str(base)]
    return shlex.join([*words, "--name", metrics.path.name, "--force"])


def after_evals(metrics: "Sequence[Artifact]") -> str:
    """Return what follows the evaluation of several runs."""
    methods = {each.manifest.results["method"] for each in metrics}
    if "base" not in methods:
        return after_eval(metrics[0])
    paths = [str(each.path) for each in metrics]
    dataset = next(Path(i.path).name for i in metrics[0].manifest.inputs if i.role == "dataset")
    force = ["--force"] * places.place("reports", dataset).exists()
    return shlex.join(["mobench", "report", *paths, "--name", dataset, *force])


def train_command(metrics: "Artifact", inputs: dict[str, Path], config: TrainConfig) -> str:
    """Return the command that trains the run to compare with: a base, or a run from this base."""
    from mobench.artifacts import Artifact

    words = ["mobench", "train", str(inputs["dataset"]), "--method", config.method]
    if config.seed != TrainConfig().seed:
        words += ["--seed", str(config.seed)]
    if config.method != "base":
        base = config.model_copy(update={"method": "base"})
        usual = places.place("runs", places.run_name(inputs["dataset"].name, base))
        words += ["--base", str(inputs["run"])] if inputs["run"] != usual else []
        dataset = metrics.open_input("dataset", "dataset")
        priced = Artifact.open(dataset.path).manifest.results["price_coverage"]
        words += [] if priced else ["--objectives", "acc,fair,align"]
    return shlex.join(words)


def report_command(base: Path, run: Path) -> str:
    """Return the command that compares a run with its base."""
    words = ["mobench", "report", str(base), str(run), "--name", run.name]
    return shlex.join([*words, *["--force"] * places.place("reports", run.name).exists()])


def comparable(base: Path, run: Path) -> bool:
    """Whether both are evaluated, alike, and one run started from the other."""
    from mobench.artifacts import Artifact

    try:
        first, second = Artifact.open(base, "metrics"), Artifact.open(run, "metrics")
    except ArtifactError:
        return False
    one, two = ({i.role: i.sha256 for i in a.manifest.inputs} for a in (first, second))
    facts = ("split", "seed", "candidates")
    protocols = [[a.manifest.config.get(name) for name in facts] for a in (first, second)]
    shared = set(first.manifest.config["k"]) & set(second.manifest.config["k"])
    alike = one["dataset"] == two["dataset"] and protocols[0] == protocols[1] and bool(shared)
    return alike and two.get("base", one["run"]) == one["run"]
