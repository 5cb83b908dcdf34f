"""Dropout's random numbers: torch's global stream, seeded by name and saved with the state."""

from dataclasses import dataclass
from typing import Any

import torch

from mobench.seeds import Seeds


@dataclass
class Noise:
    """The stream that dropout draws from; torch offers it no generator of its own.

    Attributes:
        device: Where it is drawn; a run on the CPU leaves a GPU's stream alone.
    """

    device: str = "cpu"

    def reseed(self, root: int, name: str) -> None:
        """Start the stream ``name`` of a root seed."""
        seed = Seeds(root).integer(name)
        torch.default_generator.manual_seed(seed)
        if self.device == "cuda":
            torch.cuda.manual_seed(seed)

    def state_dict(self) -> dict[str, Any]:
        """Return where the stream is."""
        state = {"cpu": torch.get_rng_state()}
        if self.device == "cuda":
            state["cuda"] = torch.cuda.get_rng_state()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        torch.set_rng_state(state["cpu"])
        if self.device == "cuda":
            torch.cuda.set_rng_state(state["cuda"])
