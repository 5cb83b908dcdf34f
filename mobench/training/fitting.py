"""Settings that do not go with the method: refused rather than not looked at."""

from collections.abc import Callable

from mobench.config import TrainConfig
from mobench.config.base import place_of
from mobench.errors import ConfigError
from mobench.training.space import space

Fits = Callable[[TrainConfig], bool]


def has_front(config: TrainConfig) -> bool:
    """Return whether what weighs the losses looks at the preference."""
    if config.solver:
        from mobench.training.solver import ALL

        return ALL[config.solver].uses_preference
    return config.has_controller


def _controlled(config: TrainConfig) -> bool:
    return config.has_controller


def _morec(config: TrainConfig) -> bool:
    return config.method == "morec"


def _solved(config: TrainConfig) -> bool:
    return config.solver is not None


def _wishing(config: TrainConfig) -> bool:
    return _solved(config) and has_front(config)


def _regional(config: TrainConfig) -> bool:
    return config.solver == "pemtl"


def _correlated(config: TrainConfig) -> bool:
    return config.uses_substitutes and "fair" in config.objectives


NEEDS: dict[str, tuple[Fits, str]] = {
    "keep_accuracy": (_controlled, "--method morec"),
    "target_loss": (_controlled, "--method morec"),
    "sampler": (_morec, "--method morec"),
    "coordinator": (_morec, "--method morec"),
    "preference": (has_front, "a method that looks at wishes, such as morec, static or epo"),
    "acc_share": (_wishing, "a rival that looks at wishes, such as static or epo"),
    "normalise": (_solved, "a method such as static or mgda"),
    "solve_every": (_solved, "a method such as static or mgda"),
    "solver_options": (_solved, "a method such as static or mgda"),
    "regions": (_regional, "--method pemtl"),
    "fair_loss": (_correlated, "objective fair and a method such as static, or sampler=uniform"),
}
"""Settings that need something: whether it is there, and what it is."""


def check_fit(config: TrainConfig) -> None:
    """Check that the method looks at everything that was set.

    Raises:
        ConfigError: It does not.
    """
    usual = TrainConfig()
    for name, (fits, needed) in NEEDS.items():
        if getattr(config, name) != getattr(usual, name) and not fits(config):
            raise ConfigError(
                f"{place_of(TrainConfig, name)} does nothing for {_method(config)}",
                f"use it with {needed}.",
            )
    if config.solver and not config.auxiliary:
        raise ConfigError(
            f"{config.solver} weighs objectives, and acc is the only one",
            "name more with --objectives, or use --method continue.",
        )
    if config.tries and not space(config):
        raise ConfigError(
            f"--tries: {_method(config)} has nothing to try",
            "use it with base, continue, morec or a rival of it.",
        )


def _method(config: TrainConfig) -> str:
    replaced = _morec(config) and not _controlled(config)
    return f"method {config.method}" + (
        f" with coordinator {config.coordinator}" if replaced else ""
    )
