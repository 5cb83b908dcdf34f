"""Gradients of unequal size: the Gramian of scaled objectives, and the way back."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np

from mobench.errors import ConfigError, TrainingError
from mobench.solvers.base import Solver, Vector, simplex, symmetric

How = Literal["none", "l2", "loss", "loss+"]
BY_LOSS = ("loss", "loss+")
BY_GRADIENT = ("l2", "loss+")


def scales(gramian: Vector | None, initial: Vector, how: How) -> Vector:
    """Return what each gradient is divided by, above 0, ``[M]`` (Sener & Koltun, 2018, their code).

    With ``l2`` or ``loss`` the unit of a loss has no part in a solver's direction any more; with
    ``loss+`` it has, inversely.

    Args:
        gramian: ``[M, M]``; only ``l2`` and ``loss+`` look at it.
        initial: Losses at the start of the training, above 0, ``[M]``.
        how: ``none``: 1; ``l2``: the gradient's norm (1 for a zero gradient); ``loss``: the
            initial loss; ``loss+``: their product.

    Raises:
        TrainingError: An initial loss is not above 0, or the Gramian is missing.
    """
    scale = np.ones(initial.size)
    if how in BY_LOSS:
        if not (initial > 0).all():
            raise TrainingError(
                f"initial losses '{initial.tolist()}' are no scale", "use 'none' or 'l2'."
            )
        scale = scale * initial
    if how in BY_GRADIENT:
        norms = np.sqrt(symmetric(initial, gramian).diagonal())
        scale = scale * np.where(norms > 0, norms, 1.0)
    return scale


def scaled(gramian: Vector, scale: Vector) -> Vector:
    """Return the Gramian of the gradients divided by ``scale``, ``[M, M]``."""
    return np.asarray(gramian / scale[:, None] / scale)


def back(weights: Vector, scale: Vector) -> Vector:
    """Return weights of the original losses for those of the scaled ones, ``[M]``.

    ``weights / scale`` gives the same direction; it is rescaled such that absolute weights have
    the sum they had, so those on the simplex stay there.
    """
    original = weights / scale
    total = float(np.abs(original).sum())
    return np.asarray(original * (np.abs(weights).sum() / total)) if total > 0 else original


class Normalised(Solver):
    """A solver of scaled objectives: each gradient is divided by its scale before it is solved.

    Where the scale is the initial loss, the losses are divided, too; the gradient's norm changes
    from step to step and is no unit of a loss.

    Args:
        inner: What solves.
        how: The scale; see ``scales``.
        initial: Losses at the start, ``[M]``; those of the first step if not given.
    """

    def __init__(self, inner: Solver, how: How, initial: Sequence[float] | None = None) -> None:
        if how not in get_args(How):
            raise ConfigError(
                f"unknown normalisation '{how}'", f"choose one of {', '.join(get_args(How))}."
            )
        if how in BY_GRADIENT and not inner.needs_gramian:
            raise ConfigError(
                f"normalisation '{how}' needs a solver of the Gramian", "use 'none' or 'loss'."
            )
        self.inner = inner
        self.how = how
        self.initial = None if initial is None else np.asarray(initial, dtype=np.float64)
        self.needs_gramian = inner.needs_gramian
        self.range = inner.range
        self.uses_preference = inner.uses_preference
        self.needs_after = inner.needs_after
        self.needs_average = inner.needs_average

    def weights(self, losses: Vector, gramian: Vector | None, preference: Vector) -> Vector:
        """Return the weights of the original losses."""
        simplex(losses, preference)
        if self.initial is None:
            self.initial = losses.copy()
        scale = scales(gramian, self.initial, self.how)
        products = None if gramian is None else scaled(symmetric(losses, gramian), scale)
        return back(self.inner.weights(self._units(losses), products, preference), scale)

    def _units(self, losses: Vector) -> Vector:
        """Return the losses in units of the initial ones, where those are the scale."""
        if self.initial is None or self.how not in BY_LOSS:
            return losses
        return np.asarray(losses / self.initial)

    def observe(self, losses: Vector) -> None:
        """Hand the losses after the step to the solver."""
        self.inner.observe(self._units(losses))

    def end_epoch(self) -> None:
        """Tell the solver."""
        self.inner.end_epoch()

    def state_dict(self) -> dict[str, Any]:
        """Return the solver's state and the initial losses."""
        initial = None if self.initial is None else self.initial.tolist()
        return {"inner": self.inner.state_dict(), "initial": initial}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.inner.load_state_dict(state["inner"])
        self.initial = None if state["initial"] is None else np.array(state["initial"])
