"""Every backbone in the table keeps the contract, and so does one of the user's own."""

from pathlib import Path

import pytest
import torch

from mobench.config import TrainConfig, build
from mobench.models import BACKBONES, Popularity, bce_loss, bpr_loss, n_parameters
from mobench.models.own import load

OWN = {"two_tower": load(Path(__file__).with_name("two_tower.py"))}
TRAINED = {**BACKBONES, **OWN}
KINDS = {**TRAINED, "popularity": Popularity}
READERS = {name: kind for name, kind in KINDS.items() if kind.uses_history}
USERS, ITEMS, PADDING = 8, 12, 12
CONFIG = build(TrainConfig, {"embedding_size": 16, "max_length": 6, "dropout": 0.0})


def make(kind, seed=0):
    model = kind.build(USERS, ITEMS, CONFIG, torch.Generator().manual_seed(seed))
    if kind is Popularity:
        model.counts.copy_(torch.arange(ITEMS))
    return model.eval()


def past(kind, n: int, width: int = 4):
    """Histories of different lengths, the first empty; ``None`` for those who read none."""
    if not kind.uses_history:
        return None
    history = torch.randint(ITEMS, (n, width), generator=torch.Generator().manual_seed(5))
    empty = torch.arange(width) < width - torch.arange(n).unsqueeze(1) % (width + 1)
    return history.masked_fill(empty, PADDING)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_score_is_a_column_of_score_all(kind):
    model, users = make(kind), torch.tensor([3, 0, 7])
    items = torch.tensor([[1, 5], [0, 11], [4, 4]])
    every = model.score_all(users, past(kind, 3))
    assert every.shape == (3, ITEMS)
    got = model.score(users, past(kind, 3), items)
    assert torch.allclose(got, every.gather(1, items), atol=1e-6)
    assert every.std() > 0


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_vectors_give_the_scores_where_there_are_vectors(kind):
    model, users = make(kind), torch.tensor([3, 0, 7])
    items = model.item_vectors()
    if items is None:
        with pytest.raises(NotImplementedError, match="no vectors"):
            model.user_vectors(users, past(kind, 3))
        return
    got = model.user_vectors(users, past(kind, 3)) @ items.T
    assert torch.equal(got, model.score_all(users, past(kind, 3)))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_weights_survive_saving(kind):
    first, second = make(kind), make(kind, seed=9)
    users, history = torch.arange(USERS), past(kind, USERS)
    before = second.score_all(users, history)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.score_all(users, history), second.score_all(users, history))
    assert kind is Popularity or not torch.equal(before, second.score_all(users, history))


@pytest.mark.parametrize("kind", TRAINED.values(), ids=TRAINED)
def test_equal_generators_give_equal_weights_and_their_number_is_known_before(kind):
    one, same, other = (make(kind, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)
    assert n_parameters(kind, USERS, ITEMS, CONFIG) == sum(w.numel() for w in one.values()) > 200


def checkerboard(model, kind, history, users, likes):
    """Train on who likes what; return the least liked score and the best other one, per user."""
    optimizer = torch.optim.Adam(model.train().parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(0)
    who, what = likes.nonzero(as_tuple=True)
    for _ in range(150):
        other = torch.multinomial((~likes)[who].double(), 4, generator=generator)
        pairs = torch.cat((what.unsqueeze(1), other), 1)
        scores = model.score(users[who], None if history is None else history[who], pairs)
        optimizer.zero_grad()
        kind.loss(scores[:, 0], scores[:, 1:]).mean().backward()
        optimizer.step()
    scores = model.eval().score_all(users, history)
    worst_liked = scores.masked_fill(~likes, torch.inf).amin(1)
    return worst_liked, scores.masked_fill(likes, -torch.inf).amax(1)


@pytest.mark.parametrize("kind", TRAINED.values(), ids=TRAINED)
def test_overfits_a_checkerboard(kind):
    """Users like the items of their parity; after item i comes i + 1: the answers are known."""
    if kind.uses_history:
        users, last = torch.zeros(ITEMS, dtype=torch.int64), torch.arange(ITEMS)
        history = torch.stack((torch.full_like(last, PADDING), last.flip(0), last), 1)
        likes = torch.eye(ITEMS, dtype=torch.bool).roll(1, 1)
    else:
        users, history = torch.arange(USERS), None
        likes = users.unsqueeze(1) % 2 == torch.arange(ITEMS) % 2
    liked, best_other = checkerboard(make(kind), kind, history, users, likes)
    assert (liked > best_other).all()


@pytest.mark.parametrize("kind", READERS.values(), ids=READERS)
def test_padding_changes_nothing(kind):
    model, users, history = make(kind), torch.arange(5), past(kind, 5)
    wider = torch.cat((torch.full((5, 2), PADDING), history), 1)
    assert torch.allclose(model.score_all(users, history), model.score_all(users, wider), atol=1e-6)
    assert not torch.allclose(
        model.score_all(users, history), model.score_all(users, history.roll(1, 0)), atol=1e-6
    )


@pytest.mark.parametrize("kind", TRAINED.values(), ids=TRAINED)
def test_gradients_are_finite_also_without_a_history(kind):
    model, users = make(kind).train(), torch.arange(5)
    history = past(kind, 5)
    if history is not None:
        history[1:] = PADDING
        history[4, -1] = 3
    model.score(users, history, torch.arange(10).view(5, 2)).square().sum().backward()
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    assert all(torch.isfinite(grad).all() for grad in grads)
    assert any(grad.abs().max() > 0 for grad in grads)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_tensor_follows_the_model(kind):
    """On ``meta``, a tensor made on the CPU would not mix; in float64, nor would a float32 one."""
    model, users, items = make(kind), torch.arange(3), torch.ones(3, 2, dtype=torch.int64)
    wide = model.double().score_all(users, past(kind, 3))
    assert wide.dtype == torch.float64 or kind is Popularity
    model.to("meta")
    history = past(kind, 3)
    there = history if history is None else history.to("meta")
    got = model.score(users.to("meta"), there, items.to("meta"))
    assert (got.device.type, got.shape) == ("meta", (3, 2))


def test_bpr_loss_is_minus_log_sigmoid_of_the_gap():
    pos, neg = torch.tensor([1.0, -2.0]), torch.tensor([[0.0, 3.0], [1.0, -2.0]])
    want = -torch.log(torch.sigmoid(pos.unsqueeze(1) - neg)).mean(1)
    assert torch.allclose(bpr_loss(pos, neg), want)
    assert torch.isfinite(bpr_loss(torch.tensor([-1e4]), torch.tensor([[1e4]]))).all()


def test_bce_loss_is_torchs_over_all_scores():
    pos, neg = torch.tensor([1.0, -2.0]), torch.tensor([[0.0, 3.0, 1.0], [1.0, -2.0, 0.5]])
    scores, wanted = torch.cat((pos.unsqueeze(1), neg), 1), torch.eye(4)[0].expand(2, 4)
    want = torch.nn.functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none")
    assert torch.allclose(bce_loss(pos, neg), want.mean(1))
    assert torch.isfinite(bce_loss(torch.tensor([-1e4]), torch.tensor([[1e4]]))).all()
