"""Rivals in native code against torch: every solver, both optimisers, draw and reweight."""

import importlib.util

import numpy as np
import pytest
import torch

from mobench.config import RIVALS, TrainConfig, build
from mobench.errors import TrainingError
from mobench.models import MF
from mobench.training import native
from mobench.training.loop import begin_epoch, make_step
from mobench.training.native_solved import NativeSolved
from mobench.training.native_tables import Tables
from mobench.training.optimizer import make_optimizer
from mobench.training.run import resume, train
from mobench.training.start import begin, make_loop
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import content, interrupted

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="needs the extra numba"
)
WAYS = {
    "draw": {"sampler_mode": "draw"},
    "reweight": {"sampler_mode": "reweight"},
    "lazy": {"optimizer": "lazy-adam"},
    "now and then": {"solve_every": 3},
    "by loss": {"normalise": "loss"},
}
"""Settings of a rival."""
STEPS = 10


def start_of(root, values):
    """Return a base with the optimiser of a run."""
    optimizer = values.get("optimizer", "adam")
    path = root / "runs" / f"base under {optimizer}"
    if not path.exists():
        trained(root, path.name, method="base", epochs=2, optimizer=optimizer)
    return path


def play(root, monkeypatch, size, **values):
    """Return the step function, and trace and state after some steps; native where size is 1."""
    monkeypatch.setattr(native, "MIN_PAIRS", size)
    plan = make_plan(root, "never", start_of(root, values), **values)
    loop = make_loop(plan)
    state = begin(plan, loop)
    batches, step = begin_epoch(state, loop), make_step(state, loop)
    rows = [step(loop.data, batches[index]) for index in range(STEPS)]
    return step, torch.stack(rows), state


def agree(root, monkeypatch, **values):
    step, ours, state = play(root, monkeypatch, 1, **values)
    plain, theirs, other = play(root, monkeypatch, 1 << 40, **values)
    assert type(step) is NativeSolved
    assert type(plain) is not NativeSolved
    assert torch.allclose(ours, theirs, rtol=2e-3, atol=2e-5, equal_nan=True)
    assert torch.equal(ours[0].isnan(), theirs[0].isnan())
    for name in MF.tables:
        one, two = state.model.get_parameter(name), other.model.get_parameter(name)
        assert (one - state.start[name]).abs().max() > 0.02
        assert (one - two).abs().max() < 1e-3  # Adam magnifies the rounding of tiny slopes
        assert (one - two).abs().mean() < 1e-5
    assert state.negatives.kept == other.negatives.kept
    users = torch.arange(9)
    assert torch.equal(state.negatives.draw(users, 5), other.negatives.draw(users, 5))


@pytest.mark.parametrize("method", RIVALS)
def test_every_solver_steps_as_in_torch(root, monkeypatch, method):
    agree(root, monkeypatch, method=method)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("solver", ["static", "mgda", "uw", "dwa", "famo"])
def test_all_ways_to_train_step_as_in_torch(root, monkeypatch, solver, way):
    agree(root, monkeypatch, method=solver, **WAYS[way])


@pytest.mark.parametrize("optimizer", ["adam", "lazy-adam"])
@pytest.mark.parametrize("mode", ["draw", "reweight"])
@pytest.mark.parametrize("solver", ["mgda", "famo"])
def test_solvers_of_the_losses_of_blocks_step_as_in_torch(
    root, monkeypatch, solver, mode, optimizer
):
    """In the place of MoRec's controller; those without a Gramian or hindsight: test_native."""
    agree(root, monkeypatch, coordinator=solver, sampler_mode=mode, optimizer=optimizer)


def test_substitutes_under_the_controller_step_as_in_torch(root, monkeypatch):
    agree(root, monkeypatch, sampler="uniform")


