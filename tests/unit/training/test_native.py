"""The native step against the plain one: same losses, same weights, same stream, same resume."""

import builtins
import importlib.util

import pytest
import torch

from mobench.artifacts import Artifact
from mobench.config import TrainConfig, build
from mobench.errors import ConfigError
from mobench.models import MF
from mobench.training import native, negatives
from mobench.training.batches import Rows, Scorer
from mobench.training.controller import PIController
from mobench.training.coordinator import Controlled, Fixed
from mobench.training.data import TrainData
from mobench.training.native import NativeDraw, NativeStep, native_loss, usable
from mobench.training.negatives import NegativeSampler, Seen
from mobench.training.optimizer import make_optimizer
from mobench.training.run import resume, train
from mobench.training.step import Step, accuracy_loss
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import interrupted

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="needs the extra numba"
)
N_USERS, N_ITEMS, N_ROWS, BATCH = 40, 70, 500, 30
MODES = {"base": 1, "continue": 3, "draw": 3, "reweight": 1}


@pytest.fixture(params=["bitmap", "search"])
def data(request, monkeypatch) -> TrainData:
    """Popular items, one user who has seen all of them and one who has seen none."""
    if request.param == "search":
        monkeypatch.setattr(negatives, "BITMAP_BYTES", 0)
    generator = torch.Generator().manual_seed(3)
    users = torch.randint(1, N_USERS - 1, (N_ROWS,), generator=generator)
    users[:N_ITEMS] = 0
    items = (torch.rand(N_ROWS, generator=generator) ** 2 * N_ITEMS).long()
    items[:N_ITEMS] = torch.arange(N_ITEMS)
    counts = torch.bincount(items, minlength=N_ITEMS)
    return TrainData(users, items, counts, Seen(users, items, N_USERS, N_ITEMS), "cpu")


def sampler(data: TrainData, power: float = 0.0) -> NegativeSampler:
    return NegativeSampler(data.counts, data.seen, power, 3, seed=1)


def plain_step(data: TrainData, mode: str, optimizer: str) -> Step:
    config = build(TrainConfig, {"optimizer": optimizer, "learning_rate": 0.05})
    mf = MF.build(N_USERS, N_ITEMS, config, torch.Generator().manual_seed(0))
    coordinator = Controlled(PIController(0.6, ki=0.05), [0.25, 0.75], aux_weight=0.4)
    if mode in ("base", "continue"):
        coordinator = Fixed([1.0], "cpu")
    weights = torch.rand(2, N_ROWS, generator=torch.Generator().manual_seed(9))
    return Step(
        mf,
        make_optimizer(mf, config),
        coordinator,
        sampler(data),
        weights if mode == "reweight" else None,
        mode in ("base", "continue"),
        4,
        0.01,
    )


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("optimizer", ["adam", "lazy-adam"])
@pytest.mark.parametrize("mode", MODES)
def test_a_step_is_the_plain_step(data, mode, optimizer, threads):
    plain, inner = plain_step(data, mode, optimizer), plain_step(data, mode, optimizer)
    start = inner.model.items.detach().clone()
    ours = NativeStep(inner)
    ours.threads = threads
    generator = torch.Generator().manual_seed(7)
    for _ in range(12):
        rows = torch.randint(N_ROWS, (MODES[mode], BATCH), generator=generator)
        one, other = plain(data, rows), ours(data, rows)
        assert torch.allclose(one, other, atol=1e-6, equal_nan=True)
    assert (plain.model.items - start).abs().max() > 0.1
    for name in MF.tables:
        one, other = plain.model.get_parameter(name), inner.model.get_parameter(name)
        assert torch.allclose(one, other, atol=2e-4)  # Adam magnifies the rounding of tiny slopes
        for key, value in plain.optimizer.state[one].items():
            assert torch.allclose(value, inner.optimizer.state[other][key], atol=1e-6)
    assert int(plain.negatives.kept) == int(inner.negatives.kept) > 0


