"""Solvers through torchjd and beside it: oracles, agreement on well-scaled inputs, streams."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchjd import aggregation, scalarization

from mobench.errors import ConfigError, TrainingError
from mobench.solvers.learned import Learned
from mobench.solvers.mgda import MGDA
from mobench.solvers.normalise import Normalised
from mobench.training.solver import ALL, make_solver
from mobench.training.weightings import NonnegativeLeastSquares
from tests.unit.solvers.samples import Vector, gradients, gram, problems, wish

SEEDS = range(20)


def well_scaled(seed: int) -> tuple[Vector, Vector, Vector]:
    m = 2 + seed % 4
    kind = "conflicting" if seed % 2 else "unrelated"
    return np.ones(m), gram(gradients(seed, m, 0, kind)), np.ones(m)


def theirs(weighting: aggregation.Weighting, gramian: Vector) -> Vector:
    return np.asarray(weighting(torch.tensor(gramian)).numpy())


@pytest.mark.parametrize(
    ("name", "options", "weighting", "tolerance"),
    [
        ("fairgrad", {}, aggregation.FairGradWeighting(2.0), 1e-5),
        ("nash", {}, aggregation.FairGradWeighting(1.0), 1e-5),
        ("imtl-g", {}, aggregation.IMTLGWeighting(), 1e-8),
        ("aligned-mtl", {}, aggregation.AlignedMTLWeighting(), 1e-9),
    ],
)
def test_agrees_with_torchjd(
    name: str, options: dict[str, float], weighting: aggregation.Weighting, tolerance: float
) -> None:
    for seed in SEEDS:
        losses, gramian, wishes = well_scaled(seed)
        weights = make_solver(name, options=options).weights(losses, gramian, wishes)
        if name == "imtl-g":  # where they sum to −1, torchjd goes uphill
            weights = weights * np.sign(weights.sum())
        assert weights == pytest.approx(theirs(weighting, gramian), rel=tolerance, abs=tolerance)


def test_mgda_is_never_longer_than_torchjds() -> None:
    for seed in SEEDS:
        losses, gramian, wishes = well_scaled(seed)
        ours = make_solver("mgda").weights(losses, gramian, wishes)
        frank_wolfe = theirs(aggregation.MGDAWeighting(), gramian)
        squared = frank_wolfe @ gramian @ frank_wolfe
        assert ours @ gramian @ ours <= squared * (1 + 1e-12)
        assert ours @ gramian @ ours == pytest.approx(squared, rel=0.05, abs=1e-3)


def test_upgrad_as_in_torchjds_documentation() -> None:
    rows = np.array([[-4.0, 1.0, 1.0], [6.0, 1.0, 1.0]])
    weights = make_solver("upgrad").weights(np.ones(2), gram(rows), np.ones(2))
    assert weights == pytest.approx([1.1109, 0.7894], abs=1e-3)  # theirs adds 1e-4 to the diagonal
    assert weights @ rows == pytest.approx([0.2929, 1.9004, 1.9004], abs=1e-3)


@settings(deadline=None, max_examples=150)
@given(rows=problems, seed=st.integers(0, 2**32))
def test_projection_onto_the_dual_cone(rows: Vector, seed: int) -> None:
    """min vᵀGv, v ≥ u: no product below 0, and none above 0 where v is above u."""
    gramian, u = gram(rows), np.random.default_rng(seed).uniform(0, 1, (3, len(rows)))
    v = NonnegativeLeastSquares()(torch.tensor(u), torch.tensor(gramian)).numpy()
    norms = np.sqrt(gramian.diagonal())
    assert (v >= u).all()
    for row, floor in zip(v, u, strict=True):
        products = gramian @ row / (norms * (row @ norms))
        assert products.min() >= -1e-8
        assert (products * (row - floor) * norms / (row @ norms)).max() <= 1e-8


@settings(deadline=None, max_examples=100)
@given(rows=problems, seed=st.integers(0, 2**32))
@pytest.mark.parametrize("name", ["upgrad", "dualproj"])
def test_no_loss_rises(name: str, rows: Vector, seed: int) -> None:
    gramian, m = gram(rows), len(rows)
    weights = make_solver(name).weights(np.ones(m), gramian, wish(seed, m))
    norms = np.sqrt(gramian.diagonal())
    assert (gramian @ weights / (norms * (weights @ norms))).min() >= -1e-8


def test_dualproj_is_the_nearest_direction() -> None:
    rng = np.random.default_rng(0)
    for seed in range(5):
        rows, preference = gradients(seed, 3, 0, "conflicting")[:, :3], wish(seed, 3)
        mean = preference @ rows
        direction = make_solver("dualproj").weights(np.ones(3), gram(rows), preference) @ rows
        distance = np.linalg.norm(direction - mean)
        tried = mean + 1.5 * distance * rng.uniform(-1, 1, (50_000, 3))
        allowed = tried[(tried @ rows.T >= 0).all(axis=1)]
        assert np.linalg.norm(allowed - mean, axis=1).min() >= distance - 1e-9


@settings(deadline=None, max_examples=50)
@given(rows=problems, factor=st.sampled_from([0.1, 10.0]))
def test_upgrad_is_linear_in_each_gradient(rows: Vector, factor: float) -> None:
    """Without conflict with itself scaled: the projections scale with their own gradient."""
    m = len(rows)
    solver, scale = make_solver("upgrad"), np.where(np.arange(m) == 0, factor, 1.0)

    def part(k: int, at: Vector) -> Vector:
        wishes = np.eye(m)[k]
        return solver.weights(np.ones(m), gram(at), wishes) @ at

    norms = np.linalg.norm(rows, axis=1)
    for k in range(m):
        before, after = part(k, rows), part(k, rows * scale[:, None])
        assert after == pytest.approx(scale[k] * before, abs=1e-6 * scale[k] * norms[k])


def test_pcgrad_without_conflict_is_the_sum() -> None:
    rows = np.abs(gradients(0, 4, 0, "unrelated"))
    weights = make_solver("pcgrad", seed=0).weights(np.ones(4), gram(rows), np.ones(4))
    assert weights.tolist() == [1, 1, 1, 1]


CROSSED = np.array([[1.0, 0.0], [-0.6, 0.8], [-0.5, -0.9]])
"""Each conflicts with both others, so that the order counts."""


def test_pcgrad_follows_the_paper_in_its_order() -> None:
    """On the gradients themselves, for all orders: one of the results is the solver's."""
    gramian, rows = gram(CROSSED), CROSSED
    orders = [((1, 2), (2, 1)), ((0, 2), (2, 0)), ((0, 1), (1, 0))]
    sums = []
    for first in orders[0]:
        for second in orders[1]:
            for third in orders[2]:
                total = np.zeros(rows.shape[1])
                for i, order in enumerate((first, second, third)):
                    free = rows[i].copy()
                    for j in order:
                        free -= min(0.0, free @ rows[j]) / (rows[j] @ rows[j]) * rows[j]
                    total += free
                sums.append(total)
    seen = set()
    solver = make_solver("pcgrad", seed=3)
    for _ in range(60):
        direction = solver.weights(np.ones(3), gramian, np.ones(3)) @ rows
        distances = [np.abs(direction - total).max() for total in sums]
        assert min(distances) < 1e-9
        seen.add(int(np.argmin(distances)))
    distinct = len({tuple(total.round(9)) for total in sums})
    assert len(seen) == distinct > 1


