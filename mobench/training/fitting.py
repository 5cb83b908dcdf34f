"""Settings that do not go with the method: refused rather than not looked at."""

from collections.abc import Callable

from mobench.config import PRESETS, TrainConfig
from mobench.config.base import place_of
from mobench.errors import ConfigError
from mobench.models import Backbone, own
from mobench.training.inherit import OF_HISTORIES, SHARED
from mobench.training.space import space

Fits = Callable[[TrainConfig], bool]

MODEL = [name for name in SHARED if name != "backbone"]
"""Settings of a model and how it is trained; the backbone of popularity is who it stands beside."""


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


def _popular(config: TrainConfig) -> bool:
    return config.method == "popularity"


def _trained(config: TrainConfig) -> bool:
    return not (_popular(config) or _reranked(config))


def _based(config: TrainConfig) -> bool:
    return config.starts_from_base


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


def _correlated(config: TrainConfig) -> bool:
    return config.uses_substitutes and "fair" in config.objectives


def _adapts_to(name: str) -> Fits:
    return lambda config: config.adapts and name in config.objectives


WISHES = "a method that looks at wishes, such as static or epo"
BASED = (_based, "a method that starts from a base, such as morec")
TRAINED = (_trained, "a method that trains, such as base or morec")
CONTROLLED = (_controlled, "--method morec and its controller")
SAMPLED = (lambda config: config.adapts, "--method morec and sampler adaptive")
SOLVED = (_solved, "a method such as static or mgda")
CONDITIONED = (_conditioned, "--method conditioned")
RERANKED = (_reranked, "--method rerank")

NEEDS: dict[str, tuple[Fits, str]] = {
    "keep_accuracy": (_kept, "--method morec"),
    "preference": (has_front, "a method that looks at wishes, such as morec, static or epo"),
    **dict.fromkeys(("objectives", "keep_metric", "min_base_hits"), BASED),
    **dict.fromkeys(("preset", "epochs", "keep_state", "log_every"), TRAINED),
    "patience": (lambda config: config.method == "base", "--method base"),
    "sampler_mode": (lambda config: _trained(config) and _based(config), BASED[1]),
    "sampler": (_morec, "--method morec"),
    "coordinator": (_morec, "--method morec"),
    **dict.fromkeys(("target_loss", "slack", "aux_weight"), CONTROLLED),
    **dict.fromkeys(("kp", "ki_per_epoch", "ki", "antiwindup"), CONTROLLED),
    **dict.fromkeys(("beta_min", "beta_max", "beta_start"), CONTROLLED),
    **dict.fromkeys(("sampler_step", "sampler_floor", "step_rule"), SAMPLED),
    "fair_signal": (_adapts_to("fair"), f"{SAMPLED[1]}, and objective fair"),
    "min_group_size": (
        lambda config: _reranked(config) or _adapts_to("fair")(config),
        "--method morec and objective fair, or --method rerank",
    ),
    "dead_band": (_adapts_to("align"), f"{SAMPLED[1]}, and objective align"),
    "align_k": (
        lambda config: _reranked(config) or _adapts_to("align")(config),
        "--method morec and objective align, or --method rerank",
    ),
    "acc_share": (_wishing, WISHES),
    **dict.fromkeys(("normalise", "solve_every", "solver_options"), SOLVED),
    "regions": (lambda config: config.solver == "pemtl", "--method pemtl"),
    **dict.fromkeys(("conditioning", "concentration", "agreement", "front_parts"), CONDITIONED),
    "agreement_strength": (_agreeing, "--method conditioned and an agreement such as cosine"),
    "fair_loss": (_correlated, "objective fair and a method such as static, or sampler=uniform"),
    **dict.fromkeys(("search", "mix_parts", "least_score"), RERANKED),
    "n_candidates": (_listed, "--method rerank"),
    "tries_at": (lambda config: config.tries > 0, "--tries"),
    **dict.fromkeys(MODEL, (lambda config: not _popular(config), TRAINED[1])),
}
"""Settings that need something: whether it is there, and what it is."""


def check_fit(config: TrainConfig) -> None:
    """Check that the method looks at everything that was set.

    Raises:
        ConfigError: It does not.
    """
    for name, (fits, needed) in NEEDS.items():
        if is_chosen(config, name) and not fits(config):
            raise ConfigError(
                f"{place_of(TrainConfig, name)} does nothing for {_method(config)}",
                f"use it with {needed}.",
            )
    if config.batched == "on":
        raise ConfigError(
            "batched=on needs several runs",
            "ask for them with --front or --seeds, or leave it out.",
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


def is_chosen(config: TrainConfig, name: str) -> bool:
    """Return whether a setting is neither the default nor that of the preset."""
    value = getattr(config, name)
    usual = TrainConfig.model_fields[name].default
    return value not in (usual, PRESETS[config.preset].get(name, usual))


def check_backbone(config: TrainConfig, kind: type[Backbone]) -> None:
    """Check that the backbone looks at everything that was set; one of one's own may.

    Raises:
        ConfigError: It does not.
    """
    if kind.uses_history or own.is_file(config.backbone):
        return
    for name in OF_HISTORIES:
        if is_chosen(config, name):
            raise ConfigError(
                f"{name} does nothing for backbone {config.backbone}",
                "use it with --backbone sasrec.",
            )


def _method(config: TrainConfig) -> str:
    replaced = _morec(config) and not _controlled(config)
    return f"method {config.method}" + (
        f" with coordinator {config.coordinator}" if replaced else ""
    )