@pytest.mark.parametrize("power", [0.0, 0.7])
def test_negatives_are_the_plain_ones(data, power):
    plain, ours = sampler(data, power), sampler(data, power)
    draw = NativeDraw(ours, 6)
    for _ in range(3):
        users = torch.randint(N_USERS, (50,), generator=torch.Generator().manual_seed(2))
        user = users.numpy().view("uint64")
        items = draw(user, user + 7)
        assert items[:, 0].tolist() == (users + 7).tolist()
        assert items[:, 1:].tolist() == plain.draw(users, 6).tolist()
    assert int(plain.kept) == int(ours.kept) > 0


def test_the_loss_of_a_pass_is_the_plain_one(data):
    model = plain_step(data, "base", "adam").model
    batches = torch.arange(480).view(16, 1, 30)
    one = accuracy_loss(Scorer(model, data, sampler(data), 4), Rows(), batches)
    other = native_loss(Scorer(model, data, sampler(data), 4), batches)
    assert other == pytest.approx(one, rel=1e-6)
    assert 0.6 < one < 0.75


def test_a_row_with_a_zero_gradient_is_untouched(data):
    """Vectors of zeros give gradients of zeros: lazy Adam leaves them as they are, decay or not."""
    step = plain_step(data, "base", "lazy-adam")
    with torch.no_grad():
        step.model.users.zero_()
    NativeStep(step)(data, torch.arange(BATCH).view(1, BATCH))
    state = step.optimizer.state[step.model.items]
    assert not state["exp_avg"].any()
    assert step.optimizer.state[step.model.users]["exp_avg"].any()


def test_small_problems_and_other_models_are_left_to_torch(data, monkeypatch):
    mf, kind = plain_step(data, "base", "adam").model, type("Own", (MF,), {})
    own = kind(mf.users.detach(), mf.items.detach())
    assert not usable(mf, data, 10)
    monkeypatch.setattr(native, "MIN_PAIRS", 10 * N_ROWS)
    assert usable(mf, data, 10)
    assert not usable(own, data, 10)
    assert not usable(mf, data, 9)
    assert usable(mf, data, 5, n_losses=2)
    assert not usable(own, data, 10, n_losses=4)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not usable(mf, data, 10)


@pytest.mark.parametrize("optimizer", ["adam", "lazy-adam"])
@pytest.mark.parametrize("size", [0, 1 << 40])
def test_an_interrupted_run_ends_in_the_same_bytes(root, monkeypatch, optimizer, size):
    """With native code (from size 0 on) and without."""
    monkeypatch.setattr(native, "MIN_PAIRS", size)
    name, values = f"{optimizer}-{size}", {"epochs": 2, "optimizer": optimizer, "method": "base"}
    whole = trained(root, f"whole-{name}", **values)
    plan = make_plan(root, f"parts-{name}", **values)
    interrupted(train(plan), after=7)
    parts = finish(resume(plan.path)[1])[1]
    assert parts.manifest.results["engine"] == ("torch" if size else "native")
    for file in ("model.safetensors", "run.log"):
        assert (parts.path / file).read_bytes() == (whole.path / file).read_bytes()


def test_without_numba_a_native_run_is_not_resumed(root, monkeypatch):
    monkeypatch.setattr(native, "MIN_PAIRS", 0)
    plan = make_plan(root, "moved", method="base", epochs=1)
    interrupted(train(plan), after=3)
    there = builtins.__import__

    def missing(name, *arguments, **options):
        if name == "mobench.training" and arguments[2] == ("kernels",):
            raise ModuleNotFoundError("No module named 'numba'", name="numba")
        return there(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ConfigError, match="native code"):
        finish(resume(plan.path)[1])


def test_both_optimisers_learn_and_are_not_the_same(root, monkeypatch):
    monkeypatch.setattr(native, "MIN_PAIRS", 0)
    losses = {}
    for optimizer in ("adam", "lazy-adam"):
        settings = {"method": "base", "epochs": 3, "optimizer": optimizer}
        run = trained(root, f"compare-{optimizer}", **settings)
        losses[optimizer] = Artifact.open(run.path).read("history.parquet")["loss"].tolist()
    assert losses["adam"] != losses["lazy-adam"]
    assert max(loss[-1] for loss in losses.values()) < 0.5 < 0.6 < losses["lazy-adam"][0] < 0.7
