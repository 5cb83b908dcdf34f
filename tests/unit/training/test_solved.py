"""Weights from a solver: every n-th step, state, failures, and what a run gives its solver."""

from typing import ClassVar

import numpy as np
import pytest
import torch

from mobench.config import RIVALS, TrainConfig, build
from mobench.errors import ConfigError, TrainingError
from mobench.solvers import Solver
from mobench.solvers.mgda import MGDA
from mobench.solvers.normalise import Normalised
from mobench.solvers.static import Static
from mobench.training.average import Average
from mobench.training.rivals import set_units, solver_of
from mobench.training.solved import Solved
from mobench.training.solver import ALL

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
    return Solved(solver, WISHES, "cpu", **options)


def test_the_solver_sees_things_as_they_are():
    solver = Counting()
    got = solved(solver).weights(LOSSES, GRAMIAN)
    losses, gramian, preference = solver.seen[0]
    assert losses == pytest.approx(LOSSES.numpy())
    assert gramian == pytest.approx(GRAMIAN)
    assert preference == pytest.approx(WISHES)
    assert got.tolist() == [2.0, -1.0, 1.0]


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
    first, second = (solved(Counting(), every=2) for _ in range(2))
    first.weights(LOSSES, GRAMIAN)
    second.load_state_dict(first.state_dict())
    for gramian in (None, GRAMIAN, None, GRAMIAN):
        assert first.wants_gramian == second.wants_gramian == (gramian is not None)
        assert torch.equal(first.weights(LOSSES, gramian), second.weights(LOSSES, gramian))


class Looking(Static):
    """Wants to see what its weights did."""

    needs_after = True

    def __init__(self):
        self.after = []

    def observe(self, losses):
        self.after.append(losses.tolist())


def test_who_looks_back_is_shown_the_steps_that_it_weighed():
    solver = Looking()
    coordinator = solved(solver, every=2)
    assert coordinator.observes
    assert not solved(Static()).observes
    for n in range(3):
        coordinator.weights(LOSSES)
        coordinator.observe(LOSSES * n)
    assert solver.after == [[0.0, 0.0, 0.0], (2 * LOSSES).tolist()]


class Silent(Static):
    needs_gramian = True
    answer = 0.0

    def weights(self, losses, gramian, preference):
        if self.answer is None:
            raise TrainingError("gave up", "try another")
        return np.full(3, self.answer)


@pytest.mark.parametrize("answer", [0.0, np.nan, np.inf, None])
def test_a_solver_without_an_answer_is_an_error_with_the_gramian(answer):
    solver = Silent()
    solver.answer = answer
    with pytest.raises(TrainingError) as error:
        solved(solver).weights(LOSSES, GRAMIAN)
    assert error.value.message.endswith(f"; Gramian '{GRAMIAN.tolist()}'")
    assert error.value.message.startswith("gave up" if answer is None else "no weights")


def test_the_gramian_is_said_once():
    bad = GRAMIAN * -1
    with pytest.raises(TrainingError) as error:
        solved(MGDA()).weights(LOSSES, bad)
    assert error.value.message.count("Gramian") == 1


def test_a_run_gives_its_solver_what_it_asks_for():
    values = {"method": "pemtl", "epochs": 10, "acc_share": 0.4, "regions": 2, "solve_every": 3}
    values["solver_options"] = ("initial_share=0.5",)
    solver = solver_of(build(TrainConfig, values), steps_per_epoch=100)
    assert solver.left == 167  # half of the 334 questions
    assert len(solver.vectors) == 11  # its own wish and the lattice
    options = {"method": "mgda", "solver_options": "min_weights=0.1/0.2/0.3/0.1"}
    assert solver_of(build(TrainConfig, options), 9).min_weights.tolist() == [0.1, 0.2, 0.3, 0.1]
    by_loss = solver_of(build(TrainConfig, {"method": "stch", "normalise": "loss"}), 9)
    set_units(by_loss, lambda: np.array([1.0, 2.0, 3.0, 4.0]))
    assert isinstance(by_loss, Normalised)
    assert by_loss.initial.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"solver_options": "speed=3"}, "mgda has no option 'speed'"),
        ({"solver_options": "min_weights=much"}, "'min_weights=much' is no setting"),
        ({"method": "static", "normalise": "l2"}, "'l2' needs a solver of the Gramian"),
    ],
)
def test_what_a_solver_cannot_do_is_refused(values, message):
    config = build(TrainConfig, {"method": "mgda", **values})
    with pytest.raises(ConfigError, match=message):
        solver_of(config, 9)


def test_the_methods_are_the_solvers():
    assert set(RIVALS) == set(ALL)


def test_an_average_is_the_mean_and_steps_aside_again():
    model = torch.nn.Linear(3, 2)
    average, seen = Average(model), []
    for n in range(4):
        with torch.no_grad():
            model.weight.fill_(n).add_(torch.arange(3))
        seen.append(model.weight.detach().clone())
        average.add()
    with average.in_place():
        assert torch.allclose(model.weight, torch.stack(seen).mean(0))
    assert torch.equal(model.weight, seen[-1])
    other = Average(torch.nn.Linear(3, 2))
    other.load_state_dict(average.state_dict())
    assert torch.equal(other.means["weight"], average.means["weight"])
