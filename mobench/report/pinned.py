"""A controller that sat at a limit: what it means, and which option helps."""

from collections.abc import Mapping
from typing import Literal

Side = Literal["low", "high"]

MOSTLY = 0.5
"""A controller at its limits for more of the steps than this does not control."""

LIMITS: dict[Side, str] = {"low": "its lower limit", "high": "its upper limit"}

HELP: dict[Side, str] = {
    "low": "Accuracy held by itself: weigh the objectives more with --set aux_weight=….",
    "high": "Accuracy fell for another reason: use a smaller --set learning_rate=…, or train a"
    " base that over-fits less with --set weight_decay=….",
}


def pinned_side(shares: Mapping[str, float]) -> Side | None:
    """Return the limit at which beta sat for most of the run, ``None`` if it controlled.

    Args:
        shares: Share of the steps at each limit, ``low`` and ``high``, in [0, 1]; empty where a
            method has no controller.
    """
    if sum(shares.values()) <= MOSTLY:
        return None
    return "low" if shares["low"] >= shares["high"] else "high"
