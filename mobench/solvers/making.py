"""One solver by name, with its options checked."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from mobench.errors import ConfigError, suggest
from mobench.solvers.base import Solver
from mobench.solvers.normalise import How, Normalised


def make(
    table: Mapping[str, type[Solver]],
    name: str,
    *,
    preferences: Sequence[Sequence[float]] | None = None,
    steps: int | None = None,
    seed: int | None = None,
    normalise: How = "none",
    initial: Sequence[float] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Solver:
    """Return a new solver.

    Preferences, steps and seed go to the solvers that ask for them, and must then be given.

    Args:
        table: Name → class.
        name: Which one.
        preferences: All preferences of the front, ``[N, M]``.
        steps: Steps of the training.
        seed: At least 0.
        normalise: Scale of the objectives; see ``normalise.scales``.
        initial: Losses at the start for the scale, ``[M]``; those of the first step if not given.
        options: Values of the solver's own options.

    Raises:
        ConfigError: An unknown name or option, a bad value, or something missing.
    """
    if name not in table:
        hint = f"{suggest(name, table)}choose one of {', '.join(table)}."
        raise ConfigError(f"unknown solver '{name}'", hint)
    given = {"preferences": preferences, "steps": steps, "seed": seed}
    asked = inspect.signature(table[name]).parameters
    own = [key for key in asked if key not in given]
    for option in options or {}:
        if option not in own:
            known = f"its options are {', '.join(own)}." if own else "it has none."
            raise ConfigError(f"{name} has no option '{option}'", f"{suggest(option, own)}{known}")
    from_run = {key: value for key, value in given.items() if key in asked}
    if missing := [key for key, value in from_run.items() if value is None]:
        raise ConfigError(f"{name} needs {' and '.join(missing)}", "the run must give it.")
    solver = table[name](**from_run, **(options or {}))
    return solver if normalise == "none" else Normalised(solver, normalise, initial)
