"""A recipe as a list of steps: read, checked as a whole, and only then run."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mobench
from mobench.cli import places
from mobench.config import EvalConfig, PrepConfig, Recipe, ReportConfig, TrainConfig, build
from mobench.errors import ConfigError, suggest

PLACEHOLDER = "${DATA}"
PACKAGE = Path(mobench.__file__).parent
BUILT_IN = (PACKAGE / "recipes", PACKAGE.parent / "benchmarks" / "recipes")
"""Where recipes lie: in an installed wheel, and in a checkout."""

SCORES = ("imp", "accuracy_kept")
"""What a recipe may expect besides metrics such as ``hit@10``."""


@dataclass(frozen=True)
class Training:
    """One run of the recipe; ``base`` is where the run that it starts from will be."""

    config: TrainConfig
    path: Path
    base: Path | None


@dataclass(frozen=True)
class Steps:
    """Everything that a recipe does, and where the results go."""

    recipe: Recipe
    prep: PrepConfig
    dataset: Path
    trainings: tuple[Training, ...]
    eval: EvalConfig
    report: ReportConfig

    def metrics(self, training: Training) -> Path:
        """Return where the evaluation of a run goes."""
        return places.place("metrics", f"{training.path.name}-{self.eval.split}")

    @property
    def report_path(self) -> Path:
        """Where the report goes."""
        return places.place("reports", self.recipe.name)

    def listed(self) -> list[tuple[str, Path]]:
        """Return kind and target of every step, in order."""
        return [
            ("prep", self.dataset),
            *(("train", training.path) for training in self.trainings),
            *(("eval", self.metrics(training)) for training in self.trainings),
            ("report", self.report_path),
        ]


def find(name: str) -> Path:
    """Return the file of a recipe: a path, or the name of a built-in one.

    Raises:
        ConfigError: There is no such recipe.
    """
    if Path(name).is_file():
        return Path(name)
    known = {path.stem: path for folder in BUILT_IN for path in sorted(folder.glob("*.toml"))}
    if name in known:
        return known[name]
    listed = ", ".join(known) or "none"
    raise ConfigError(
        f"recipe '{name}' does not exist",
        f"{suggest(name, known)}Give a file, or one of: {listed}.",
    )


def read(path: Path, data: Path | None) -> Steps:
    """Read a recipe and check all its parts.

    Args:
        path: A TOML file.
        data: What ``${DATA}`` in the sources stands for.

    Raises:
        ConfigError: It is no recipe, a setting is wrong, or ``data`` is needed and missing.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"recipe '{path}' cannot be read: {error}") from error
    recipe = build(Recipe, content)
    dataset = places.place("datasets", recipe.name)
    steps = Steps(
        recipe=recipe,
        prep=build(PrepConfig, _filled(recipe.prep, data, path)),
        dataset=dataset,
        trainings=tuple(_trainings(recipe, dataset)),
        eval=build(EvalConfig, recipe.eval),
        report=build(ReportConfig, recipe.report),
    )
    _check_expectations(steps)
    return steps


def _filled(settings: Mapping[str, Any], data: Path | None, path: Path) -> dict[str, Any]:
    """Return the settings of prep with ``${DATA}`` replaced in the file names."""

    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(item) for item in value]
        if not isinstance(value, str) or PLACEHOLDER not in value:
            return value
        if data is None:
            raise ConfigError(
                f"recipe '{path}' reads raw files of its own",
                f"name their folder with --data DIR (it stands for {PLACEHOLDER}).",
            )
        return value.replace(PLACEHOLDER, str(data))

    files = ("source", "meta")
    return {key: fill(value) if key in files else value for key, value in settings.items()}


def _trainings(recipe: Recipe, dataset: Path) -> Iterator[Training]:
    """Yield the runs: for each entry one per seed, bases before what starts from them."""
    made: dict[tuple[str, int], Path] = {}
    for entry in recipe.train:
        settings = dict(entry)
        base, seeds = settings.pop("base", None), settings.pop("seeds", None)
        for seed in seeds or [settings.get("seed", TrainConfig().seed)]:
            config = build(TrainConfig, {**settings, "seed": seed})
            if base is not None and (base, seed) not in made:
                raise ConfigError(
                    f"recipe '{recipe.name}': base '{base}' of {config.method} has no seed {seed}",
                    "list it earlier, with the same seeds.",
                )
            path = places.place("runs", places.run_name(dataset.name, config))
            if path in made.values():
                raise ConfigError(f"recipe '{recipe.name}' makes '{path}' twice")
            made[config.method, seed] = path
            yield Training(config, path, made[base, seed] if base else None)


def _check_expectations(steps: Steps) -> None:
    from mobench.metrics import METRICS

    methods = [training.config.method for training in steps.trainings]
    metrics = [*(f"{name}@{k}" for k in steps.eval.k for name in METRICS), *SCORES]
    for method, expected in steps.recipe.expect.items():
        _check_made(method, methods, steps.recipe)
        for metric in expected:
            _check_made(metric, metrics, steps.recipe)


def _check_made(word: str, known: Sequence[str], recipe: Recipe) -> None:
    if word not in known:
        raise ConfigError(
            f"recipe '{recipe.name}' expects '{word}', which it does not make",
            f"{suggest(word, known)}It makes: {', '.join(dict.fromkeys(known))}.",
        )
