"""The losses on uniform rows against loops, SciPy and finite differences."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr

from mobench.config import TrainConfig, build
from mobench.data.dataset import Dataset
from mobench.errors import ConfigError
from mobench.models import bce_loss, bpr_loss
from mobench.training.batches import Predictions, Rows, Scorer
from mobench.training.data import TrainData, sampler
from mobench.training.start import make_loop, make_model
from mobench.training.substitutes import Substitutes, literal_pearson, squared_pearson
from tests.unit.training.helpers import make_plan

N_GROUPS = 5


def scored(seed=0, rows=12, n=4):
    rng = np.random.default_rng(seed)
    scores = torch.from_numpy(rng.normal(size=(rows, n)))
    return scores, torch.from_numpy(rng.integers(0, N_GROUPS - 1, (rows, n)))  # group 4 is absent


def test_squared_pearson_is_the_mean_of_scipys():
    scores, groups = scored()
    flat = scores.flatten().numpy()
    found = [pearsonr(flat, groups.flatten().numpy() == g)[0] ** 2 for g in range(N_GROUPS - 1)]
    got = squared_pearson(scores, groups, N_GROUPS)
    assert float(got) == pytest.approx(np.mean(found), rel=1e-10)
    assert float(got) > 1e-3


def test_literal_pearson_is_scipys_over_the_codes():
    scores, groups = scored(3)
    want = pearsonr(scores.flatten().numpy(), groups.flatten().numpy())[0]
    assert float(literal_pearson(scores, groups, N_GROUPS)) == pytest.approx(want, rel=1e-10)
    assert abs(want) > 1e-3


@pytest.mark.parametrize("correlation", [squared_pearson, literal_pearson])
def test_correlations_have_the_gradient_of_finite_differences(correlation):
    scores, groups = scored(1)
    assert torch.autograd.gradcheck(
        lambda x: correlation(x, groups, N_GROUPS), scores.requires_grad_()
    )


@pytest.mark.parametrize("correlation", [squared_pearson, literal_pearson])
def test_correlations_know_neither_shift_nor_scale(correlation):
    scores, groups = scored(2)
    first, second = (correlation(x, groups, N_GROUPS) for x in (scores, 7 * scores - 3))
    assert float(first) == pytest.approx(float(second), rel=1e-9)


@pytest.mark.parametrize("correlation", [squared_pearson, literal_pearson])
@pytest.mark.parametrize("constant", ["scores", "groups"])
def test_without_variation_there_is_no_correlation_and_no_gradient(correlation, constant):
    scores, groups = scored()
    scores = torch.full_like(scores, 0.3) if constant == "scores" else scores
    groups = torch.full_like(groups, 2) if constant == "groups" else groups
    value = correlation(scores.requires_grad_(), groups, N_GROUPS)
    assert float(value.detach()) == pytest.approx(0, abs=1e-12)
    (gradient,) = torch.autograd.grad(value, scores)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() < 1e-6


def test_scores_that_follow_a_group_correlate_fully():
    groups = torch.tensor([0, 1, 0, 1, 1])
    assert float(squared_pearson(groups * 2.0, groups, 2)) == pytest.approx(1)


@pytest.fixture(scope="module")
def toy(root):
    dataset = Dataset.load(root / "datasets" / "toy")
    return dataset, TrainData.load(dataset, "cpu")


NAMES = ("acc", "rev", "fair", "align")


def all_losses(toy, names=NAMES, **options):
    dataset, data = toy
    return Substitutes(names, dataset.items, data, Rows(), **options)


def predictions(toy, scores):
    _, data = toy
    rows = torch.arange(3, 3 + len(scores)) * 7
    items = torch.cat((data.items[rows].unsqueeze(1), torch.arange(2 * len(rows)).view(-1, 2)), 1)
    return Predictions(scores, items, rows, torch.full((len(rows),), 1 / len(rows)))


def test_values_are_those_of_a_loop_over_the_block(toy):
    dataset, data = toy
    scores = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    seen = predictions(toy, scores)
    scorer = SimpleNamespace(loss=lambda s: bpr_loss(s[:, 0], s[:, 1:]))
    acc, rev, fair, align = torch.stack(all_losses(toy)(scorer, seen)).tolist()
    each = scorer.loss(scores).numpy().astype(float)
    item = data.items[seen.rows].numpy()
    price, pop = dataset.items.revenue, dataset.items.n_train
    train = dataset.splits["train"].item
    assert acc == pytest.approx(each.mean(), rel=1e-5)
    want = sum(price[i] * loss for i, loss in zip(item, each, strict=True)) / 10
    assert rev == pytest.approx(want / price[train].mean(), rel=1e-5)
    want = sum(loss / pop[i] for i, loss in zip(item, each, strict=True)) / 10
    # mean(1 / pop) over the train rows is items / rows, so its reciprocal is the items' mean pop
    assert align == pytest.approx(want * pop[pop > 0].mean(), rel=1e-5)
    group = dataset.items.fair_group[seen.items.numpy()].flatten()
    flat = scores.flatten().numpy()
    want = np.mean([pearsonr(flat, group == g)[0] ** 2 for g in np.unique(group)])
    assert fair == pytest.approx(want, rel=1e-5)


def test_every_loss_has_the_gradient_of_finite_differences(toy):
    losses = all_losses(toy)
    losses.weights = {name: value.double() for name, value in losses.weights.items()}
    scores = torch.randn(6, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    scorer = SimpleNamespace(loss=lambda s: bce_loss(s[:, 0], s[:, 1:]))

    def all_of(x):
        seen = predictions(toy, x)
        return tuple(losses(scorer, Predictions(x, seen.items, seen.rows, seen.shares.double())))

    assert torch.autograd.gradcheck(all_of, scores.requires_grad_())


def test_weights_have_mean_one_over_the_train_rows(toy):
    for name, weights in all_losses(toy).weights.items():
        assert float(weights.mean()) == pytest.approx(1, rel=1e-5), name
        assert (weights.std() > 0.1) == (name != "acc")


def test_the_order_of_the_objectives_is_kept(toy):
    scores = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    scorer = SimpleNamespace(loss=lambda s: bpr_loss(s[:, 0], s[:, 1:]))
    every = dict(
        zip(
            NAMES,
            torch.stack(all_losses(toy)(scorer, predictions(toy, scores))).tolist(),
            strict=True,
        )
    )
    names = ("align", "acc", "fair")
    some = torch.stack(all_losses(toy, names)(scorer, predictions(toy, scores))).tolist()
    assert some == [every[name] for name in names]


def test_an_objective_without_a_substitute_is_refused(toy):
    with pytest.raises(ConfigError, match="'novelty' has no differentiable substitute"):
        all_losses(toy, ("acc", "novelty"))


FORMS = {
    "mf, draw": {},
    "mf, reweight": {"sampler_mode": "reweight"},
    "positions, draw": {"backbone": "sasrec"},
    "positions, reweight": {"backbone": "sasrec", "sampler_mode": "reweight"},
    "rows, draw": {"backbone": "sasrec", "targets": "rows"},
}


@pytest.mark.parametrize("form", FORMS)
def test_predictions_have_the_pooled_loss_of_continue(root, base, form):
    """On every kind of batch Σ shares · loss is what ``continue`` trains on."""
    values = {**FORMS[form], **({"dropout": 0.0} if "backbone" in FORMS[form] else {})}
    of_base = {name: value for name, value in values.items() if name != "sampler_mode"}
    plan = make_plan(root, "never", method="base", **of_base)
    loop, model = make_loop(plan), make_model(plan).train()
    config = build(TrainConfig, {**values, "method": "continue", "batch_size": 32})
    ids = sampler(plan.dataset, config, {}, positions="positions" in form).batches()
    assert ids.shape[1] == (1 if "reweight" in form else 4)
    batch = loop.source.epoch(ids, loop.data)[0]
    first, second = (
        Scorer(model, loop.data, loop.data.negatives(config, "n"), 3) for _ in range(2)
    )
    with torch.no_grad():
        pooled = float(loop.source.losses(first, batch, None, pooled=True)[0])
        seen = loop.source.predict(second, batch)
        assert float(seen.shares @ second.loss(seen.scores)) == pytest.approx(pooled, rel=1e-5)
    assert seen.scores.shape == seen.items.shape == (len(seen.rows), 4)
    assert torch.equal(seen.items[:, 0], loop.data.items[seen.rows])
    assert pooled > 0.1
