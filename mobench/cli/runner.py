"""Running the steps of a recipe; what is up to date is left alone, what was begun goes on."""

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobench.cli.advice import hinting
from mobench.cli.console import Output, track_epoch
from mobench.cli.evaluate import track_blocks
from mobench.cli.recipe import Steps
from mobench.cli.trainings import Training
from mobench.cli.views.checks import took
from mobench.config import PrepConfig
from mobench.errors import DataError, Interrupted

if TYPE_CHECKING:
    from mobench.artifacts import Artifact
    from mobench.report.build import Built


def hinted() -> AbstractContextManager[None]:
    """Let failures of artifacts say what helps in a recipe, where there is no ``--force``."""
    from mobench.complete import DAMAGED, TAKEN

    remove = "remove it, then run the same command again."
    return hinting({TAKEN: "move it away, or run in another folder.", DAMAGED: remove})


@dataclass
class Runner:
    """Does the steps in order and says so, a line each.

    Args:
        out: Where to say it.
        steps: What to do.
    """

    out: Output
    steps: Steps
    log: list[dict[str, Any]] = field(default_factory=list)

    def prepare(self) -> "Artifact":
        """Make the dataset.

        Raises:
            ArtifactError: A name is taken, or an artifact is damaged; nothing is replaced.
            DataError: A public set is not there.
        """
        from mobench.data.prep import prepare

        with hinted():
            started, files = time.perf_counter(), self._files()
            done = prepare(files, self.steps.dataset)
            self._tell("prep", self.steps.dataset, started, fresh=done.fresh)
            return done.artifact

    def run(self) -> "tuple[list[Artifact], Built | None]":
        """Do the rest, as far as it is wanted; return the metrics artifacts and the report.

        The metrics are in the order of the runs.

        Raises:
            ArtifactError: A name is taken, or an artifact is damaged; nothing is replaced.
        """
        part = self.steps.part
        with hinted():
            for training in part.trainings if part.does("train") else ():
                self._train(training)
            scored = part.trainings if part.does("eval") else ()
            metrics = [self._evaluate(training) for training in scored]
            return metrics, self._report(metrics) if part.does("report") else None

    def _files(self) -> PrepConfig:
        """Return the settings of prep with the files of a public set in the place of its name."""
        from mobench.cli.views.download import with_files

        try:
            return with_files(self.steps.prep, self.out, download=False)
        except DataError as error:
            name = self.steps.prep.source[0]
            raise DataError(
                error.message, f"get it with 'mobench prep {name} --download'."
            ) from error

    def _tell(self, kind: str, path: Path, started: float, *, fresh: bool) -> None:
        seconds = time.perf_counter() - started
        step = {"step": kind, "artifact": path, "fresh": fresh, "seconds": seconds}
        self.log.append(step)
        total = len(self.steps.listed())
        place = f"{len(self.log)}/{total}".rjust(2 * len(str(total)) + 1)
        self.out.show(f"{place} {kind:<6}  {took(step):<10}  {path}")

    def _train(self, training: Training) -> None:
        from mobench.training.run import plan, take_up

        started = time.perf_counter()
        todo = plan(training.config, self.steps.dataset, training.base, training.path)
        records = take_up(todo, track=track_epoch)
        if not records:
            self._tell("train", training.path, started, fresh=False)
            return
        try:
            for _ in records:
                pass
        except Interrupted as stop:
            raise Interrupted(stop.message, "go on with the same command.") from stop
        self._tell("train", training.path, started, fresh=True)

    def _evaluate(self, training: Training) -> "Artifact":
        from mobench.evaluation.run import evaluate

        started, path = time.perf_counter(), self.steps.metrics(training)
        done = evaluate(self.steps.eval, training.path, path, track=track_blocks)
        self._tell("eval", path, started, fresh=done.fresh)
        return done.artifact

    def _report(self, metrics: "list[Artifact]") -> "Built":
        from mobench.report.build import build

        started, path = time.perf_counter(), self.steps.report_path
        paths = [artifact.path for artifact in metrics]
        built = build(self.steps.report, paths, path, rows=self.steps.rows)
        self._tell("report", path, started, fresh=built.fresh)
        return built