def test_pcgrad_has_a_stream_of_its_own() -> None:
    gramian, ones = gram(CROSSED), np.ones(3)
    before = torch.get_rng_state()

    def draws(seed: int) -> list[list[float]]:
        solver = make_solver("pcgrad", seed=seed)
        return [solver.weights(ones, gramian, ones).tolist() for _ in range(5)]

    assert draws(0) == draws(0) != draws(1)
    assert len({tuple(weights) for weights in draws(0)}) > 1
    assert torch.equal(torch.get_rng_state(), before)


def test_aligned_gradients_are_orthogonal() -> None:
    """B G B = λ_min I, and in the span for dependent gradients."""
    gramian = gram(gradients(2, 3, 0.5, "unrelated"))
    solver = make_solver("aligned-mtl")
    matrix = np.stack([solver.weights(np.ones(3), gramian, row) for row in np.eye(3)])
    smallest = np.linalg.eigvalsh(gramian)[0]
    assert matrix @ gramian @ matrix == pytest.approx(smallest * np.eye(3), abs=1e-9)
    dependent = gram(gradients(2, 4, 0, "dependent"))
    matrix = np.stack([solver.weights(np.ones(4), dependent, row) for row in np.eye(4)])
    values = np.linalg.eigvalsh(matrix @ dependent @ matrix)
    smallest = np.linalg.eigvalsh(dependent)[2]
    assert values == pytest.approx([0, 0, smallest, smallest], abs=1e-9)


