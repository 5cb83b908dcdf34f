"""Saving the state of a run, and how to go on when training ends early."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mobench.artifacts.disk import explained
from mobench.errors import ArtifactError, ConfigError, TrainingError
from mobench.training.state import TrainState


class Saver:
    """Saves a state when it is called, and knows what was saved last.

    Args:
        state: The state.
        path: The file, in the directory of the draft.
    """

    def __init__(self, state: TrainState, path: Path) -> None:
        self.state = state
        self.path = path
        self.epoch = 0

    def __call__(self) -> None:
        """Save the state."""
        self.state.save(self.path)
        self.epoch = self.state.epoch

    def load(self, max_epochs: int) -> None:
        """Continue from the file, if there is one.

        Args:
            max_epochs: Where training will end.

        Raises:
            ArtifactError: The file cannot be read.
            ConfigError: Training went further already.
        """
        if not self.path.is_file():
            return
        self.state.load(self.path)
        self.epoch = self.state.epoch
        if self.epoch > max_epochs:
            raise ConfigError(
                f"--epochs {max_epochs} is less than the {self.epoch} that the run has behind it",
                f"give {self.epoch} to publish its best so far, or more to train on.",
            )
        if self.epoch == max_epochs:
            self.state.forget_begun()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Say how to go on from what was saved when the body cannot.

        Raises:
            TrainingError: A loss or the scores are not finite.
            ArtifactError: The disk is full, or does not take what is written.
        """
        try:
            with explained(self.path.parent):
                yield
        except TrainingError as error:
            raise self._diverged(error) from error
        except ArtifactError as error:
            if not isinstance(error.__cause__, OSError) or not self.path.is_file():
                raise
            first = (error.hint or "").partition(",")[0].rstrip(".")
            raise ArtifactError(
                error.message, f"{first}, then go on with '{self._command()}'."
            ) from error

    def _diverged(self, error: TrainingError) -> TrainingError:
        """Return the error with what is left of the run and what can be done with it."""
        force = " --force" * self.path.is_file()
        restart = f"start over with a lower --set learning_rate=…{force and ' and'}{force}."
        if not self.epoch:
            return TrainingError(f"{error.message}; no epoch was completed", restart)
        kept = "epoch 1 is kept" if self.epoch == 1 else f"epochs 1 to {self.epoch} are kept"
        publish = f"{self._command()} --epochs {self.epoch}"
        return TrainingError(
            f"{error.message}; {kept}", f"publish the best of them with '{publish}', or {restart}"
        )

    def _command(self) -> str:
        return f"mobench train --resume {self.path.parent}"
