"""Dropout's random numbers: torch's global stream, seeded by name and saved with the state."""

from typing import Any

import torch

from mobench.seeds import Seeds


class Noise:
    """The stream that dropout draws from; torch offers it no generator of its own."""

    def reseed(self, root: int, name: str) -> None:
        """Start the stream ``name`` of a root seed, on every device."""
        torch.manual_seed(Seeds(root).integer(name))

    def state_dict(self) -> dict[str, Any]:
        """Return where the stream is."""
        state = {"cpu": torch.get_rng_state()}
        # asking whether there is one would not do: a run on the CPU must not begin to use it here
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            state["cuda"] = torch.cuda.get_rng_state()
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        torch.set_rng_state(state["cpu"])
        if "cuda" in state:
            torch.cuda.set_rng_state(state["cuda"])
