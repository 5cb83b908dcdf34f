"""Presets of ``mobench train``: named sets of values."""

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "paper": {
        "negative_power": 1.0,
        "weight_decay": 1e-6,
        "ki": 0.001,
        "beta_start": None,
        "antiwindup": "none",
        "sampler_step": 0.1,
        "step_rule": "paper",
        "sampler_floor": 0.0,
        "fair_signal": "loss",
        "min_group_size": 0,
        "dead_band": 0.0,
    },
    "reference": {
        "negative_power": 1.0,
        "weight_decay": 1e-6,
        "kp": 0.05,
        "ki": 0.001,
        "beta_start": None,
        "antiwindup": "none",
        "step_rule": "paper",
        "sampler_floor": 0.0,
        "fair_signal": "loss",
        "min_group_size": 0,
        "align_k": 100,
        "dead_band": 0.0,
    },
}
"""Named sets of values; a preset fills the fields that nobody set."""
