"""A recipe as a list of steps: read, checked as a whole, and only then run."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mobench
from mobench import places
from mobench.cli.expectations import SCORES, check_expectations
from mobench.cli.only import Part, part_of
from mobench.cli.trainings import Training, trainings
from mobench.config import EvalConfig, Expectation, PrepConfig, Recipe, ReportConfig, build
from mobench.config.recipe import DATASET
from mobench.errors import ConfigError, suggest

PLACEHOLDER = "${DATA}"
PACKAGE = Path(mobench.__file__).parent
BUILT_IN = (PACKAGE / "recipes", PACKAGE.parent / "benchmarks" / "recipes")
"""Where recipes lie: in an installed wheel, and in a checkout."""


@dataclass(frozen=True)
class Steps:
    """Everything that a recipe does, and where the results go."""

    recipe: Recipe
    prep: PrepConfig
    dataset: Path
    part: Part
    eval: EvalConfig
    report: ReportConfig

    @property
    def trainings(self) -> tuple[Training, ...]:
        """The runs to make."""
        return self.part.trainings

    def metrics(self, training: Training) -> Path:
        """Return where the evaluation of a run goes."""
        return places.place("metrics", places.metrics_name(training.path.name, self.eval))

    @property
    def rows(self) -> dict[str, str]:
        """The row of the report that each metrics artifact belongs to."""
        return {str(self.metrics(training)): training.row for training in self.trainings}

    @property
    def report_path(self) -> Path:
        """Where the report goes; that of some rows has a name of its own."""
        rows = "" if self.part.whole else f"-{places.slug(' '.join(self.part.rows))}"
        return places.place("reports", f"{self.recipe.name}{rows}")

    def listed(self) -> list[tuple[str, Path]]:
        """Return kind and target of every step, in order."""
        every = [
            ("prep", self.dataset),
            *(("train", training.path) for training in self.trainings),
            *(("eval", self.metrics(training)) for training in self.trainings),
            ("report", self.report_path),
        ]
        return [(kind, path) for kind, path in every if self.part.does(kind)]

    @property
    def expected(self) -> dict[str, dict[str, Expectation]]:
        """What is expected of what is made: of rows all once there is a report, else no scores."""
        judged = self.recipe.expect.items()
        made = {row: wishes for row, wishes in judged if row in (DATASET, *self.part.rows)}
        if self.part.does("report"):
            return made
        if not self.part.does("eval"):
            return {row: wishes for row, wishes in made.items() if row == DATASET}
        return {
            row: {name: wish for name, wish in wishes.items() if name not in SCORES}
            for row, wishes in made.items()
        }


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


def read(path: Path, data: Path | None, only: str | None = None) -> Steps:
    """Read a recipe and check all its parts.

    Args:
        path: A TOML file.
        data: What ``${DATA}`` in the sources stands for.
        only: The steps and rows that are wanted, with commas between; all if left out.

    Raises:
        ConfigError: It is no recipe, a setting is wrong, ``data`` is needed and missing, or
            ``only`` names what it does not have.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"recipe '{path}' cannot be read: {error}") from error
    recipe = build(Recipe, content)
    dataset = places.place("datasets", recipe.name)
    every = tuple(trainings(recipe, dataset))
    steps = Steps(
        recipe=recipe,
        prep=build(PrepConfig, _filled(recipe.prep, data, path)),
        dataset=dataset,
        part=part_of(every, only),
        eval=build(EvalConfig, recipe.eval),
        report=build(ReportConfig, recipe.report),
    )
    made = [training.row for training in every]
    check_expectations(recipe, made, steps.eval.k)
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
