"""What a solver is: losses, inner products of gradients and a wish in, loss weights out.

M is the number of objectives, all losses to be minimised. ``gramian[i, j]`` is the inner product of
the gradients of losses i and j, so the update direction is Σ weights_k · gradient_k.
"""

from abc import ABC, abstractmethod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mobench.errors import ConfigError, TrainingError

Vector = NDArray[np.float64]
Range = Literal["simplex", "nonnegative", "free"]


class Solver(ABC):
    """Turns the state of M losses into their weights.

    Attributes:
        needs_gramian: Whether ``gramian`` must be given (costs M backward passes).
        range: Where the weights live: on the simplex, at least 0, or anywhere.
        uses_preference: Whether the wish has a part in the weights; without, a front of several
            preferences is one point.
        needs_after: Whether ``observe`` must be called with the losses of the same batch (the same
            negatives and dropout) after every step.
        needs_average: Whether the mean of the parameters over the steps solves the problem, rather
            than the last ones.
    """

    needs_gramian: bool
    range: Range
    uses_preference: bool = True
    needs_after: bool = False
    needs_average: bool = False

    @abstractmethod
    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights of the losses, ``[M]``.

        Args:
            losses: Current values, ``[M]``, finite.
            gramian: ``[M, M]``, symmetric positive semidefinite up to rounding; ``None`` is allowed
                unless ``needs_gramian``.
            preference: The user's wish, ``[M]``, at least 0 and not all 0, any scale; larger means
                more important.

        Raises:
            ConfigError: The preference is no mix of wishes for these losses.
            TrainingError: A loss or the Gramian is not finite, or there is no solution.
        """

    def observe(self, losses: Vector) -> None:  # noqa: B027 (few solvers look back)
        """Take note of the losses of the last batch after the step, ``[M]``."""

    def end_epoch(self) -> None:  # noqa: B027
        """Take note that an epoch is over."""

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes from step to step: plain numbers, lists and dicts."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: B027
        """Continue from ``state_dict()``."""


def simplex(losses: Vector, preference: Vector) -> Vector:
    """Return the preference scaled to sum 1, ``[M]``, after checking it against the losses.

    Raises:
        ConfigError: Wrong length, a negative or infinite wish, or nothing wished for.
        TrainingError: A loss is not finite.
    """
    if preference.shape != losses.shape:
        raise ConfigError(
            f"preference has {preference.size} values for {losses.size} objectives",
            "give one value per objective.",
        )
    total = float(preference.sum())
    if not (preference >= 0).all() or not 0 < total < np.inf:
        raise ConfigError(
            f"preference '{preference.tolist()}' is no mix of wishes",
            "values are at least 0 and not all 0.",
        )
    if not np.isfinite(losses).all():
        raise TrainingError(
            f"a loss is not finite: '{losses.tolist()}'", "lower --set learning_rate=…."
        )
    return np.asarray(preference / total)


def symmetric(losses: Vector, gramian: Vector | None) -> Vector:
    """Return the Gramian as float64 and exactly symmetric, ``[M, M]``.

    Raises:
        TrainingError: It is missing, of the wrong shape, not finite, or has a negative diagonal.
    """
    if gramian is None or gramian.shape != (losses.size, losses.size):
        raise TrainingError(f"the solver needs the {losses.size} × {losses.size} Gramian")
    exact = np.asarray(gramian, dtype=np.float64)
    if not np.isfinite(exact).all() or (exact.diagonal() < 0).any():
        raise unsolved("not the inner products of finite gradients", exact)
    return np.asarray((exact + exact.T) / 2)


def unsolved(problem: str, gramian: Vector) -> TrainingError:
    """Return the error of a solver that cannot go on, with the Gramian in the message."""
    return TrainingError(f"no weights: {problem}; Gramian '{gramian.tolist()}'")
