"""Which epoch is kept: decided on validation alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Key = tuple[int, float]


@dataclass
class Selection:
    """Remembers the best epoch so far.

    Base runs: the largest NDCG. Runs that start from a base: among the epochs that keep enough of
    its Hit the largest Imp; while there is none, the largest Hit (and the run is invalid). Where no
    metric rests on enough hits to enter Imp, Hit decides alone, and the run's log says so.

    Attributes:
        base: The base's validation metrics; ``None`` for a base run.
        over: Metrics that enter Imp.
        keep: Share of the base's Hit that makes an epoch valid.
        best_epoch: 0 before the first epoch.
        best: What the best epoch scored: (1 if valid, value).
    """

    base: Mapping[str, float] | None = None
    over: Sequence[str] = ()
    keep: float = 0.97
    best_epoch: int = 0
    best: Key = field(default=(-1, 0.0))

    def offer(self, epoch: int, row: Mapping[str, Any]) -> bool:
        """Return whether ``row`` (a row of the history) is better than all before it."""
        key = self._key(row)
        if key <= self.best:
            return False
        self.best_epoch, self.best = epoch, key
        return True

    def _key(self, row: Mapping[str, Any]) -> Key:
        if self.base is None:
            return (1, row["ndcg"])
        value = row["imp"] if row["valid"] and self.over else row["hit"]
        return (1 if row["valid"] else 0, value)

    @property
    def is_valid(self) -> bool:
        """Whether the best epoch keeps enough accuracy."""
        return self.best[0] == 1

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes while training."""
        return {"best_epoch": self.best_epoch, "best": list(self.best)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.best_epoch = state["best_epoch"]
        self.best = (int(state["best"][0]), float(state["best"][1]))
