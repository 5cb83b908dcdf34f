"""The solver of a run, made from its settings.

Solvers are imported when a run has one: loading what they need takes half a second.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mobench.config import TrainConfig
from mobench.config.lattice import lattice
from mobench.errors import ConfigError
from mobench.seeds import Seeds

if TYPE_CHECKING:
    from mobench.solvers import Solver


def solver_of(config: TrainConfig, steps_per_epoch: int) -> "Solver":
    """Return a new solver.

    Raises:
        ConfigError: An option that it does not have, or a bad value.
    """
    from mobench.training.solver import make_solver

    questions = -(-config.max_epochs * steps_per_epoch // config.solve_every)
    return make_solver(
        config.solver or "",
        preferences=[config.wishes, *lattice(len(config.objectives), config.regions)],
        steps=questions,
        seed=Seeds(config.seed).integer("solver"),
        normalise=config.normalise,
        options=dict(options(config.solver_options)),
    )


def set_units(solver: "Solver", losses: Callable[[], NDArray[np.float64]]) -> None:
    """Give a solver that measures losses by those before training what these are, ``[M]``."""
    from mobench.solvers.normalise import BY_LOSS, Normalised

    if isinstance(solver, Normalised) and solver.how in BY_LOSS:
        solver.initial = losses()


def options(given: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yield names and values of options like ``c=0.4`` or ``min_weights=0.1/0.2/0.1``.

    Raises:
        ConfigError: One has no number for its value.
    """
    for text in given:
        name, _, value = text.partition("=")
        try:
            numbers = [float(part) for part in value.split("/")]
        except ValueError as error:
            raise ConfigError(
                f"solver_options '{text}' is no setting", "write NAME=NUMBER, or NAME=A/B/C."
            ) from error
        yield name, numbers[0] if len(numbers) == 1 else numbers
