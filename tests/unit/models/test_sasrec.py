"""SASRec: causality, padding, its parts, and what is refused."""

import pytest
import torch
import torch.nn.functional as F

from mobench.config import TrainConfig, build
from mobench.errors import ConfigError
from mobench.models import SASRec, fresh
from mobench.models.dropout import dropout

ITEMS = 20
PADDING = ITEMS


def make(**values) -> SASRec:
    """A model with large weights, so that every part of it matters."""
    settings = {"embedding_size": 8, "max_length": 6, "dropout": 0.0, **values}
    model = fresh(SASRec, 3, ITEMS, build(TrainConfig, settings))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(
                torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
            )
    return model.double().eval()


FORMS = [{}, {"norm": "pre"}, {"n_heads": 2}, {"n_blocks": 1, "inner_size": 3}]


@pytest.mark.parametrize("values", FORMS)
def test_a_later_item_changes_no_earlier_state(values):
    model = make(**values)
    history = torch.tensor([[PADDING, 3, 1, 4, 7, 5]])
    for place in range(1, 6):
        other = history.clone()
        other[0, place] = 11
        one, two = model.states(history)[0], model.states(other)[0]
        assert torch.equal(one[:place], two[:place])
        assert (one[place:] - two[place:]).abs().amax(1).min() > 1e-6


@pytest.mark.parametrize("values", FORMS)
def test_padding_and_its_length_change_nothing(values):
    model = make(**values)
    short = model.states(torch.tensor([[3, 1, 4]]))
    for n in (1, 2, 3):
        padded = model.states(torch.tensor([[PADDING] * n + [3, 1, 4]]))
        assert torch.allclose(padded[:, n:], short, atol=1e-12)
        assert (padded[:, :n] == 0).all()
    assert short.abs().min() > 1e-6


def test_an_empty_history_has_the_zero_vector():
    history = torch.tensor([[PADDING, PADDING], [PADDING, 2]])
    scores = make().score_all(torch.zeros(2, dtype=torch.int64), history)
    assert (scores[0] == 0).all()
    assert scores[1].abs().min() > 0


@pytest.mark.parametrize("values", FORMS)
def test_the_last_state_alone_is_the_last_of_all_states(values):
    model = make(**values)
    history = torch.randint(ITEMS, (4, 5), generator=torch.Generator().manual_seed(2))
    users, items = torch.zeros(4, dtype=torch.int64), torch.arange(12).view(4, 3)
    want = (model.states(history)[:, -1].unsqueeze(1) * model.items[items]).sum(2)
    assert torch.allclose(model.score(users, history, items), want)


def test_post_norm_is_the_transformer_of_the_paper():
    """One block written out: attention over the past, ReLU between, norm after each short cut."""
    model = make(n_blocks=1)
    block, encoder = model.encoder.blocks[0], model.encoder
    history = torch.tensor([[4, 2, 9]])
    x = encoder.norm(model.items[history[0]] + encoder.positions[-3:])
    q, k, v = block.qkv(x).chunk(3, 1)
    for t in range(3):
        attention = torch.softmax(k[: t + 1] @ q[t] / 8**0.5, 0)
        mixed = block.norm_attention(x[t] + block.out(attention @ v[: t + 1]))
        want = block.norm_inner(mixed + block.down(F.relu(block.up(mixed))))
        assert torch.allclose(model.states(history)[0, t], want)


def test_positions_are_counted_from_the_end_and_matter():
    model = make()
    gradient = torch.autograd.grad(
        model.states(torch.tensor([[4, 2]])).sum(), model.encoder.positions
    )
    assert (gradient[0][:4] == 0).all()
    assert gradient[0][4:].abs().max() > 0


def test_initial_weights_have_the_declared_spread():
    model = fresh(SASRec, 1, 500, build(TrainConfig, {}))
    for weights in (model.items, model.encoder.blocks[1].up.weight, model.encoder.positions):
        assert abs(float(weights.detach().std()) - 0.02) < 0.001
    assert not model.encoder.blocks[0].out.bias.any()


def test_bfloat16_stays_inside_the_encoder():
    exact, rough = make().float(), make(autocast="bf16").float()
    history = torch.randint(ITEMS, (8, 6), generator=torch.Generator().manual_seed(3))
    one, two = (model.score_all(torch.zeros(8), history) for model in (exact, rough))
    assert two.dtype == torch.float32
    assert 1e-4 < (one - two).abs().max() / one.abs().max() < 0.05


def test_heads_must_divide_the_width():
    with pytest.raises(ConfigError, match="n_heads 3 does not divide embedding_size 8"):
        make(n_heads=3)


def test_dropout_keeps_the_mean_and_drops_its_share():
    torch.manual_seed(0)
    x = torch.ones(1000, 211, requires_grad=True)
    y = dropout(x, 0.3, training=True)
    y.sum().backward()
    assert float((y == 0).float().mean()) == pytest.approx(0.3, abs=0.005)
    assert float(y.detach().mean()) == pytest.approx(1, abs=0.01)
    assert len(y.detach().unique()) == 2
    assert torch.equal(x.grad, y.detach())
    columns = (y == 0).float().mean(0)
    assert columns.min() > 0.2  # no place of a random word is special
    assert columns.max() < 0.4
    assert torch.equal(dropout(x, 0.3, training=False), x)
