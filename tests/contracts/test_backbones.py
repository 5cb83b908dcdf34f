"""Every backbone in the table keeps the contract."""

import pytest
import torch

from mobench.models import BACKBONES, Popularity, bpr_loss

KINDS = {**BACKBONES, "popularity": Popularity}


def build(kind, seed=0):
    model = kind.build(8, 12, 16, torch.Generator().manual_seed(seed))
    if kind is Popularity:
        model.counts.copy_(torch.arange(12))
    return model.eval()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_score_is_a_column_of_score_all(kind):
    model, users = build(kind), torch.tensor([3, 0, 7])
    items = torch.tensor([[1, 5], [0, 11], [4, 4]])
    every = model.score_all(users, None)
    assert every.shape == (3, 12)
    assert torch.allclose(model.score(users, None, items), every.gather(1, items), atol=1e-6)
    assert every.std() > 0


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_weights_survive_saving(kind):
    first, second = build(kind), kind.build(8, 12, 16, torch.Generator().manual_seed(9))
    second.load_state_dict(first.state_dict())
    users = torch.arange(8)
    assert torch.equal(first.score_all(users, None), second.score_all(users, None))


@pytest.mark.parametrize("kind", BACKBONES.values(), ids=BACKBONES)
def test_overfits_a_checkerboard(kind):
    """Users like the items of their own parity; the right answer is known for every pair."""
    users = torch.arange(8).repeat_interleave(12)
    items = torch.arange(12).repeat(8)
    likes = users % 2 == items % 2
    model = build(kind).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    generator = torch.Generator().manual_seed(0)
    for _ in range(150):
        u, pos = users[likes], items[likes]
        neg = (torch.randint(0, 6, (len(u), 1), generator=generator) * 2) + 1 - pos.unsqueeze(1) % 2
        scores = model.score(u, None, torch.cat((pos.unsqueeze(1), neg), 1))
        optimizer.zero_grad()
        bpr_loss(scores[:, 0], scores[:, 1:]).mean().backward()
        optimizer.step()
    scores = model.eval().score_all(torch.arange(8), None)
    liked = likes.view(8, 12)
    worst_liked = scores.masked_fill(~liked, torch.inf).amin(1)
    best_other = scores.masked_fill(liked, -torch.inf).amax(1)
    assert (worst_liked > best_other).all()


def test_bpr_loss_is_minus_log_sigmoid_of_the_gap():
    pos, neg = torch.tensor([1.0, -2.0]), torch.tensor([[0.0, 3.0], [1.0, -2.0]])
    want = -torch.log(torch.sigmoid(pos.unsqueeze(1) - neg)).mean(1)
    assert torch.allclose(bpr_loss(pos, neg), want)
    assert torch.isfinite(bpr_loss(torch.tensor([-1e4]), torch.tensor([[1e4]]))).all()
