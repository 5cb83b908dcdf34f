"""One root seed, many named streams.

Each consumer of randomness names its stream, so that adding a consumer never shifts the numbers
another one sees, and no global generator is touched.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Seeds:
    """Named, order-independent random streams below one root seed.

    Args:
        root: The seed of the whole run, at least 0.
    """

    root: int

    def numpy(self, name: str) -> "np.random.Generator":
        """Return a fresh generator for the stream ``name``; equal names give equal streams."""
        import numpy as np

        key = tuple(name.encode())
        return np.random.default_rng(np.random.SeedSequence(self.root, spawn_key=key))

    def integer(self, name: str) -> int:
        """Return a seed in [0, 2**63) for libraries that take an integer (torch, scikit-learn)."""
        return int(self.numpy(name).integers(2**63))
