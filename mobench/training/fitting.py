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
    return config.has_controller or config.method in ("conditioned", "rerank")


def _controlled(config: TrainConfig) -> bool:
    return config.has_controller


def _morec(config: TrainConfig) -> bool:
    return config.method == "morec"


def _weighed(config: TrainConfig) -> bool:
    return _solved(config) or _conditioned(config) or _reranked(config)


def _reranked(config: TrainConfig) -> bool:
    return config.method == "rerank"


def _kept(config: TrainConfig) -> bool:
    return _controlled(config) or _reranked(config)


def _listed(config: TrainConfig) -> bool:
    return _reranked(config) or config.method == "base"  # of candidates


def _solved(config: TrainConfig) -> bool:
    return config.solver is not None


def _wishing(config: TrainConfig) -> bool:
    return _weighed(config) and has_front(config)


def _conditioned(config: TrainConfig) -> bool:
    return config.method == "conditioned"


def _agreeing(config: TrainConfig) -> bool:
    return _conditioned(config) and config.agreement != "none"


def _regional(config: TrainConfig) -> bool:
    return config.solver == "pemtl"


def _correlated(config: TrainConfig) -> bool:
    return config.uses_substitutes and "fair" in config.objectives


NEEDS: dict[str, tuple[Fits, str]] = {
    "keep_accuracy": (_kept, "--method morec"),
    "target_loss": (_controlled, "--method morec"),
    "sampler": (_morec, "--method morec"),
    "coordinator": (_morec, "--method morec"),
    "preference": (has_front, "a method that looks at wishes, such as morec, static or epo"),
    "acc_share": (_wishing, "a method that looks at wishes, such as static or epo"),
    "normalise": (_solved, "a method such as static or mgda"),
    "solve_every": (_solved, "a method such as static or mgda"),
    "solver_options": (_solved, "a method such as static or mgda"),
    "regions": (_regional, "--method pemtl"),
    "conditioning": (_conditioned, "--method conditioned"),
    "concentration": (_conditioned, "--method conditioned"),
    "agreement": (_conditioned, "--method conditioned"),
    "agreement_strength": (_agreeing, "--method conditioned and an agreement such as cosine"),
    "front_parts": (_conditioned, "--method conditioned"),
    "fair_loss": (_correlated, "objective fair and a method such as static, or sampler=uniform"),
    "search": (_reranked, "--method rerank"),
    "mix_parts": (_reranked, "--method rerank"),
    "least_score": (_reranked, "--method rerank"),
    "n_candidates": (_listed, "--method rerank"),
}
"""Settings that need something: whether it is there, and what it is."""


UNTRAINED = (
    "preset",
    "sampler_mode",
    "epochs",
    "patience",
    "kp",
    "ki_per_epoch",
    "ki",
    "beta_min",
    "beta_max",
    "beta_start",
    "antiwindup",
    "slack",
    "aux_weight",
    "sampler_step",
    "sampler_floor",
    "step_rule",
    "fair_signal",
    "dead_band",
    "keep_state",
    "log_every",
)
"""Settings of training that a method without any does not look at."""


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
    for name in UNTRAINED:
        if _reranked(config) and getattr(config, name) != getattr(usual, name):
            raise ConfigError(
                f"{place_of(TrainConfig, name)} does nothing for {_method(config)}:"
                " it trains nothing",
                "leave it out.",
            )
    if _weighed(config) and not config.auxiliary:
        raise ConfigError(
            f"{config.solver or config.method} weighs objectives, and acc is the only one",
            "name more with --objectives, or use --method continue.",
        )
    if _conditioned(config) and config.fair_loss != "pearson":
        raise ConfigError(
            f"fair_loss {config.fair_loss} can be below 0, and --method conditioned measures losses"
            " by what they were",
            "leave it out.",
        )
    longest = max(config.k, config.align_k or 0)
    if config.n_candidates < longest and _reranked(config):
        raise ConfigError(
            f"n_candidates {config.n_candidates} is below the {longest} of a list",
            "choose more candidates, or a smaller k.",
        )
    if config.tries and not space(config) and not _reranked(config):
        raise ConfigError(
            f"--tries: {_method(config)} has nothing to try",
            "use it with base, continue, morec or a rival of it.",
        )


def _method(config: TrainConfig) -> str:
    replaced = _morec(config) and not _controlled(config)
    return f"method {config.method}" + (
        f" with coordinator {config.coordinator}" if replaced else ""
    )
