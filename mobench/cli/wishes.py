"""Which preferences a set of runs has, and what each is called."""

from collections.abc import Sequence

from mobench.config import TrainConfig
from mobench.config.lattice import finest, lattice, lattice_size
from mobench.errors import ConfigError


def shares_tries(config: TrainConfig) -> bool:
    """Return whether settings are tried once for all preferences; a rerank tries its own mixes."""
    return bool(config.tries) and config.method != "rerank"


def preferences(configs: Sequence[TrainConfig], front: int | None) -> tuple[list[TrainConfig], str]:
    """Return the settings of each preference, and how they were chosen.

    Raises:
        ConfigError: There is nothing to choose, or too little of it.
    """
    from mobench.training.fitting import has_front

    first = configs[0]
    several = len(configs) > 1 or front is not None
    if several and first.method == "conditioned":
        raise ConfigError(
            "method conditioned has one model for all preferences",
            "train it once, then evaluate it at each: 'mobench eval RUN --preference …'.",
        )
    if several and not has_front(first):
        raise ConfigError(
            f"method {first.method} does not look at a preference",
            "leave --front and --preference out; --seeds gives several runs.",
        )
    if front is None:
        _check_distinct(configs)
        found = list(configs)
        note = f"{len(found)} preferences" if several else ""
    else:
        points = grid(first, front)
        found = [first.model_copy(update={"preference": point}) for point in points]
        note = chosen(front, first.auxiliary, len(points))
    if several and shares_tries(first):
        found = [config.model_copy(update={"tries_at": "equal"}) for config in found]
    return found, note


def grid(first: TrainConfig, points: int) -> list[tuple[float, ...]]:
    """Return the preferences of ``--front``.

    Raises:
        ConfigError: Preferences were given, or there is one only.
    """
    n = len(first.auxiliary)
    if first.preference is not None:
        raise ConfigError("--front chooses the preferences", "leave --preference out.")
    if n < 2:
        raise ConfigError(
            f"--front: objectives {','.join(first.objectives)} have one preference only",
            "name two besides acc; accuracy is traded with --keep-accuracy.",
        )
    if not (divisions := finest(n, points)):
        raise ConfigError(f"--front {points} is too few for {n} objectives", f"give at least {n}.")
    return lattice(n, divisions)


def chosen(points: int, auxiliary: Sequence[str], n: int) -> str:
    """Say which preferences ``--front`` chose, and what the next larger number would be."""
    divisions = finest(len(auxiliary), points)
    step = "1" if divisions == 1 else f"1/{divisions}"
    text = f"{n} preferences over {', '.join(auxiliary)}, in steps of {step}"
    larger = lattice_size(len(auxiliary), divisions + 1)
    return text if n == points else f"{text} (not {points}: the next grid has {larger})"


def _check_distinct(configs: Sequence[TrainConfig]) -> None:
    shares = [config.shares for config in configs]
    for place, each in enumerate(shares):
        if each in shares[:place]:
            wish = ",".join(f"{share:g}" for share in each)
            raise ConfigError(f"--preference {wish} was given twice", "leave one out.")


def names_of(configs: Sequence[TrainConfig]) -> list[str]:
    """Return what tells the preferences apart, in percent: ``p80-10-10``; empty for a single one.

    Raises:
        ConfigError: Two are closer than a hundredth of a percent.
    """
    if len(configs) == 1:
        return [""]
    for digits in range(3):
        names = ["p" + "-".join(f"{100 * s:.{digits}f}" for s in c.shares) for c in configs]
        if len(set(names)) == len(names):
            return names
    raise ConfigError("two of the preferences are nearly the same", "leave one out.")
