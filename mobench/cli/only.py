"""Which part of a recipe is wanted: how far, and which rows, with all that they need."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mobench.cli.trainings import Training
from mobench.errors import ConfigError, suggest

STEPS = ("prep", "train", "eval", "report")
"""The steps in their order."""


@dataclass(frozen=True)
class Part:
    """A part of a recipe.

    Attributes:
        trainings: The runs of the rows, and those that they start from, in the recipe's order.
        rows: The rows that were asked for; what they start from is made but not judged.
        until: The last step.
        whole: Whether all rows were asked for.
    """

    trainings: tuple[Training, ...]
    rows: tuple[str, ...]
    until: str
    whole: bool

    def does(self, step: str) -> bool:
        """Return whether the part has such a step."""
        return STEPS.index(step) <= STEPS.index(self.until)


def part_of(trainings: Sequence[Training], only: str | None) -> Part:
    """Return the part of a recipe that ``only`` names.

    Steps say how far to go, rows which runs to make. A report needs a base, so rows without one
    are evaluated and not reported, unless that is asked for.

    Args:
        trainings: All runs of the recipe.
        only: Steps and rows with commas between; a method stands for all its rows. Unset: all.

    Raises:
        ConfigError: The recipe has no such step or row.
    """
    rows = list(dict.fromkeys(training.row for training in trainings))
    words = _words(only, rows) if only is not None else []
    steps = [word for word in words if word in STEPS]
    wanted = {row for word in words if word not in STEPS for row in _rows(word, rows)}
    kept = _with_bases(trainings, wanted) if wanted else tuple(trainings)
    has_base = not wanted or any(training.config.method == "base" for training in kept)
    until = max(steps, key=STEPS.index) if steps else STEPS[-1] if has_base else STEPS[-2]
    if until == STEPS[-1] and not has_base:
        raise ConfigError(
            f"--only '{only}' has no base to compare with", "name a row that starts from one, too."
        )
    named = tuple(row for row in rows if row in wanted or not wanted)
    return Part(kept, named, until, whole=len(named) == len(rows))


def _words(only: str, rows: Sequence[str]) -> list[str]:
    """Return the parts of ``only``, which may itself be a row with a comma in it.

    Raises:
        ConfigError: One is neither a step nor a row.
    """
    words = [only] if only in rows else [word.strip() for word in only.split(",")]
    for word in words:
        if word not in STEPS and not _rows(word, rows):
            known = list(dict.fromkeys([*STEPS, *rows, *(row.split(" ")[0] for row in rows)]))
            raise ConfigError(
                f"--only '{word}' is neither a step nor a row of the recipe",
                f"{suggest(word, known)}It has: {', '.join(known)}.",
            )
    return words


def _rows(word: str, rows: Iterable[str]) -> list[str]:
    return [row for row in rows if row == word or row.startswith(f"{word} ")] if word else []


def _with_bases(trainings: Sequence[Training], wanted: set[str]) -> tuple[Training, ...]:
    """Return the runs of the rows, and whatever they start from."""
    needed: set[Path] = set()
    kept = []
    for training in reversed(trainings):
        if training.row in wanted or training.path in needed:
            kept.append(training)
            needed |= {training.base} if training.base else set()
    return tuple(reversed(kept))
