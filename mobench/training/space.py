"""The settings that ``--tries`` tries."""

from collections.abc import Mapping, Sequence

from mobench.config import TrainConfig

Value = float | str | None
Space = Mapping[str, Sequence[Value]]

BASE: Space = {
    "learning_rate": (3e-4, 1e-3, 3e-3),
    "weight_decay": (0.0, 1e-6, 3e-6, 1e-5, 3e-5, 1e-4),
    "negative_power": (0.0, 0.25, 0.5, 0.75, 1.0),
}
CONTINUE: Space = {name: BASE[name] for name in ("learning_rate", "weight_decay")}
CONTROLLER: Space = {"aux_weight": (0.1, 0.2, 0.4, 0.8), "slack": (0.05, 0.1, 0.2, 0.3)}
SAMPLER: Space = {"sampler_step": (0.01, 0.03, 0.1)}
SHARES: Space = {"acc_share": (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)}


def space(config: TrainConfig) -> Space:
    """Return the values to try of each setting; none for methods that have nothing to try.

    They are drawn from at random without repetition.
    """
    if config.method == "base":
        return BASE
    if config.method == "continue":
        return CONTINUE
    if config.solver:
        from mobench.training.solver import ALL

        kind = ALL[config.solver]
        units = ("none", "l2", "loss", "loss+") if kind.needs_gramian else ("none", "loss")
        shares = SHARES if kind.uses_preference else {}
        return {**shares, "normalise": units, **(SAMPLER if config.adapts else {})}
    if config.has_controller:
        return {**CONTROLLER, **(SAMPLER if config.adapts else {})}
    return {}