def losses_over_time(n: int, m: int) -> Vector:
    rng = np.random.default_rng(7)
    decay = np.exp(-np.outer(np.arange(n), rng.uniform(0.01, 0.05, m)))
    return np.asarray(rng.uniform(0.5, 3, m) * decay * rng.uniform(0.9, 1.1, (n, m)))


def test_adam_takes_the_steps_of_torchs() -> None:
    ours, rng = Learned(0.025, 1e-3), np.random.default_rng(0)
    parameter = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([parameter], lr=0.025, weight_decay=1e-3)
    for _ in range(50):
        gradient = rng.normal(size=3)
        ours.step(gradient)
        parameter.grad = torch.tensor(gradient)
        adam.step()
        assert ours.numbers == pytest.approx(parameter.detach().numpy(), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(
    ("name", "module"), [("uw", scalarization.UW), ("imtl-l", scalarization.IMTLL)]
)
def test_learned_weights_as_in_torchjd(
    name: str, module: type[scalarization.UW] | type[scalarization.IMTLL]
) -> None:
    solver = make_solver(name, options={"learning_rate": 0.05})
    scalarizer = module(3).double()
    adam = torch.optim.Adam(scalarizer.parameters(), lr=0.05)
    for values in losses_over_time(60, 3):
        losses = torch.tensor(values, requires_grad=True)
        adam.zero_grad()
        scalarizer(losses).backward()
        weights = solver.weights(values, None, np.ones(3))
        assert losses.grad is not None
        assert weights == pytest.approx(losses.grad.numpy(), rel=1e-9)
        adam.step()
    assert np.ptp(weights / weights.mean()) > 0.1  # they moved apart


def test_dwa_as_in_torchjd() -> None:
    solver, scalarizer = make_solver("dwa"), scalarization.DWA(2.0)
    for at, values in enumerate(losses_over_time(40, 3)):
        losses = torch.tensor(values, requires_grad=True)
        scalarizer(losses).backward()
        assert losses.grad is not None
        weights = solver.weights(values, None, np.ones(3))
        assert 3 * weights == pytest.approx(losses.grad.numpy(), rel=1e-12)
        if at % 8 == 7:
            scalarizer.step()
            solver.end_epoch()
    assert np.ptp(weights) > 1e-3


def test_famo_as_in_torchjd() -> None:
    bounds = [0.0, 0.1, 0.02]
    solver = make_solver("famo", options={"bounds": bounds})
    scalarizer = scalarization.FAMO(3, torch.tensor(bounds, dtype=torch.float64)).double()
    after = losses_over_time(81, 3) + 0.1
    for values, following in zip(after[:-1:2], after[1::2], strict=True):
        losses = torch.tensor(values, requires_grad=True)
        scalarizer(losses).backward()
        assert losses.grad is not None
        weights = solver.weights(values, None, np.ones(3))
        assert weights == pytest.approx(losses.grad.numpy(), rel=1e-9)
        solver.observe(following)
        scalarizer.update(torch.tensor(following))
    assert solver.state_dict()["logits"]["numbers"] != [0, 0, 0]


def test_famo_favours_what_falls_slowest() -> None:
    solver, losses = make_solver("famo"), np.ones(2)
    for _ in range(50):
        weights = solver.weights(losses, None, np.ones(2))
        solver.observe(np.array([0.5, 0.99]))
    assert weights[0] < 0.35


def test_famo_must_see_the_losses_before_and_above_their_bounds() -> None:
    solver = make_solver("famo", options={"bounds": [0.5, 0.0]})
    with pytest.raises(TrainingError, match="no losses before the step"):
        solver.observe(np.ones(2))
    with pytest.raises(TrainingError, match="below its bound"):
        solver.weights(np.array([0.4, 1.0]), None, np.ones(2))
    with pytest.raises(ConfigError, match="bounds has 2 values for 3"):
        solver.weights(np.ones(3), None, np.ones(3))


def test_dwa_divides_by_no_loss_of_zero() -> None:
    solver = make_solver("dwa")
    for _ in range(2):
        solver.weights(np.array([0.0, 1.0]), None, np.ones(2))
        solver.end_epoch()
    with pytest.raises(TrainingError, match="DWA divides by mean losses"):
        solver.weights(np.ones(2), None, np.ones(2))


def test_options_reach_the_solver() -> None:
    solver = make_solver("mgda", options={"min_weights": 0.2}, normalise="l2")
    assert isinstance(solver, Normalised)
    assert isinstance(solver.inner, MGDA)
    weights = solver.weights(np.ones(2), np.diag([1.0, 1e12]), np.ones(2))
    assert weights == pytest.approx([1 - 1e-6, 1e-6], rel=1e-5)
    strict = make_solver("mgda", options={"min_weights": 0.2})
    assert strict.weights(np.ones(2), np.diag([1.0, 1e12]), np.ones(2)) == pytest.approx([0.8, 0.2])


@pytest.mark.parametrize(
    ("name", "given", "message", "hint"),
    [
        ("mdga", {}, "unknown solver 'mdga'", "did you mean 'mgda'?"),
        (
            "mgda",
            {"options": {"min_weight": 0.1}},
            "mgda has no option 'min_weight'",
            "min_weights",
        ),
        ("static", {"options": {"c": 0.1}}, "static has no option 'c'", "it has none."),
        ("pcgrad", {"options": {"seed": 1}, "seed": 0}, "pcgrad has no option 'seed'", "none"),
        ("pemtl", {}, "pemtl needs preferences and steps", "run"),
        ("pcgrad", {}, "pcgrad needs seed", "run"),
        ("mgda", {"normalise": "l3"}, "unknown normalisation 'l3'", "none, l2, loss"),
        ("uw", {"options": {"learning_rate": -1}}, "learning_rate '-1' is none", "at least 0"),
        ("dwa", {"options": {"temperature": 0}}, "temperature '0' is none", "above 0"),
        ("epo", {"options": {"tolerance": 0}}, "tolerance '0' is none", "above 0"),
    ],
)
def test_what_cannot_be_made(name: str, given: dict, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_solver(name, **given)
    assert caught.value.message == message
    assert hint in str(caught.value.hint)


def test_the_table() -> None:
    assert set(ALL) == {
        *("static", "mgda", "pemtl", "epo", "nash", "cagrad", "stch", "omd-tch"),
        *("upgrad", "dualproj", "pcgrad", "imtl-g", "aligned-mtl", "fairgrad"),
        *("uw", "dwa", "imtl-l", "famo"),
    }
