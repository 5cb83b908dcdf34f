"""A conditioned backbone: the identity at first, then one ranking per preference."""

from pathlib import Path

import pytest
import torch

from mobench.config import TrainConfig, build
from mobench.errors import ConfigError
from mobench.models import BACKBONES, conditioned, kind_of
from mobench.models.conditioning import HEADS, centred
from mobench.models.own import load

USERS, ITEMS = 7, 11
SMALL = {"embedding_size": 8, "max_length": 5, "dropout": 0.0, "method": "conditioned"}
CASES = [(backbone, how) for backbone in BACKBONES for how in HEADS]


def config_of(backbone: str, how: str, **values) -> TrainConfig:
    return build(TrainConfig, {**SMALL, "backbone": backbone, "conditioning": how, **values})


def make(backbone: str, how: str, *, moved: bool = True, **values):
    """A model and its base; ``moved`` gives the head weights that change something."""
    config = config_of(backbone, how, **values)
    generator = torch.Generator().manual_seed(3)
    base = BACKBONES[backbone].build(USERS, ITEMS, config, torch.Generator().manual_seed(8))
    model = kind_of(config).build(USERS, ITEMS, config, generator)
    model.start_from(base.state_dict())
    if moved:
        for parameter in model.head.out.parameters():
            torch.nn.init.normal_(parameter, generator=generator)
    return model.eval(), base.eval()


def asked(backbone: str):
    users = torch.tensor([0, 3, 6])
    history = torch.tensor([[ITEMS, 1, 4], [2, 5, 9], [ITEMS, ITEMS, 0]])
    return users, history if backbone == "sasrec" else None


@pytest.mark.parametrize(("backbone", "how"), CASES)
def test_at_the_start_every_preference_scores_as_the_base(backbone, how):
    model, base = make(backbone, how, moved=False)
    want = base.score_all(*asked(backbone))
    assert want.std() > 0
    for wishes in ((1, 0, 0, 0), (1, 1, 1, 1), (0, 0.2, 0.3, 0.5)):
        model.prefer(wishes)
        assert torch.equal(model.score_all(*asked(backbone)), want)


@pytest.mark.parametrize(("backbone", "how"), CASES)
def test_preferences_change_the_order_of_items(backbone, how):
    model, _ = make(backbone, how)
    orders = []
    for wishes in ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 0, 1)):
        model.prefer(wishes)
        orders.append(model.score_all(*asked(backbone)).argsort(1))
    assert not torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[1], orders[2])


@pytest.mark.parametrize(("backbone", "how"), CASES)
def test_scores_are_inner_products_with_the_heads_formula(backbone, how):
    model, base = make(backbone, how)
    wishes = torch.tensor([0.1, 0.2, 0.3, 0.4])
    model.prefer(wishes.tolist())
    vectors, r = base.user_vectors(*asked(backbone)), 4 * wishes - 1
    up, out = model.head.up, model.head.out
    want = []
    for u in vectors:
        if how == "film":
            both = out.weight @ torch.relu(up.weight @ r + up.bias) + out.bias
            want.append((1 + both[:8]) * u + both[8:])
        else:
            given = torch.cat((u, r))
            want.append(u + out.weight @ torch.relu(up.weight @ given + up.bias) + out.bias)
    scores = torch.stack(want) @ base.item_vectors().T
    assert torch.allclose(model.score_all(*asked(backbone)), scores, atol=1e-4)
    states = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    if backbone == "sasrec":
        items = torch.tensor([[0, 1], [2, 3], [4, 5], [10, 0]])
        every = model.condition(states) @ base.item_vectors().T
        got = model.score_states(states, items)
        assert torch.allclose(got, every.gather(1, items), atol=1e-4)


def test_long_catalogues_are_looked_up_and_give_the_same(monkeypatch):
    model, _ = make("mf", "film")
    users, items = torch.tensor([0, 3, 6]), torch.tensor([[1, 5], [0, 10], [4, 4]])
    want = model.score(users, None, items)
    monkeypatch.setattr("mobench.models.conditioning.DENSE_RATIO", 0)
    assert torch.allclose(model.score(users, None, items), want, atol=1e-6)


def test_a_drawn_preference_holds_only_while_training():
    model, _ = make("mf", "film")
    model.prefer((1, 1, 1, 1))
    own = model.score_all(*asked("mf"))
    model.drawn = torch.tensor([0.7, 0.1, 0.1, 0.1], dtype=torch.float64)
    assert torch.equal(model.score_all(*asked("mf")), own)
    drawn = model.train().score_all(*asked("mf"))
    assert not torch.allclose(drawn, own)
    model.eval().prefer((7, 1, 1, 1))
    assert torch.allclose(model.score_all(*asked("mf")), drawn, atol=1e-5)


def test_the_preference_comes_from_the_config_and_is_no_weight():
    model, _ = make("mf", "film", preference=(3, 1, 0), acc_share=0.6)
    assert model.preference.tolist() == pytest.approx([0.6, 0.3, 0.1, 0.0])
    assert "preference" not in model.state_dict()
    assert centred(torch.full((4,), 0.25)).tolist() == [0.0] * 4


@pytest.mark.parametrize(
    "wishes", [(1, 1), (1, 1, 1, -0.1), (0, 0, 0, 0), (1, 1, 1, float("inf")), (1,) * 5]
)
def test_what_is_no_preference_is_refused(wishes):
    model, _ = make("mf", "film")
    with pytest.raises(ConfigError, match="no mix of 4 wishes"):
        model.prefer(wishes)


def test_a_backbone_without_vectors_is_refused():
    own = load(Path(__file__).parents[2] / "contracts" / "two_tower.py")
    kind = conditioned(own)
    assert kind is conditioned(own)
    with pytest.raises(ConfigError, match="needs vectors of users and items, TwoTower has none"):
        kind.build(1, 1, config_of("mf", "film"), torch.Generator())
