"""What a conditioned model made of its preferences, on the terminal."""

import math
from typing import Any

from mobench.cli.console import Output
from mobench.cli.words import number

IGNORED = 0.3
"""A rank correlation below this is hardly one: about the 5 % point of chance for 35 preferences."""


def obedience(out: Output, results: dict[str, Any]) -> None:
    """Say how metrics follow the wishes over the grid, and warn of wishes that change nothing."""
    found = {name: math.nan if v is None else v for name, v in results["follows"].items()}
    said = " ".join(f"{name} {number(value, 2)}" for name, value in found.items())
    out.show(f"{results['n_preferences']} preferences · Spearman of wish and metric: {said}")
    if ignored := [name for name, value in found.items() if not value >= IGNORED]:
        out.warn(
            f"more wish for {', '.join(ignored)} does not give more of it on validation: there the"
            " model ignores the preference, or the loss is not what the metric measures.",
            "look at front.parquet, train for more --epochs, or try --set conditioning=concat.",
        )
