"""Loss weights from a solver: the rivals of MoRec's controller."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobench.errors import TrainingError
from mobench.solvers import Solver
from mobench.training.coordinator import Coordinator

Floats = NDArray[np.float64]
Normalise = Literal["none", "l2", "loss", "loss+"]


class Solved(Coordinator):
    """Weights ``[M]`` of a solver of losses, Gramian and preference.

    With ``normalise``, the solver sees objective k divided by s_k: its gradient norm (l2), its loss
    before training (loss, also for the loss itself), or both (loss+), as Sener and Koltun (NeurIPS
    2018) do. Its answer is turned back into weights of the plain losses, w_k / s_k, with Σ |w| as
    the solver had it, so that steps stay as large.

    Args:
        solver: From losses to weights.
        preference: Wishes for all objectives, ``[M]``.
        device: Where the losses are.
        normalise: What objectives are divided by.
        every: Steps between two questions to the solver; in between its last answer stands.
    """

    def __init__(
        self,
        solver: Solver,
        preference: Sequence[float],
        device: str | torch.device,
        normalise: Normalise = "none",
        every: int = 1,
    ) -> None:
        self.solver, self.normalise, self.every = solver, normalise, every
        self.preference = np.array(preference, dtype=np.float64)
        self.device = torch.device(device)
        self.start = np.ones_like(self.preference)
        self.now = np.full_like(self.preference, np.nan)
        self.norms = np.full_like(self.preference, np.nan)
        self.steps = 0
        self.needs_gramian = solver.needs_gramian or self.by_norm
        self.observes = hasattr(solver, "observe")

    @property
    def by_norm(self) -> bool:
        """Whether objectives are divided by the norms of their gradients."""
        return self.normalise in ("l2", "loss+")

    @property
    def by_loss(self) -> bool:
        """Whether objectives are divided by their losses before training."""
        return self.normalise in ("loss", "loss+")

    @property
    def wants_gramian(self) -> bool:
        """Whether it must be given one in this step."""
        return self.needs_gramian and self.steps % self.every == 0

    def weights(self, losses: Tensor, gramian: Floats | None = None) -> Tensor:
        """Return the weights of the losses.

        Raises:
            TrainingError: The solver has no answer.
        """
        self.norms = np.full_like(self.norms, np.nan)
        if self.steps % self.every == 0:
            self.now = self._solve(losses.cpu().numpy(), gramian)
        self.steps += 1
        return torch.from_numpy(self.now).to(self.device)

    def _solve(self, losses: Floats, gramian: Floats | None) -> Floats:
        start = self.start if self.by_loss else np.ones_like(losses)
        scale = start
        if gramian is not None:
            self.norms = np.sqrt(gramian.diagonal())
            if self.by_norm:
                scale = start * np.where(self.norms > 0, self.norms, 1.0)
            gramian = gramian / scale[:, None] / scale
        answer = self.solver.weights(losses / start, gramian, self.preference)
        plain = answer / scale
        size = np.abs(plain).sum()
        if not 0 < size < np.inf:
            given = None if gramian is None else gramian.tolist()
            raise TrainingError(f"no weights: the solver says '{answer}'; Gramian '{given}'")
        return np.asarray(plain * (np.abs(answer).sum() / size))

    def observe(self, losses: Tensor) -> None:
        """Let a solver that looks back see the losses after the step that it weighed."""
        if self.observes and (self.steps - 1) % self.every == 0:
            start = self.start if self.by_loss else np.ones_like(self.start)
            self.solver.observe(losses.cpu().numpy() / start)  # type: ignore[attr-defined]

    def set_start(self, losses: Tensor) -> None:
        """Take the losses before training, ``[M]``, to divide by.

        Raises:
            TrainingError: One is not above 0.
        """
        self.start = losses.cpu().numpy()
        if not (self.start > 0).all():
            raise TrainingError(
                f"losses before training are not all above 0: '{self.start.tolist()}'",
                "use another --set normalise=….",
            )

    def trace(self) -> Tensor:
        """Return gradient norms ``[M]`` where they may be known, accuracy's weight, and two NaN."""
        norms = self.norms if self.needs_gramian else self.norms[:0]
        return torch.tensor([*norms, self.now[0], np.nan, np.nan], dtype=torch.float64).to(
            self.device
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the solver's state and its last answer."""
        arrays = {name: torch.from_numpy(getattr(self, name)) for name in ("start", "now")}
        return {"solver": packed(self.solver.state_dict()), "steps": self.steps, **arrays}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.solver.load_state_dict(unpacked(state["solver"]))
        self.steps = state["steps"]
        self.start, self.now = state["start"].numpy(), state["now"].numpy()


ARRAY = "array"


def packed(value: Any) -> Any:
    """Return a solver's state with its arrays as tensors, which a state file can hold."""
    if isinstance(value, np.ndarray):
        return {ARRAY: torch.from_numpy(value)}
    if isinstance(value, dict):
        return {name: packed(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(packed(each) for each in value)
    return value.item() if isinstance(value, np.generic) else value


def unpacked(value: Any) -> Any:
    """Undo ``packed``."""
    if isinstance(value, dict) and value.keys() == {ARRAY}:
        return value[ARRAY].numpy()
    if isinstance(value, dict):
        return {name: unpacked(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(unpacked(each) for each in value)
    return value
