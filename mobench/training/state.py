"""All that an interrupted run needs to go on to the same bytes."""

import io
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mobench.errors import ArtifactError
from mobench.models import Backbone
from mobench.training.coordinator import Coordinator
from mobench.training.guard import Guard
from mobench.training.negatives import NegativeSampler
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
        trace: One row per step of the current epoch (see ``Step``), ``[steps, 2M + 3]``.
        best: Weights of the selected epoch.
        history: Rows of history.parquet so far; ``steps`` and ``masses`` likewise.
        stopped: Why training ended early, if it did.
        start: Weights before the first step (not saved: they come from the base).
    """

    model: Backbone
    optimizer: torch.optim.Optimizer
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
    stopped: str = ""
    start: dict[str, Tensor] = field(default_factory=dict)

    PARTS = ("model", "optimizer", "coordinator", "sampler", "negatives", "selection", "guard")
    VALUES = ("epoch", "step", "signals", "trace", "best", "history", "steps", "masses", "stopped")

    def save(self, path: Path) -> None:
        """Write the state; it appears whole or not at all."""
        parts = {name: getattr(self, name) for name in self.PARTS}
        content: dict[str, Any] = {k: v.state_dict() for k, v in parts.items() if v is not None}
        content |= {name: getattr(self, name) for name in self.VALUES}
        buffer = io.BytesIO()  # torch's own writer does not say when the disk is full
        torch.save(content, buffer)
        temporary = path.with_suffix(".tmp")
        temporary.write_bytes(buffer.getbuffer())
        temporary.replace(path)

    def load(self, path: Path) -> None:
        """Continue from a file written by ``save``.

        Raises:
            ArtifactError: The file is missing, damaged, or holds anything but plain data.
        """
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
            raise ArtifactError(
                f"'{path}' cannot be read, so the run cannot be resumed",
                "start it again with --force.",
            ) from error
        for name in self.PARTS:
            if getattr(self, name) is not None:
                getattr(self, name).load_state_dict(content[name])
        content["trace"] = content["trace"].to(self.trace.device)
        for name in self.VALUES:
            setattr(self, name, content[name])

    def remember_best(self) -> None:
        """Keep a copy of the model's weights."""
        self.best = {name: value.clone() for name, value in self.model.state_dict().items()}
