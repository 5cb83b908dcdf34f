"""A ranking that cannot be measured is refused when it is made."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mobench.errors import ConfigError, DataError
from mobench.metrics import evaluate
from tests.unit.metrics.outcomes import random_outcome, take

MISFIT = "the recommendations do not fit the dataset: "


@pytest.mark.parametrize(
    ("column", "index", "value", "message"),
    [
        ("lists", (0, 0), 25, "a list holds unknown items"),
        ("lists", (0, 0), -2, "a list holds unknown items"),
        ("target", 0, 25, "a target is unknown"),
        ("target", 0, -1, "a target is unknown"),
        ("rank", 3, 0, "a rank is below 1"),
        ("pop_group", 3, 4, "a popularity group has no target"),
    ],
)
def test_values_out_of_range(column: str, index: Any, value: int, message: str) -> None:
    outcome = random_outcome(0)
    changed = getattr(outcome, column).copy()
    changed[index] = value
    with pytest.raises(DataError, match=f"^{MISFIT}{message}$"):
        replace(outcome, **{column: changed})


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("rank", "ranks and targets differ in length"),
        ("lists", "one list per target needed"),
        ("fair_group", "item columns differ in length"),
        ("n_train", "item columns differ in length"),
    ],
)
def test_lengths_that_differ(column: str, message: str) -> None:
    outcome = random_outcome(0)
    with pytest.raises(DataError, match=message):
        replace(outcome, **{column: getattr(outcome, column)[:-1]})


def test_nothing_to_measure() -> None:
    outcome = random_outcome(0)
    with pytest.raises(DataError, match=r"^no user has a held-out item"):
        take(outcome, np.arange(0))
    with pytest.raises(DataError, match="no list holds an item"):
        replace(outcome, lists=np.full_like(outcome.lists, -1))


@pytest.mark.parametrize("k", [0, -1, 7])
def test_cutoff_out_of_range(k: int) -> None:
    with pytest.raises(ConfigError, match=rf"^k = '{k}' is not in 1\.\.6"):
        evaluate(random_outcome(0, k=6), k)
