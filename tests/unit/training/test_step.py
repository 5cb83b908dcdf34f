"""One optimiser step against torch's own pieces."""

import copy

import pytest
import torch

from mobench.config import TrainConfig, build
from mobench.models import MF, bpr_loss
from mobench.training.controller import PIController
from mobench.training.coordinator import Controlled, Fixed
from mobench.training.data import TrainData
from mobench.training.negatives import NegativeSampler, Seen
from mobench.training.step import Step

N_USERS, N_ITEMS = 9, 14


@pytest.fixture
def data() -> TrainData:
    generator = torch.Generator().manual_seed(3)
    users = torch.randint(N_USERS, (60,), generator=generator)
    items = torch.randint(N_ITEMS, (60,), generator=generator)
    counts = torch.bincount(items, minlength=N_ITEMS)
    return TrainData(users, items, counts, Seen(users, items, N_USERS, N_ITEMS), "cpu")


def negatives(data: TrainData) -> NegativeSampler:
    return NegativeSampler(data.counts, data.seen, 0.0, 10, seed=1)


def model() -> MF:
    config = build(TrainConfig, {"embedding_size": 8})
    return MF.build(N_USERS, N_ITEMS, config, torch.Generator().manual_seed(0))


def adam(mf: MF, **options) -> torch.optim.Adam:
    return torch.optim.Adam(mf.parameters(), lr=0.05, fused=True, **options)


def test_decay_with_weight_one_is_adams_own(data):
    """base: the L2 term equals ``Adam(weight_decay=…)`` on the plain BPR loss."""
    ours, theirs = model(), model()
    step = Step(ours, adam(ours), Fixed([1.0], "cpu"), negatives(data), None, True, 4, 0.1)
    optimizer, drawn = adam(theirs, weight_decay=0.1), negatives(data)
    for rows in torch.arange(60).view(5, 1, 12):
        step(data, rows)
        users, pos = data.users[rows[0]], data.items[rows[0]].unsqueeze(1)
        scores = theirs.score(users, None, torch.cat((pos, drawn.draw(users, 4)), 1))
        optimizer.zero_grad()
        bpr_loss(scores[:, 0], scores[:, 1:]).mean().backward()
        optimizer.step()
    assert torch.allclose(ours.items, theirs.items, atol=1e-6)
    assert not torch.allclose(ours.items, model().items, atol=1e-2)


def test_loss_is_beta_acc_plus_lambda_preference(data):
    """The gradient of a step is the weighted sum of the blocks' own gradients."""
    mf = model()
    controller = PIController(0.5, beta_start=0.8)
    coordinator = Controlled(controller, [0.25, 0.75], aux_weight=0.4)
    sgd = torch.optim.SGD(mf.parameters(), lr=1.0)
    rows = torch.arange(30).view(3, 10)
    before, drawn = copy.deepcopy(mf), negatives(data)
    trace = Step(mf, sgd, coordinator, negatives(data), None, False, 4, 0.0)(data, rows)

    users, pos = data.users[rows.flatten()], data.items[rows.flatten()].unsqueeze(1)
    scores = before.score(users, None, torch.cat((pos, drawn.draw(users, 4)), 1))
    losses = bpr_loss(scores[:, 0], scores[:, 1:]).view(3, 10).mean(1)
    beta = float(PIController(0.5, beta_start=0.8).step(losses[0]))
    weights = torch.tensor([beta, 0.4 * 0.25, 0.4 * 0.75])
    (weights * losses).sum().backward()
    assert torch.allclose(mf.items, before.items - before.items.grad, atol=1e-6)
    assert trace[:3].tolist() == pytest.approx(losses.tolist(), abs=1e-6)
    assert trace[3:6].tolist() == pytest.approx(weights.tolist(), abs=1e-6)
    assert trace[6] == pytest.approx(beta)


def test_reweighting_averages_weighted_losses_of_one_block(data):
    mf = model()
    weights = torch.rand(2, 60)
    step = Step(
        mf, adam(mf), Fixed([1.0, 0.5, 0.5], "cpu"), negatives(data), weights, False, 4, 0.0
    )
    rows, before = torch.arange(20).view(1, 20), copy.deepcopy(mf)
    trace = step(data, rows)
    users, pos = data.users[rows[0]], data.items[rows[0]].unsqueeze(1)
    scores = before.score(users, None, torch.cat((pos, negatives(data).draw(users, 4)), 1))
    losses = bpr_loss(scores[:, 0], scores[:, 1:])
    want = [losses.mean(), *(weights[:, :20] * losses).mean(1)]
    assert trace[:3].tolist() == pytest.approx([float(x.detach()) for x in want], abs=1e-6)


def test_decay_grows_with_the_sum_of_the_loss_weights(data):
    """Twice the weight, twice the loss and twice the L2 term: twice the step of plain SGD."""
    steps = []
    for weight in (1.0, 2.0):
        mf = model()
        sgd = torch.optim.SGD(mf.parameters(), lr=0.5)
        fixed = Fixed([weight], "cpu")
        Step(mf, sgd, fixed, negatives(data), None, True, 4, 0.3)(
            data, torch.arange(12).view(1, 12)
        )
        steps.append(mf.items.detach() - model().items)
    assert torch.allclose(2 * steps[0], steps[1], atol=1e-6)
    assert steps[0].abs().max() > 1e-4
