"""Matrix factorisation scores by two routes, which must agree."""

import torch

from mobench.config import TrainConfig, build
from mobench.models import MF, lookup, mf


def test_look_up_and_dense_route_agree(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    model = MF.build(6, 40, build(TrainConfig, {"embedding_size": 8}), generator)
    users = torch.randint(6, (5,), generator=generator)
    items = torch.randint(40, (5, 3), generator=generator)
    items[0] = 7  # one item several times in a row
    got = []
    for ratio in (0, 10**6):
        monkeypatch.setattr(mf, "DENSE_RATIO", ratio)
        model.zero_grad()
        scores = model.score(users, None, items)
        scores.square().sum().backward()
        got.append((scores.detach(), model.items.grad.clone(), model.users.grad.clone()))
    want = (model.users[users].unsqueeze(1) * model.items[items]).sum(2)
    assert torch.allclose(got[0][0], want, atol=1e-7)
    assert want.abs().max() > 1e-4
    for one, other in zip(*got, strict=True):
        assert torch.allclose(one, other, atol=1e-7)


def test_initial_weights_have_the_declared_spread():
    model = MF.build(500, 500, build(TrainConfig, {}), torch.Generator().manual_seed(1))
    assert abs(float(model.users.detach().std()) - 0.02) < 0.001
    assert abs(float(model.items.detach().mean())) < 0.001


def test_blocks_do_not_change_scores_or_gradients(monkeypatch):
    generator = torch.Generator().manual_seed(2)
    tables = [torch.randn(n, 6, generator=generator, dtype=torch.float64) for n in (9, 30)]
    u = torch.randint(9, (50,), generator=generator)
    i = torch.randint(30, (50, 4), generator=generator)
    monkeypatch.setattr(lookup, "BLOCK", 7)
    ours = [t.clone().requires_grad_() for t in tables]
    assert torch.autograd.gradcheck(lambda a, b: lookup.pair_scores(a, b, u, i), ours)
    got = lookup.pair_scores(*ours, u, i)
    want = (tables[0][u].unsqueeze(1) * tables[1][i]).sum(2)
    assert torch.allclose(got, want)
