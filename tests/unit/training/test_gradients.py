"""Gradients on touched rows against dense ones, whatever is looked up and how."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mobench.config import TrainConfig, build
from mobench.errors import TrainingError
from mobench.models import mf
from mobench.models.lookup import pair_scores
from mobench.training.batches import Scorer
from mobench.training.combine import Combiner
from mobench.training.gradients import (
    check_gramian,
    dense_gramian,
    gramian,
    jacobian,
)
from mobench.training.lookups import Lookups
from mobench.training.loop import begin_epoch, make_step
from mobench.training.optimizer import Adam, LazyAdam, add_decay
from mobench.training.start import begin, make_loop
from mobench.training.step import GramianStep, Streams
from tests.unit.training.helpers import make_plan, trained

TWO_TOWER = str(Path(__file__).parents[2] / "contracts" / "two_tower.py")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def table(rows, width=3, seed=0):
    return nn.Parameter(torch.randn(rows, width, generator=generator(seed)))


def both(parameters, losses):
    """Return parts on touched rows and dense gradients of the same losses."""
    with Lookups(parameters) as lookups:
        found = losses()
    parts = jacobian(found, parameters, lookups.made)
    plain = [torch.autograd.grad(loss, parameters, retain_graph=True) for loss in losses()]
    return parts, [torch.stack(each) for each in zip(*plain, strict=True)]


def whole(part):
    """Return the gradients of a part as large as its parameter."""
    gradients = torch.stack(list(part.gradients))
    if part.rows is None:
        return gradients
    full = torch.zeros(len(gradients), *part.parameter.shape)
    full[:, part.rows] = gradients
    return full


def check(parts, dense, touched):
    assert [None if part.rows is None else part.rows.tolist() for part in parts] == touched
    for part, want in zip(parts, dense, strict=True):
        assert torch.allclose(whole(part), want, rtol=1e-5, atol=1e-6)
    flat = torch.cat([each.flatten(1) for each in dense], 1).double()
    assert gramian(parts, len(flat)) == pytest.approx((flat @ flat.T).numpy(), rel=1e-5)
    assert flat.abs().max() > 0.1


def test_repeated_ids_in_two_calls_share_their_rows():
    """Positives and negatives meet in a row: gradients add up before they are multiplied."""
    items = table(9)
    first, second = torch.tensor([1, 1, 4]), torch.tensor([[4, 7], [1, 1]])

    def losses():
        a, b = F.embedding(first, items), F.embedding(second, items)
        return torch.stack((a.square().sum() + b.sum(), (a.sum(0) * b.sum((0, 1))).sum()))

    check(*both([items], losses), [[1, 4, 7]])


def test_tables_and_plain_parameters_together():
    users, items, layer = table(8, seed=1), table(9, seed=2), table(3, seed=3)
    u, i = torch.tensor([0, 5, 5]), torch.tensor([[1, 2], [2, 8], [8, 8]])

    def losses():
        scores = pair_scores(users, items, u, i)
        bent = F.embedding(u, users) @ layer
        return torch.stack((scores.sigmoid().sum(), bent.square().mean(), scores[0].sum()))

    check(*both([users, items, layer], losses), [[0, 5], [1, 2, 8], None])


def test_a_table_that_is_also_used_as_a_whole_has_a_dense_gradient():
    items = table(5)
    ids = torch.tensor([0, 0, 3])

    def losses():
        rows = F.embedding(ids, items)
        return torch.stack(((rows @ items.T).square().sum(), rows.sum()))

    check(*both([items], losses), [None])


def test_a_loss_may_leave_a_table_alone():
    users, items, unused = table(4, seed=1), table(4, seed=2), table(2)

    def losses():
        rows = F.embedding(torch.tensor([2]), items)
        return torch.stack((rows.sum() + F.embedding(torch.tensor([1]), users).sum(), rows.sum()))

    with Lookups([users, items, unused]) as lookups:
        found = losses()
    parts = jacobian(found, [users, items, unused], lookups.made)
    assert [part.parameter is want for part, want in zip(parts, (users, items), strict=True)]
    assert parts[0].gradients[1].abs().max() == 0 < parts[0].gradients[0].abs().min()


@pytest.mark.parametrize("padding", [0, 3, -1])
def test_padding_of_an_embedding_has_no_gradient(padding):
    layer = nn.Embedding(6, 3, padding_idx=padding)
    nn.init.normal_(layer.weight, generator=generator(4))
    ids = torch.tensor([[0, 1], [3, 5]])

    def losses():
        return layer(ids).square().sum((1, 2))

    check(*both([layer.weight], losses), [[0, 1, 3, 5]])


def test_options_that_act_on_all_rows_go_the_dense_way():
    layer = nn.Embedding(6, 3, scale_grad_by_freq=True)
    ids = torch.tensor([1, 1, 2])
    check(*both([layer.weight], lambda: layer(ids).square().sum((1,))), [None])


class Squared(torch.autograd.Function):
    @staticmethod
    def forward(ctx, weights, ids):
        ctx.save_for_backward(weights, ids)
        return F.embedding(ids, weights).square().sum(1)

    @staticmethod
    def backward(ctx, grad):
        weights, ids = ctx.saved_tensors
        rows = 2 * F.embedding(ids, weights) * grad.unsqueeze(1)
        return torch.zeros_like(weights).index_add_(0, ids, rows), None


def test_a_function_with_its_own_gradient_keeps_it():
    items = table(6)
    ids = torch.tensor([1, 1, 5])
    check(*both([items], lambda: Squared.apply(items, ids)), [None])


# In whole steps of every kind of model.

STEPS = {
    "mf": {},
    "mf, sparse": {},
    "mf, adaptive": {"method": "morec", "coordinator": "mgda"},
    "mf, reweight": {"method": "morec", "coordinator": "mgda", "sampler_mode": "reweight"},
    "sasrec, positions": {"backbone": "sasrec"},
    "sasrec, adaptive": {"backbone": "sasrec", "method": "morec", "coordinator": "mgda"},
    "sasrec, rows": {"backbone": "sasrec", "targets": "rows"},
    "two-tower": {"backbone": TWO_TOWER},
}


def running(root, name, values):
    """Return state and loop of a run that has not begun, from a base of its own backbone."""
    given = {"method": "mgda", "embedding_size": 8, "batch_size": 16, **values}
    shared = {
        n: given[n] for n in ("backbone", "embedding_size", "batch_size", "targets") if n in given
    }
    base = root / "runs" / f"base of {name}"
    if not base.exists():
        trained(root, base.name, method="base", epochs=1, **shared)
    plan = make_plan(root, "never", base, **given)
    loop = make_loop(plan)
    return begin(plan, loop), loop


@pytest.mark.parametrize("name", STEPS)
def test_the_gramian_of_a_step_is_the_dense_one(root, monkeypatch, name):
    if name == "mf, sparse":  # the route of large catalogues
        monkeypatch.setattr(mf, "DENSE_RATIO", 0)
    state, loop = running(root, name.partition(",")[0] + name[-4:], STEPS[name])
    batch = begin_epoch(state, loop)[0]
    step = make_step(state, loop)
    assert isinstance(step, GramianStep)
    scorer = Scorer(state.model, loop.data, state.negatives, loop.config.n_negatives)
    streams = Streams(state.negatives)
    with Lookups(step.parameters) as lookups:
        losses = step.losses(scorer, batch)
    parts = jacobian(losses, step.parameters, lookups.made)
    found = gramian(parts, len(losses))
    with streams.again():
        dense = dense_gramian(step.losses(scorer, batch), step.parameters)
    scale = np.sqrt(np.outer(dense.diagonal(), dense.diagonal()))
    assert (np.abs(found - dense) / scale).max() < 1e-4
    assert scale.min() > 0
    assert np.linalg.matrix_rank(dense / scale) > 1
    sparse = {
        n
        for n, p in state.model.named_parameters()
        for q in parts
        if q.parameter is p and q.rows is not None
    }
    assert sparse == {
        "mf": {"users"},  # 60 items: all are scored at once
        "mf, adaptive": {"users"},
        "mf, reweight": {"users"},
        "mf, sparse": {"users", "items"},
        "two-tower": {"users"},
    }.get(name, {"items"})


def test_a_wrong_gradient_is_found_in_the_first_step(root, monkeypatch):
    state, loop = running(root, "mf  mf", {})
    batch = begin_epoch(state, loop)[0]
    step = make_step(state, loop)
    read = Lookups._read
    monkeypatch.setattr(Lookups, "_read", lambda self, t, ids: read(self, t, ids.flip(0)))
    with pytest.raises(TrainingError, match="are not those of the whole tables: Gramian"):
        step(loop.data, batch)


def test_the_check_knows_rounding_from_errors():
    dense = np.array([[4.0, 1e-4], [1e-4, 1e-8]])
    check_gramian(dense * (1 + 1e-5), dense)
    with pytest.raises(TrainingError):
        check_gramian(dense + np.array([[0, 1e-6], [1e-6, 0.0]]), dense)
    with pytest.raises(TrainingError):
        check_gramian(np.full((2, 2), np.nan), dense)


# The combined gradient.


@pytest.mark.parametrize("kind", [Adam, LazyAdam])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_steps_are_those_of_one_backward_pass_of_the_weighted_sum(kind, decay):
    """Also over several steps, whose rows differ, and for tables used as a whole."""
    ends = [ended(kind, decay, recorded=recorded) for recorded in (True, False)]
    assert torch.allclose(*ends, atol=2e-6)
    assert not torch.allclose(ends[0][:7], table(7, seed=1), atol=0.05)


def ended(kind, decay, *, recorded):
    """Return the parameters after four steps."""
    users, items, layer = parameters = [table(7, seed=1), table(9, seed=2), table(3, seed=3)]
    lazy = kind is LazyAdam
    groups = [{"params": [users, items], "lazy": lazy}, {"params": [layer], "lazy": False}]
    optimizer = kind(groups, 0.1)
    combine, weights = Combiner(optimizer), [0.7, -0.4]

    def losses(u, i):
        scores = pair_scores(users, items, u, i)
        return torch.stack((scores.sigmoid().sum(), (F.embedding(u, users) @ layer).sum()))

    for n in range(4):
        ids = torch.tensor([n, n, 5]), torch.tensor([[n, 8], [n + 1, n + 1], [0, n]])
        if recorded:
            with Lookups(parameters) as lookups:
                found = losses(*ids)
            combine(jacobian(found, parameters, lookups.made), weights)
            optimizer.step(decay)
        else:
            optimizer.zero_grad()
            (torch.tensor(weights) @ losses(*ids)).backward()
            add_decay(optimizer, torch.tensor(decay))
            optimizer.step()
    return torch.cat(parameters).detach()


def test_a_row_without_gradient_stays_where_it_is_under_lazy_adam():
    items = table(5)
    optimizer = LazyAdam([{"params": [items], "lazy": True}], 0.1)
    combine, before = Combiner(optimizer), items.detach().clone()
    for weights in ([1.0, 0.0], [0.0, 1.0]):
        with Lookups([items]) as lookups:
            rows = F.embedding(torch.tensor([1, 3]), items)
            losses = torch.stack((rows[0].sum(), rows[1].sum()))
        combine(jacobian(losses, [items], lookups.made), weights)
        optimizer.step(0.5)
    moved = (items.detach() - before).abs().max(1).values
    assert (moved > 0).tolist() == [False, True, False, True, False]
    assert moved[1] == pytest.approx(0.1, rel=1e-3)  # one step each, not two


def test_settings_reach_the_steps(root):
    config = build(TrainConfig, {"method": "epo", "acc_share": 0.4, "preference": (1, 2, 1)})
    assert config.wishes == pytest.approx((0.4, 0.15, 0.3, 0.15))
    values = {"method": "epo", "acc_share": 0.4, "normalise": "loss+", "solve_every": 3}
    state, _ = running(root, "mf  mf", values)
    coordinator = state.coordinator
    assert coordinator.preference == pytest.approx((0.4, 0.2, 0.2, 0.2))
    assert (coordinator.solver.how, coordinator.every) == ("loss+", 3)
    assert coordinator.solver.initial.min() > 0