@pytest.mark.parametrize("n_losses", [1, 2, 5])
def test_the_gramian_is_that_of_gradients_in_float64(n_losses):
    """Rows that are met again, alone, or not at all; a loss that depends on nothing."""
    generator = np.random.default_rng(n_losses)
    model = MF(torch.randn(20, 7), torch.randn(15, 7))
    tables = Tables(make_optimizer(model, build(TrainConfig, {})))
    user = generator.integers(0, 18, 30).astype(np.uint64)
    item = generator.integers(0, 12, (30, 4)).astype(np.uint64)
    slopes = torch.from_numpy(generator.normal(size=(n_losses, 30, 4)).astype(np.float32))
    slopes[-1] *= n_losses == 1
    users, items = (table.detach().double().numpy() for table in (model.users, model.items))
    wanted = np.zeros((n_losses, n_losses))
    of_users, of_items = np.zeros((n_losses, 20, 7)), np.zeros((n_losses, 15, 7))
    for m, b, n in np.ndindex(*slopes.shape):
        of_users[m, user[b]] += float(slopes[m, b, n]) * items[item[b, n]]
        of_items[m, item[b, n]] += float(slopes[m, b, n]) * users[user[b]]
    for part in (of_users, of_items):
        wanted += np.einsum("mrd,krd->mk", part, part)
    for _ in range(2):  # what is kept between calls is left as it was
        found = tables.gramian((user, item), slopes)
        assert found == pytest.approx(wanted, rel=1e-5, abs=1e-4)
    assert wanted[0, 0] > 100


def test_a_gramian_that_is_wrong_stops_the_run(root, monkeypatch):
    right = Tables.gramian
    monkeypatch.setattr(Tables, "gramian", lambda *given: right(*given) * 1.01)
    with pytest.raises(TrainingError, match="not those of the whole tables"):
        play(root, monkeypatch, 1, method="mgda")


@pytest.mark.parametrize(
    "values",
    [
        {"method": "mgda", "optimizer": "lazy-adam", "solve_every": 2},
        {"method": "famo", "sampler_mode": "reweight"},
        {"method": "omd-tch"},
        {"coordinator": "mgda"},
    ],
)
def test_an_interrupted_run_ends_in_the_same_bytes(root, monkeypatch, values):
    monkeypatch.setattr(native, "MIN_PAIRS", 1)
    name = "native " + "-".join(map(str, values.values()))
    values = {"epochs": 2, **values}
    whole = trained(root, name, start_of(root, values), **values)
    plan = make_plan(root, f"{name} again", start_of(root, values), **values)
    interrupted(train(plan), after=9)
    parts = finish(resume(plan.path)[1])[1]
    assert parts.manifest.results["engine"] == "native"
    assert content(parts) == content(whole)


@pytest.mark.parametrize(("method", "calls"), [("static", 0), ("famo", 0), ("mgda", 1)])
def test_torch_scores_nothing_but_the_gramian_that_is_checked(root, monkeypatch, method, calls):
    scored, score = [], MF.score
    monkeypatch.setattr(MF, "score", lambda *given: scored.append(1) or score(*given))
    play(root, monkeypatch, 1, method=method)
    assert len(scored) == calls
    play(root, monkeypatch, 1 << 40, method=method)
    assert len(scored) > STEPS


@pytest.mark.parametrize(
    ("values", "engine"),
    [
        ({"method": "mgda"}, "native"),
        ({"method": "static"}, "native"),
        ({"method": "static", "objectives": ("acc", "rev")}, "torch"),
        ({"method": "morec"}, "torch"),
    ],
)
def test_every_loss_of_a_rival_counts_for_whether_native_code_pays(
    root, base, monkeypatch, values, engine
):
    rows = make_loop(make_plan(root, "never", base, method="static")).data.users
    monkeypatch.setattr(native, "MIN_PAIRS", 4 * 10 * len(rows))
    plan = make_plan(root, "never", base, **values)
    assert begin(plan, make_loop(plan)).engine == engine
