"""What a recipe may expect: checked before any work, so that a slip does not cost an hour."""

from collections.abc import Sequence

from mobench.config import Recipe
from mobench.config.recipe import DATASET
from mobench.errors import ConfigError, suggest

SCORES = ("imp", "accuracy_kept")
"""What may be expected of a row besides metrics such as ``hit@10``."""

FACTS = (
    "n_users",
    "n_items",
    "n_rows",
    "n_train",
    "n_val",
    "n_test",
    "core_rounds",
    "tie_users",
    "n_rejected",
    "price_coverage",
    "n_fair_groups",
)
"""Results of prep that may be expected of the dataset."""

COUNTS = ("rows", "users", "items")
"""What a stage of prep leaves, such as ``rows: rating ≥ 4`` or ``users: core round 1``."""


def is_stage(name: str) -> bool:
    """Return whether an expectation is about what a stage of prep leaves."""
    return name.partition(": ")[0] in COUNTS and ": " in name


def check_expectations(recipe: Recipe, rows: Sequence[str], lengths: Sequence[int]) -> None:
    """Check that the recipe makes all that it expects.

    Args:
        recipe: Whose expectations.
        rows: The rows of its report.
        lengths: The list lengths of its evaluation.

    Raises:
        ConfigError: It does not.
    """
    from mobench.metrics import METRICS

    metrics = [*(f"{name}@{k}" for k in lengths for name in METRICS), *SCORES]
    for row, expected in recipe.expect.items():
        _check_made(row, [*rows, DATASET], recipe)
        known = FACTS if row == DATASET else metrics
        for name in expected:
            if row != DATASET or not is_stage(name):
                _check_made(name, known, recipe)


def _check_made(word: str, known: Sequence[str], recipe: Recipe) -> None:
    if word not in known:
        raise ConfigError(
            f"recipe '{recipe.name}' expects '{word}', which it does not make",
            f"{suggest(word, known)}It makes: {', '.join(dict.fromkeys(known))}.",
        )
