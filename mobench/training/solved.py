"""Loss weights from a solver: the rivals of MoRec's controller."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobench.errors import TrainingError
from mobench.training.coordinator import Coordinator

if TYPE_CHECKING:
    from mobench.solvers import Solver

Floats = NDArray[np.float64]


class Solved(Coordinator):
    """Weights ``[M]`` of a solver of losses, Gramian and preference.

    Args:
        solver: From losses to weights.
        preference: Wishes for all objectives, ``[M]``.
        device: Where the losses are.
        every: Steps between two questions to the solver; in between its last answer stands.
    """

    def __init__(
        self,
        solver: "Solver",
        preference: Sequence[float],
        device: str | torch.device,
        every: int = 1,
    ) -> None:
        self.solver, self.every = solver, every
        self.needs_gramian, self.observes = solver.needs_gramian, solver.needs_after
        self.preference = np.array(preference, dtype=np.float64)
        self.device = torch.device(device)
        self.now = np.full_like(self.preference, np.nan)
        self.norms = np.full_like(self.preference, np.nan)
        self.steps = 0

    @property
    def wants_gramian(self) -> bool:
        """Whether ``weights`` must be given a Gramian in this step."""
        return self.needs_gramian and self.steps % self.every == 0

    def weights(self, losses: Tensor, gramian: Floats | None = None) -> Tensor:
        """Return the weights of the losses.

        Raises:
            TrainingError: The solver has no answer; the message holds the Gramian.
        """
        if self.steps % self.every == 0:
            self.now = self._solve(losses.cpu().numpy(), gramian)
        self.norms = np.full_like(self.norms, np.nan)
        if gramian is not None:
            self.norms = np.sqrt(gramian.diagonal())
        self.steps += 1
        return torch.from_numpy(self.now).to(self.device)

    def _solve(self, losses: Floats, gramian: Floats | None) -> Floats:
        given = "" if gramian is None else f"; Gramian '{gramian.tolist()}'"
        try:
            answer = self.solver.weights(losses, gramian, self.preference)
        except TrainingError as error:
            has_it = "Gramian" in error.message
            raise TrainingError(error.message + given * (not has_it), error.hint) from error
        if not 0 < np.abs(answer).sum() < np.inf:
            raise TrainingError(f"no weights: the solver says '{answer.tolist()}'{given}")
        return answer

    def observe(self, losses: Tensor) -> None:
        """Show a solver that looks back what became of the losses that it weighed."""
        if (self.steps - 1) % self.every == 0:
            self.solver.observe(losses.cpu().numpy())

    def end_epoch(self) -> None:
        """Tell the solver."""
        self.solver.end_epoch()

    def trace(self) -> Tensor:
        """Return gradient norms ``[M]`` where they may be known, accuracy's weight, and two NaN."""
        norms = self.norms if self.needs_gramian else self.norms[:0]
        values = [*norms, self.now[0], np.nan, np.nan]
        return torch.tensor(values, dtype=torch.float64, device=self.device)

    def state_dict(self) -> dict[str, Any]:
        """Return the solver's state and its last answer."""
        return {
            "solver": self.solver.state_dict(),
            "steps": self.steps,
            "now": torch.from_numpy(self.now),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.solver.load_state_dict(state["solver"])
        self.steps, self.now = state["steps"], state["now"].numpy()
