"""The accuracy guard: a slow loop around the controller that keeps a share of the base's Hit.

The training loss is a poor proxy for accuracy (a base that over-fits sees its loss fall and its
Hit with it), so the guard moves the target loss by what validation says.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mobench.metrics.comparison import is_valid

RATE = 2.0
MARGIN = 0.01
MEMORY = 0.5
"""Weight of the newest epoch in the running mean of the share kept: about three epochs."""

Verdict = Literal["go on", "retreat", "stop"]


@dataclass
class Guard:
    """Moves the target loss from epoch to epoch.

    ``target ← clip(target · exp(2 · (kept_EMA − keep − 0.01)), start/2, 2 · start)``; no raise
    while beta sat at its lower limit in the last epoch, no cut while it sat at the upper one.

    Attributes:
        keep: Share of the base's validation Hit to keep.
        start: Target loss before training.
        target: Target loss now.
        mean: Running mean of the share kept; NaN before the first epoch.
        below: Epochs in a row below ``keep``.
        retreats: How often training went back to the best valid state.
    """

    keep: float
    start: float
    target: float
    mean: float = math.nan
    below: int = 0
    retreats: int = 0

    def observe(self, kept: float, low_share: float, high_share: float) -> Verdict:
        """Take the result of an epoch and move the target.

        Args:
            kept: Validation Hit over the base's.
            low_share: Share of the epoch's steps with beta at its lower limit.
            high_share: The same at its upper limit.

        Returns:
            ``go on``; ``retreat`` after two epochs in a row below ``keep`` (restore the best valid
            state, halve the auxiliary weight); ``stop`` when that happens a third time.
        """
        self.mean = kept if math.isnan(self.mean) else MEMORY * kept + (1 - MEMORY) * self.mean
        factor = math.exp(RATE * (self.mean - self.keep - MARGIN))
        if not (factor > 1 and low_share > 0.5) and not (factor < 1 and high_share > 0.5):
            self.target = min(max(self.target * factor, self.start / 2), self.start * 2)
        self.below = 0 if is_valid(kept, self.keep) else self.below + 1
        if self.below < 2:
            return "go on"
        self.below = 0
        self.mean = math.nan
        self.retreats += 1
        return "stop" if self.retreats > 2 else "retreat"

    def state_dict(self) -> dict[str, Any]:
        """Return all fields."""
        return asdict(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        for name, value in state.items():
            setattr(self, name, value)
