"""What ``--tries`` tries of each method."""

from collections.abc import Sequence

SPACE: dict[str, dict[str, Sequence[float]]] = {
    "base": {
        "learning_rate": (3e-4, 1e-3, 3e-3),
        "weight_decay": (0.0, 1e-6, 3e-6, 1e-5, 3e-5, 1e-4),
        "negative_power": (0.0, 0.25, 0.5, 0.75, 1.0),
    },
    "continue": {
        "learning_rate": (3e-4, 1e-3, 3e-3),
        "weight_decay": (0.0, 1e-6, 3e-6, 1e-5, 3e-5, 1e-4),
    },
    "morec": {
        "aux_weight": (0.1, 0.2, 0.4, 0.8),
        "slack": (0.05, 0.1, 0.2, 0.3),
        "sampler_step": (0.01, 0.03, 0.1),
    },
}
"""What each method tries; values are drawn at random without repetition."""
