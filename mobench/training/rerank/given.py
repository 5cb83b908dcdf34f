"""Whether settings leave a base of scores as it is."""

from pathlib import Path

from mobench.config import TrainConfig
from mobench.data.dataset import Dataset
from mobench.errors import ConfigError
from mobench.models.kinds import GIVEN
from mobench.training.rerank.candidate_file import CandidateFile, read_candidates


def check_listed(config: TrainConfig, path: Path | None) -> None:
    """Check that nothing is to be trained where there are only scores.

    Raises:
        ConfigError: It is, or there is no file of them.
    """
    if config.method not in ("base", "rerank"):
        raise ConfigError(
            f"--method {config.method} trains its base, and scores cannot be trained",
            "use --method rerank.",
        )
    if config.method == "base" and not path:
        raise ConfigError(
            f"--backbone {GIVEN} is made of a file", "name it with --candidates FILE."
        )


def given_candidates(config: TrainConfig, dataset: Dataset, path: Path) -> CandidateFile:
    """Read scores and check that the settings leave them as they are.

    Raises:
        ConfigError: They do not.
        DataError: The file cannot be used.
    """
    if config.method != "base":
        raise ConfigError(
            f"--candidates does not go with --method {config.method}", "scores make a base run."
        )
    if config.backbone != GIVEN:
        raise ConfigError(
            f"--candidates does not go with --backbone {config.backbone}", "leave it out."
        )
    for name in ("epochs", "tries"):
        if name in config.model_fields_set and getattr(config, name):
            raise ConfigError(
                f"--{name} does nothing for a base of scores: they are taken as they are",
                "leave it out.",
            )
    return read_candidates(path, dataset, config)
