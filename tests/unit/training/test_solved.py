"""Weights from a solver: normalisation, every n-th step, state, failures."""

from typing import ClassVar

import numpy as np
import pytest
import torch

from mobench.errors import TrainingError
from mobench.solvers import Solver
from mobench.solvers.mgda import MGDA
from mobench.solvers.static import Static
from mobench.training.solved import Solved, packed, unpacked

LOSSES = torch.tensor([0.5, 2.0, 0.01], dtype=torch.float64)
ROWS = np.random.default_rng(0).normal(size=(3, 6)) * np.array([[1.0], [10.0], [0.01]])
GRAMIAN = ROWS @ ROWS.T
WISHES = (0.5, 0.3, 0.2)


class Counting(Solver):
    """Tells what it was given, and how often."""

    needs_gramian: ClassVar[bool] = True
    range: ClassVar = "free"

    def __init__(self):
        self.seen = []

    def weights(self, losses, gramian, preference):
        self.seen.append((losses, gramian, preference))
        return np.array([2.0, -1.0, len(self.seen)])

    def state_dict(self):
        return {"seen": len(self.seen)}

    def load_state_dict(self, state):
        self.seen = [None] * state["seen"]


def solved(solver, **options):
    coordinator = Solved(solver, WISHES, "cpu", **options)
    if coordinator.by_loss:
        coordinator.set_start(torch.tensor([0.4, 4.0, 0.02], dtype=torch.float64))
    return coordinator


def test_without_normalisation_the_solver_sees_things_as_they_are():
    solver = Counting()
    got = solved(solver).weights(LOSSES, GRAMIAN)
    losses, gramian, preference = solver.seen[0]
    assert losses == pytest.approx(LOSSES.numpy())
    assert gramian == pytest.approx(GRAMIAN)
    assert preference == pytest.approx(WISHES)
    assert got.tolist() == [2.0, -1.0, 1.0]


SCALES = {
    "l2": lambda start, norms: (np.ones(3), norms),
    "loss": lambda start, norms: (start, start),
    "loss+": lambda start, norms: (start, start * norms),
}


@pytest.mark.parametrize("kind", SCALES)
def test_normalised_objectives_have_the_gramian_of_scaled_gradients(kind):
    solver = Counting()
    got = solved(solver, normalise=kind).weights(LOSSES, GRAMIAN).numpy()
    of_loss, of_gradient = SCALES[kind](np.array([0.4, 4.0, 0.02]), np.linalg.norm(ROWS, axis=1))
    losses, gramian, _ = solver.seen[0]
    assert losses == pytest.approx(LOSSES.numpy() / of_loss)
    scaled = ROWS / of_gradient[:, None]
    assert gramian == pytest.approx(scaled @ scaled.T)
    direction = np.array([2.0, -1.0, 1.0]) @ scaled
    assert got @ ROWS == pytest.approx(direction * (got @ ROWS)[0] / direction[0])
    assert np.abs(got).sum() == pytest.approx(4.0)  # as much as the solver's own
    assert (got[1] < 0) == (kind != "never")


def test_by_norm_mgda_does_not_know_how_large_a_loss_is():
    """Ten times a loss is the same direction, up to its length."""
    ten = np.array([1.0, 10.0, 1.0])
    first, second = (
        solved(MGDA(), normalise="l2").weights(LOSSES, g).numpy()
        for g in (GRAMIAN, GRAMIAN * np.outer(ten, ten))
    )
    one, other = first @ ROWS, (second * ten) @ ROWS
    assert one / np.linalg.norm(one) == pytest.approx(other / np.linalg.norm(other))


def test_a_solver_of_losses_needs_gradients_only_for_their_norms():
    assert not solved(Static()).needs_gramian
    assert not solved(Static(), normalise="loss").needs_gramian
    assert solved(Static(), normalise="l2").wants_gramian
    assert solved(MGDA()).wants_gramian


def test_between_questions_the_last_answer_stands():
    solver = Counting()
    coordinator = solved(solver, every=3)
    wanted, last = [], []
    for _ in range(7):
        wanted.append(coordinator.wants_gramian)
        weights = coordinator.weights(LOSSES, GRAMIAN if wanted[-1] else None)
        last.append(float(weights[2]))
    assert wanted == [True, False, False, True, False, False, True]
    assert last == [1, 1, 1, 2, 2, 2, 3]


def test_the_trace_holds_norms_and_the_weight_of_accuracy():
    coordinator = solved(Counting(), every=2)
    assert len(coordinator.trace()) == 6
    coordinator.weights(LOSSES, GRAMIAN)
    assert coordinator.trace()[:4].numpy() == pytest.approx([*np.linalg.norm(ROWS, axis=1), 2.0])
    coordinator.weights(LOSSES)
    assert torch.isnan(coordinator.trace()).tolist() == [True] * 3 + [False, True, True]
    assert len(solved(Static()).trace()) == 3


def test_state_goes_on_where_it_was():
    first, second = (solved(Counting(), every=2, normalise="loss") for _ in range(2))
    first.weights(LOSSES, GRAMIAN)
    state = first.state_dict()
    second.start = np.ones(3)
    second.load_state_dict(state)
    for gramian in (None, GRAMIAN, None, GRAMIAN):
        assert first.wants_gramian == second.wants_gramian == (gramian is not None)
        assert torch.equal(first.weights(LOSSES, gramian), second.weights(LOSSES, gramian))


class Looking(Static):
    """Wants to see what its weights did."""

    def __init__(self):
        self.after = []

    def observe(self, losses):
        self.after.append(losses)


def test_who_looks_back_is_shown_the_steps_that_it_weighed():
    solver = Looking()
    coordinator = solved(solver, every=2, normalise="loss")
    assert coordinator.observes
    assert not solved(Static()).observes
    for n in range(3):
        coordinator.weights(LOSSES)
        coordinator.observe(LOSSES * n)
    start = np.array([0.4, 4.0, 0.02])
    assert np.array(solver.after) == pytest.approx(
        np.array([0 * LOSSES.numpy() / start, 2 * LOSSES.numpy() / start])
    )


class Silent(Static):
    def weights(self, losses, gramian, preference):
        return np.array([0.0, 0.0, 0.0])


def test_a_solver_without_an_answer_is_an_error():
    with pytest.raises(TrainingError, match=r"no weights: the solver says .* Gramian 'None'"):
        solved(Silent()).weights(LOSSES)
    with pytest.raises(TrainingError, match=r"Gramian '\[\[nan"):
        solved(MGDA()).weights(LOSSES, GRAMIAN * np.nan)


def test_losses_to_divide_by_must_be_above_zero():
    with pytest.raises(TrainingError, match="not all above 0"):
        solved(Static()).set_start(torch.tensor([1.0, -0.1, 1.0]))


def test_a_state_with_arrays_can_be_packed_and_has_them_again():
    state = {"a": np.array([1.0, 2.0]), "b": [np.float64(3), {"c": np.array([4])}], "d": None}
    plain = packed(state)
    assert isinstance(plain["b"][0], float)
    again = unpacked(plain)
    assert again["a"].tolist() == [1, 2]
    assert again["b"][1]["c"].tolist() == [4]
    assert again["d"] is None
