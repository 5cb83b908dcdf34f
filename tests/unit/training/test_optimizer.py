"""Lazy Adam against torch's own optimisers and against sums by hand."""

import math
import subprocess
import sys

import pytest
import torch
from torch import nn

from mobench.config import TrainConfig, build
from mobench.errors import ConfigError
from mobench.models import MF, Popularity
from mobench.training import optimizer
from mobench.training.optimizer import Adam, LazyAdam, add_decay, make_optimizer
from tests.conftest import REPOSITORY
from tests.synthetic import planted
from tests.unit.training.helpers import make_plan

ROWS, SIZE = 12, 3


def table(seed: int = 0) -> nn.Parameter:
    return nn.Parameter(torch.randn(ROWS, SIZE, generator=torch.Generator().manual_seed(seed)))


def lazy(*tables: nn.Parameter, **options) -> LazyAdam:
    return LazyAdam([{"params": tables, "lazy": True}], lr=0.1, **options)


def gradients(n: int, touched: int) -> list[torch.Tensor]:
    """Dense gradients with ``touched`` rows each that are not zero."""
    generator, found = torch.Generator().manual_seed(5), []
    for _ in range(n):
        gradient = torch.zeros(ROWS, SIZE)
        rows = torch.randperm(ROWS, generator=generator)[:touched]
        gradient[rows] = torch.randn(touched, SIZE, generator=generator)
        found.append(gradient)
    return found


def test_without_decay_it_is_sparse_adam():
    ours, theirs = table(), table()
    # Where eps stands differs: here it is Adam's, so both are made to do without.
    first, second = lazy(ours, eps=1e-20), torch.optim.SparseAdam([theirs], lr=0.1, eps=1e-20)
    for gradient in gradients(30, touched=3):
        ours.grad, theirs.grad = gradient, gradient.to_sparse(1)
        first.step()
        second.step()
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert (ours - table()).abs().max() > 0.5


def test_adam_is_torchs_to_the_last_bit():
    ours, theirs, idle = table(), table(), table(4)
    first = Adam([{"params": [ours, idle]}], lr=0.1)
    second = torch.optim.Adam([theirs], lr=0.1, fused=True)
    for gradient in gradients(20, touched=4):
        first.zero_grad()
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        first.step()
        second.step()
    assert torch.equal(ours, theirs)
    assert torch.equal(idle, table(4))
    assert all(torch.equal(first.state[ours][name], v) for name, v in second.state[theirs].items())


@pytest.mark.slow
def test_a_step_does_not_load_torchs_compiler():
    code = """
import sys, torch
from mobench.training.optimizer import Adam
p = torch.nn.Parameter(torch.ones(2, 2))
p.grad = torch.ones(2, 2)
adam = Adam([{"params": [p]}], lr=0.1)
adam.step()
assert p.max() < 0.95
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_with_every_row_touched_it_is_adam(decay):
    ours, theirs = table(), table()
    first = lazy(ours)
    second = torch.optim.Adam([theirs], lr=0.1, weight_decay=decay)
    for gradient in gradients(20, touched=ROWS):
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        add_decay(first, torch.tensor(decay))
        first.step()
        second.step()
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert (ours - table()).abs().max() > 0.5


def test_untouched_rows_stay_and_the_others_follow_the_equations():
    """Two steps by hand; the row met at the second alone has its bias corrected as at step 2."""
    parameter, strength, beta1, beta2 = nn.Parameter(torch.full((3, 1), 2.0)), 0.25, 0.9, 0.999
    adam = lazy(parameter)
    expected, first, second = [2.0, 2.0, 2.0], [0.0] * 3, [0.0] * 3
    for step, given in enumerate(([0.5, 0.0, 0.0], [-1.0, 2.0, 0.0]), start=1):
        parameter.grad = torch.tensor(given).unsqueeze(1)
        add_decay(adam, torch.tensor(strength))
        adam.step()
        for row in range(3):
            if given[row]:
                slope = given[row] + strength * expected[row]
                first[row] = beta1 * first[row] + (1 - beta1) * slope
                second[row] = beta2 * second[row] + (1 - beta2) * slope**2
                mean, square = first[row] / (1 - beta1**step), second[row] / (1 - beta2**step)
                expected[row] -= 0.1 * mean / (math.sqrt(square) + 1e-8)
    assert parameter.squeeze(1).tolist() == pytest.approx(expected, abs=1e-6)
    assert expected[2] == 2.0
    assert len({*expected}) == 3


def test_the_way_of_a_gpu_gives_the_same(monkeypatch):
    found = []
    for move in (optimizer._move_rows, optimizer._move_masked):
        monkeypatch.setattr(optimizer, "_move_rows", move)
        parameter = table()
        adam = lazy(parameter)
        for gradient in gradients(10, touched=4):
            parameter.grad = gradient
            adam.step()
        found.append((parameter.detach(), adam.state[parameter]["exp_avg_sq"]))
    assert all(torch.allclose(a, b, atol=1e-7) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("make", [lazy, lambda p: Adam([{"params": [p]}], lr=0.1)])
def test_a_saved_state_continues_to_the_same_bytes(make):
    whole, parts = table(), table()
    first, second = make(whole), make(parts)
    for index, gradient in enumerate(gradients(10, touched=4)):
        if index == 5:
            saved, second = second.state_dict(), make(parts)
            second.load_state_dict(saved)
        for parameter, adam in ((whole, first), (parts, second)):
            parameter.grad = gradient.clone()
            adam.step()
    assert torch.equal(whole, parts)


class Towers(MF):
    """A table, an ``nn.Embedding`` and a layer."""

    tables = ("users",)

    def __init__(self):
        super().__init__(torch.ones(4, 2), torch.ones(4, 2))
        self.kinds, self.layer = nn.Embedding(5, 2), nn.Linear(2, 2)


def test_tables_are_lazy_and_layers_are_not():
    model = Towers()
    adam = make_optimizer(model, build(TrainConfig, {"optimizer": "lazy-adam"}))
    lazy_ones, rest = (group["params"] for group in adam.param_groups)
    assert {id(p) for p in lazy_ones} == {id(model.users), id(model.kinds.weight)}
    assert {id(p) for p in rest} == {id(model.items), *map(id, model.layer.parameters())}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
        parameter.grad[0] = 1.0
    before = [p.detach().clone() for p in (model.users, model.items)]
    for _ in range(2):
        adam.step()
        model.items.grad.zero_()
        model.users.grad.zero_()
    moved = [a.detach() - b for a, b in zip((model.users, model.items), before, strict=True)]
    assert moved[0][0].tolist() == pytest.approx([-1e-3, -1e-3], rel=1e-3)  # the first step alone
    assert (moved[1][0] < -1.5e-3).all()  # momentum carried it on
    assert not moved[0][1:].any()


def test_a_model_without_tables_is_refused():
    with pytest.raises(ConfigError, match="no look-up tables"):
        make_optimizer(Popularity(torch.ones(3)), build(TrainConfig, {"optimizer": "lazy-adam"}))


def test_a_model_without_tables_is_refused_before_anything_is_written(tmp_path):
    planted(tmp_path / "datasets" / "toy")
    text = (REPOSITORY / "tests/contracts/two_tower.py").read_text()
    (tmp_path / "bare.py").write_text(text)
    with pytest.raises(ConfigError, match="TwoTower has no look-up tables"):
        make_plan(
            tmp_path,
            "never",
            method="base",
            backbone=str(tmp_path / "bare.py"),
            optimizer="lazy-adam",
        )
    assert not (tmp_path / "runs").exists()
