"""All that an interrupted run needs to go on to the same bytes."""

import io
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mobench.artifacts.disk import explained
from mobench.errors import ArtifactError
from mobench.models import Backbone
from mobench.training.average import Average
from mobench.training.coordinator import Coordinator
from mobench.training.guard import Guard
from mobench.training.negatives import NegativeSampler
from mobench.training.noise import Noise
from mobench.training.optimizer import Adam
from mobench.training.sampler import AdaptiveSampler
from mobench.training.selection import Selection

Row = dict[str, Any]


@dataclass
class TrainState:
    """Everything that changes while training.

    Attributes:
        epoch: Epochs completed.
        step: Steps taken in the current epoch.
        signals: Sampler signals from the last validation, to be applied when an epoch begins.
        trace: One row per step of the current epoch (see ``Step``), ``[steps, 2M + 3]``, or with
            gradient norms ``[steps, 3M + 3]``.
        best: Weights of the selected epoch.
        history: Rows of history.parquet so far; ``steps`` and ``masses`` likewise.
        seconds: Time that the current epoch took before training was interrupted in it.
        stopped: Why training ended early, if it did.
        start: Weights before the first step (not saved: they come from the base).
        noise: The stream of dropout.
        average: The mean of the parameters, where that is what is validated and kept.
        engine: ``torch``, or ``native`` for the step in native code; a resumed run keeps it.
        batched: With how many runs, itself included, it was trained at once (not saved: that may
            change when it is resumed).
    """

    model: Backbone
    optimizer: Adam
    coordinator: Coordinator
    sampler: AdaptiveSampler
    negatives: NegativeSampler
    selection: Selection
    guard: Guard | None
    trace: Tensor
    epoch: int = 0
    step: int = 0
    signals: dict[str, Tensor] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    masses: list[Row] = field(default_factory=list)
    seconds: float = 0.0
    stopped: str = ""
    start: dict[str, Tensor] = field(default_factory=dict)
    noise: Noise = field(default_factory=Noise)
    average: Average | None = None
    engine: str = "torch"
    batched: int = 1

    PARTS = (
        "model",
        "optimizer",
        "coordinator",
        "sampler",
        "negatives",
        "selection",
        "guard",
        "noise",
        "average",
    )
    LOGS = ("history", "steps", "masses", "seconds", "stopped", "engine")
    VALUES = ("epoch", "step", "signals", "trace", "best", *LOGS)

    def save(self, path: Path) -> None:
        """Write the state; it appears whole or not at all, and then the one before stays.

        Raises:
            ArtifactError: The disk is full, or does not take it.
        """
        content: dict[str, Any] = {n: getattr(self, n).state_dict() for n in self._parts()}
        content |= {name: getattr(self, name) for name in self.VALUES}
        buffer = io.BytesIO()  # torch's own writer does not say when the disk is full
        torch.save(content, buffer)
        temporary = path.with_suffix(".tmp")
        try:
            with explained(path.parent, buffer.getbuffer().nbytes):
                temporary.write_bytes(buffer.getbuffer())
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)  # half a state only takes space

    def load(self, path: Path) -> None:
        """Continue from a file written by ``save``.

        Raises:
            ArtifactError: The file is missing, damaged, or holds anything but plain data.
        """
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
            raise _unreadable(path) from error
        if missing := {*self.VALUES, *self._parts()} - {*content}:
            raise _unreadable(path) from KeyError(*missing)
        for name in self._parts():
            getattr(self, name).load_state_dict(content[name])
        content["trace"] = content["trace"].to(self.trace.device)
        for name in self.VALUES:
            setattr(self, name, content[name])

    def _parts(self) -> list[str]:
        """Return the names of the parts that this run has."""
        return [name for name in self.PARTS if getattr(self, name) is not None]

    def forget_begun(self) -> None:
        """Drop what an epoch that was begun and is not to be finished has logged."""
        self.masses = [row for row in self.masses if row["epoch"] <= self.epoch]

    def remember_best(self) -> None:
        """Keep a copy of the model's weights, or of their mean."""
        means = self.average.means if self.average else {}
        values = self.model.state_dict() | means
        self.best = {name: value.clone() for name, value in values.items()}


def _unreadable(path: Path) -> ArtifactError:
    return ArtifactError(
        f"'{path}' cannot be read, so the run cannot be resumed", "start it again with --force."
    )
