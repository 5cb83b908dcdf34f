"""Matrix factorisation scores by two routes, which must agree."""

import torch

from mobench.models import MF, mf


def test_look_up_and_dense_route_agree(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    model = MF.build(6, 40, 8, generator)
    users = torch.randint(6, (5,), generator=generator)
    items = torch.randint(40, (5, 3), generator=generator)
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
    model = MF.build(500, 500, 64, torch.Generator().manual_seed(1))
    assert abs(float(model.users.std()) - 0.02) < 0.001
    assert abs(float(model.items.mean())) < 0.001
