"""The accuracy guard: a slow loop around the controller that keeps a share of the base's accuracy.

The training loss is a poor proxy for accuracy (a base that over-fits sees its loss fall and its
Hit with it), so the guard moves the target loss by what validation says. The paper sets the
target by hand and leaves it; that stays available (``--set target_loss=…``).
"""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mobench.metrics.comparison import is_valid

RATE = 10.0
"""The target is 10 % above the epoch's loss for each point of accuracy in hand, in hundredths."""
MARGIN = 0.01
MEMORY = 0.5
"""Weight of the newest epoch in the running mean of the share kept: about three epochs."""
PATIENCE = 2

Verdict = Literal["go on", "retreat"]


@dataclass
class Guard:
    """Moves the target loss from epoch to epoch.

    ``target = clip(loss · exp(10 · (kept_EMA − keep − 0.01)), start/2, 2 · start)`` with the mean
    accuracy loss of the epoch that ended. The target leads the loss instead of adding up errors
    (the controller adds them up already), so it cannot wind up: where beta has no more say, as
    in a model that over-fits, it waits beside the loss.

    Two epochs in a row below ``keep`` are a retreat: back to the best valid weights (or to those
    that training began with) at half the learning rate. Smaller steps stay near what is valid
    whatever made accuracy fall, over-fitting included, which no weight of the losses can stop.

    Attributes:
        keep: Share of the base's validation accuracy to keep.
        start: Target loss before training.
        target: Target loss now.
        mean: Running mean of the share kept; NaN before the first epoch and after a retreat.
        below: Epochs in a row below ``keep``.
        retreats: How often training went back.
    """

    keep: float
    start: float
    target: float
    mean: float = math.nan
    below: int = 0
    retreats: int = 0

    def observe(self, kept: float, loss: float) -> Verdict:
        """Take the result of an epoch and move the target.

        Args:
            kept: Validation accuracy over the base's, ≥ 0.
            loss: Mean accuracy loss of the epoch, > 0.

        Returns:
            ``go on``, or ``retreat`` (restore weights, halve the learning rate).
        """
        self.mean = kept if math.isnan(self.mean) else MEMORY * kept + (1 - MEMORY) * self.mean
        wanted = loss * math.exp(RATE * (self.mean - self.keep - MARGIN))
        self.target = min(max(wanted, self.start / 2), self.start * 2)
        self.below = 0 if is_valid(kept, self.keep) else self.below + 1
        if self.below < PATIENCE:
            return "go on"
        self.below, self.mean = 0, math.nan
        self.retreats += 1
        return "retreat"

    def state_dict(self) -> dict[str, Any]:
        """Return all fields."""
        return asdict(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        for name, value in state.items():
            setattr(self, name, value)
