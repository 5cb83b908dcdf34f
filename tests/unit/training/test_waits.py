"""A step on a GPU must not wait for it; checked on a CPU by the operations that it asks for."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mobench.config import TrainConfig, build
from mobench.models import MF
from mobench.training import optimizer
from mobench.training.controller import PIController
from mobench.training.coordinator import Controlled
from mobench.training.data import TrainData
from mobench.training.negatives import NegativeSampler, Seen
from mobench.training.optimizer import make_optimizer
from mobench.training.step import Step

N_USERS, N_ITEMS, N_ROWS = 20, 500, 90
aten = torch.ops.aten
WAITS = {aten._local_scalar_dense, aten.nonzero, aten.masked_select, aten._unique2, aten.equal}


class NoWaits(TorchDispatchMode):
    """Refuses what reads values back, or has a shape that depends on them."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        packet = func.overloadpacket
        indices = args[1] if packet in (aten.index, aten.index_put, aten.index_put_) else []
        masks = [i for i in indices if i is not None and i.dtype in (torch.bool, torch.uint8)]
        assert packet not in WAITS, packet
        assert not masks, "indexed with a mask"
        return func(*args, **(kwargs or {}))


def prepare(mode: str, chosen: str, device: str = "cpu") -> tuple[Step, TrainData]:
    generator = torch.Generator().manual_seed(3)
    users = torch.randint(N_USERS, (N_ROWS,), generator=generator).to(device)
    items = torch.randint(N_ITEMS, (N_ROWS,), generator=generator).to(device)
    counts = torch.bincount(items, minlength=N_ITEMS)
    data = TrainData(users, items, counts, Seen(users, items, N_USERS, N_ITEMS), device)
    config = build(TrainConfig, {"optimizer": chosen})
    mf = MF.build(N_USERS, N_ITEMS, config, torch.Generator().manual_seed(0)).to(device)
    coordinator = Controlled(PIController(0.6, device=device), [0.5, 0.5], 0.4)
    negatives = NegativeSampler(counts, data.seen, 0.0, 5, seed=1)
    weights = torch.rand(2, N_ROWS).to(device) if mode == "reweight" else None
    settings = (coordinator, negatives, weights, False, 4, 1e-3)
    return Step(mf, make_optimizer(mf, config), *settings), data


@pytest.mark.parametrize("chosen", ["adam", "lazy-adam"])
@pytest.mark.parametrize("mode", ["draw", "reweight"])
def test_a_step_asks_for_no_value(mode, chosen, monkeypatch):
    monkeypatch.setattr(NegativeSampler, "_redraw", NegativeSampler._first_unseen)
    monkeypatch.setattr(optimizer, "_move_rows", optimizer._move_masked)
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    step, data = prepare(mode, chosen)
    before = step.model.items.detach().clone()
    rows = torch.arange(30).view(3, 10) if mode == "draw" else torch.arange(30).view(1, 30)
    with NoWaits():
        trace = step(data, rows)
    assert trace.isfinite().all()
    assert (step.model.items - before).abs().max() > 1e-4


def test_the_check_finds_what_waits():
    step, data = prepare("draw", "adam")
    with pytest.raises(AssertionError, match="nonzero"), NoWaits():
        step(data, torch.arange(30).view(3, 10))  # the way of a CPU redraws what is rejected
    with pytest.raises(AssertionError, match="mask"), NoWaits():
        torch.arange(3)[torch.ones(3, dtype=torch.bool)]
