"""One solver by name, with its options checked."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from mobench.errors import ConfigError, suggest
from mobench.solvers.base import Solver

GIVEN = ("preferences", "seed")
"""What the run knows anyway and a solver may ask for; never options of their own."""


def make(
    table: Mapping[str, type[Solver]],
    name: str,
    *,
    preferences: Sequence[Sequence[float]] | None = None,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
) -> Solver:
    """Return a new solver.

    Args:
        table: Name → class.
        name: Which one.
        preferences: All preferences of the front, ``[N, M]``, for solvers that compare them.
        seed: For solvers that draw.
        options: Values of the solver's own options.

    Raises:
        ConfigError: An unknown name or option, a bad value, or no preferences where needed.
    """
    if name not in table:
        hint = f"{suggest(name, table)}choose one of {', '.join(table)}."
        raise ConfigError(f"unknown solver '{name}'", hint)
    accepted = inspect.signature(table[name]).parameters
    own = [option for option in accepted if option not in GIVEN]
    for option in options or {}:
        if option not in own:
            known = f"its options are {', '.join(own)}." if own else "it has none."
            raise ConfigError(f"{name} has no option '{option}'", f"{suggest(option, own)}{known}")
    given = {"preferences": preferences, "seed": seed}
    if "preferences" in accepted and preferences is None:
        raise ConfigError(f"{name} needs all preferences of the front", "give at least one.")
    return table[name](**{key: given[key] for key in GIVEN if key in accepted}, **(options or {}))
