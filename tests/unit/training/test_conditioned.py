"""Whole runs of preference-conditioned training on planted data."""

import numpy as np
import pytest
import torch

from mobench.artifacts import partial
from mobench.config import EvalConfig, build
from mobench.data.dataset import Dataset
from mobench.errors import ConfigError, Interrupted, TrainingError
from mobench.evaluation.ranking import Ranker
from mobench.evaluation.run import evaluate, load_model
from mobench.report.compare import compare, load
from mobench.training.conditioning import Conditioner
from mobench.training.first_losses import first_losses
from mobench.training.run import resume, train
from mobench.training.spectrum import grid, obedience
from mobench.training.start import begin, make_loop
from tests.synthetic import write
from tests.unit.report.conftest import CONFIG
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import content, interrupted, stopped

NAMES = ("acc", "rev", "fair", "align")
SMALL = {"embedding_size": 8, "batch_size": 32}
VARIANTS = {
    "film": {},
    "concat": {"conditioning": "concat", "concentration": 0.5},
    "cosine": {"agreement": "cosine", "agreement_strength": 0.5, "objectives": ("rev", "align")},
    "nonuniformity": {"agreement": "nonuniformity", "sampler_mode": "reweight"},
    "lazy": {"optimizer": "lazy-adam"},
}
NO_TABLES = ("sasrec", "lazy")
"""Refused: all rows of its table change in every step."""


def base_of(root, backbone, **values):
    name = " ".join([backbone, "for conditioned", *values.values()])
    if not (root / "runs" / name).exists():
        trained(root, name, method="base", epochs=2, backbone=backbone, **SMALL, **values)
    return root / "runs" / name


CASES = [(b, name) for b in ("mf", "sasrec") for name in VARIANTS if (b, name) != NO_TABLES]


@pytest.mark.parametrize(("backbone", "name"), CASES)
def test_same_seed_same_bytes_also_when_interrupted(root, backbone, name):
    values = {"method": "conditioned", "backbone": backbone, "epochs": 2, "front_parts": 2}
    values |= {**SMALL, **VARIANTS[name]}
    lazy = {"optimizer": "lazy-adam"} if name == "lazy" else {}
    start, title = base_of(root, backbone, **lazy), f"{backbone} {name}"
    run = trained(root, title, start, **values)
    begun = make_plan(root, f"{title} again", start, **values)
    steps = begun.steps_per_epoch
    interrupted(train(begun), after=steps + 3)
    interrupted(resume(begun.path)[1], after=2)
    with pytest.raises(Interrupted, match="saved epoch 2"):  # while the front is validated
        stopped(resume(begun.path)[1], steps - 5 + 4)
    assert content(run) == content(finish(resume(partial(begun.path))[1])[1])
    table = run.read("steps.parquet")
    names = [n for n in NAMES if f"loss_{n}" in table]
    wishes = np.array([table[f"wish_{n}"] for n in names])
    assert wishes.sum(0) == pytest.approx(1)
    assert wishes.std(1).min() > 0.05
    assert np.isnan(table["beta"]).all()


def test_the_first_row_is_the_base(root, base):
    run = trained(root, "as base", base, method="conditioned", epochs=1, front_parts=1)
    control = trained(root, "as base too", base, method="continue", epochs=1)
    one, other = (each.read("history.parquet") for each in (run, control))
    for name in ("loss", "hit", "ndcg", "rhit", "min_hit", "pop_kl"):
        assert one[name][0] == other[name][0]
    n_head = 64 * 4 + 64 + 128 * 64 + 128
    found = [each.manifest.results["n_parameters"] for each in (run, control)]
    assert found[0] == found[1] + n_head


def test_weights_are_the_wishes_in_units_of_the_first_losses(root, base):
    values = {"method": "conditioned", "epochs": 1, "log_every": 1, "front_parts": 1}
    plan = make_plan(root, "units", base, **values)
    loop = make_loop(plan)
    state = begin(plan, loop)
    units = first_losses(state, loop)
    assert units[2] < 0.1 < units[0]
    steps = finish(train(plan))[1].read("steps.parquet")
    for name, unit in zip(NAMES, units, strict=True):
        assert steps[f"weight_{name}"] == pytest.approx(steps[f"wish_{name}"] / unit)
    pulled = trained(root, "pulled", base, agreement="cosine", **values).read("steps.parquet")
    assert pulled["wish_acc"] == pytest.approx(steps["wish_acc"])
    assert not np.allclose(pulled["weight_acc"], steps["weight_acc"])


def test_draws_are_dirichlet_and_go_on_where_they_were(root, base):
    means, spreads = [], []
    for concentration in (0.2, 5.0):
        values = {"method": "conditioned", "concentration": concentration}
        config = make_plan(root, "draws", base, **values).config
        whole = Conditioner(config, 500, "cpu")._draw(3).numpy()
        means.append(whole.mean(0))
        spreads.append(whole.var(0).mean())
        assert spreads[-1] == pytest.approx(0.25 * 0.75 / (4 * concentration + 1), rel=0.15)
    assert np.array(means) == pytest.approx(0.25, abs=0.06)


def scored(root, run, wishes):
    """Metrics of a run at a preference, on the test split."""
    config = build(EvalConfig, {"preference": wishes, "resamples": 50})
    name = f"{run.path.name} at {'-'.join(f'{w:g}' for w in wishes)}"
    return evaluate(config, run.path, root / "metrics" / name).artifact


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with a dataset where taste says cheap and revenue says dear, and a base."""
    root = tmp_path_factory.mktemp("shop")
    rng = np.random.default_rng(4)
    n_users, n_items, each = 600, 60, 12
    dear = np.arange(n_items) % 3 == 0
    appeal = np.where(dear, 1.0, 2.0)
    item = [
        rng.choice(n_items, each, replace=False, p=appeal / appeal.sum()) for _ in range(n_users)
    ]
    split = np.tile(["train"] * (each - 2) + ["val", "test"], n_users)
    price = np.where(dear, 20.0, 1.0)
    user = np.repeat(np.arange(n_users), each)
    write(
        root / "datasets" / "toy", user, np.concatenate(item), split, price, np.arange(n_items) % 4
    )
    trained(root, "base", method="base", epochs=6, embedding_size=4)  # too few to memorise
    return root


@pytest.fixture(scope="module")
def rich(shop):
    """A run for accuracy and revenue, trained until wishes show."""
    start = shop / "runs" / "base"
    return trained(shop, "rich", start, method="conditioned", objectives=("rev",), epochs=3)


def test_more_wish_for_revenue_gives_more_of_it(shop, rich):
    values = [scored(shop, rich, w).manifest.results["metrics"] for w in ((1, 0), (0, 1))]
    assert values[1]["rhit@10"] > 1.2 * values[0]["rhit@10"]
    table = rich.read("front.parquet")
    assert len(table["wish_rev"]) == 26
    follows = rich.manifest.results["follows"]
    assert min(follows.values()) > 0.8
    rows = [{k: table[k][n] for k in ("wish_rev", "rhit")} for n in range(26)]
    assert follows["rev"] == pytest.approx(obedience(rows, ["rev"])["rev"])


def test_the_front_is_what_evaluation_finds(shop, rich):
    dataset = Dataset.load(shop / "datasets" / "toy")
    table = rich.read("front.parquet")
    for n in (0, 11, 25):
        wishes = [table["wish_acc"][n], table["wish_rev"][n]]
        model = load_model(rich, dataset, "cpu", wishes)
        top = Ranker(dataset, "val", 10, 0, "cpu").rank(model)
        assert (top.rank <= 10).mean() == pytest.approx(table["hit"][n])
        found = scored(shop, rich, wishes).manifest.results
        assert found["run_val"]["hit"] == pytest.approx(table["hit"][n])
        assert found["valid_on_val"] == table["valid"][n]
        assert list(found["wishes"].values()) == pytest.approx(wishes)


def test_a_report_shows_one_training_as_a_front(shop, rich):
    wishes = ((0.9, 0.1), (0.5, 0.5), (0.1, 0.9))
    paths = [scored(shop, rich, w).path for w in wishes]
    config = build(EvalConfig, {"resamples": 50})
    base = shop / "runs" / "base"
    paths.append(evaluate(config, base, shop / "metrics" / "base for a front").artifact.path)
    same = evaluate(config, rich.path, shop / "metrics" / "rich by itself").artifact.path
    (shop / "datasets" / "toy").rename(shop / "gone")  # written by hand: it has no funnel to show
    made = compare(load(paths), CONFIG)
    labels = {row.label for row in made.of_role("method")}
    assert labels == {"conditioned acc-heavy", "conditioned equal", "conditioned rev-heavy"}
    assert made.row("conditioned rev-heavy").wish.shares == pytest.approx({"acc": 0.1, "rev": 0.9})
    (front,) = (one for one in made.fronts if len(one.members) == 3)
    assert front.budget.trainings == 1
    assert made.row("conditioned equal").budget.trainings == 1
    with pytest.raises(ConfigError, match="same configuration and seed"):
        compare(load([*paths, same]), CONFIG)
    (shop / "gone").rename(shop / "datasets" / "toy")


def test_a_preference_is_for_conditioned_runs_and_for_all_objectives(root, base, rich):
    with pytest.raises(ConfigError, match="a base run has one model for one preference"):
        evaluate(build(EvalConfig, {"preference": "1,1"}), base, root / "metrics" / "never")
    with pytest.raises(ConfigError, match=r"3 values for 2 objectives \(acc, rev\)"):
        evaluate(build(EvalConfig, {"preference": "1,1,1"}), rich.path, root / "metrics" / "never")
    for bad in ("-1,2", "0,0", "nan,1"):
        with pytest.raises(ConfigError, match="preference"):
            build(EvalConfig, {"preference": bad})
    assert build(EvalConfig, {"preference": "2,8"}) == build(EvalConfig, {"preference": "0.2,0.8"})
    assert not (root / "metrics" / "never").exists()


def test_the_grid_is_all_mixes(root, base):
    plan = make_plan(root, "grid", base, method="conditioned")
    found = np.array(grid(plan.config))
    assert found.shape == (35, 4)
    assert len(np.unique(found, axis=0)) == 35
    assert found.sum(1) == pytest.approx(1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"method": "static", "conditioning": "concat"}, "conditioning does nothing for"),
        ({"method": "morec", "concentration": 2}, "concentration does nothing for"),
        ({"method": "mgda", "agreement": "cosine"}, "agreement does nothing for"),
        ({"agreement_strength": 2}, "agreement_strength does nothing for"),
        ({"method": "continue", "front_parts": 2}, "front_parts does nothing for"),
        ({"objectives": ("acc",)}, "conditioned weighs objectives"),
        ({"normalise": "loss"}, "normalise does nothing for"),
        ({"sampler": "uniform"}, "sampler does nothing for"),
        ({"keep_accuracy": 0.97}, "keep-accuracy does nothing for"),
        ({"fair_loss": "pearson-literal"}, "fair_loss pearson-literal can be below 0"),
        ({"preference": (1, 1)}, "2 values for 3 objectives"),
    ],
)
def test_settings_that_it_would_not_look_at_are_refused(root, base, values, message):
    with pytest.raises(ConfigError, match=message):
        make_plan(root, "refused", base, **{"method": "conditioned", **values})


def test_losses_that_are_no_units_are_refused(root, base):
    config = make_plan(root, "no units", base, method="conditioned").config
    with pytest.raises(TrainingError, match="losses before training are no units"):
        Conditioner(config, 3, "cpu").start(np.array([0.5, 0.3, 0.0, 0.1]))


def test_tries_draw_shares_and_concentrations(root, base):
    run = trained(root, "searched", base, method="conditioned", tries=3, epochs=1, front_parts=1)
    trials = run.read("trials.parquet")
    assert len(set(zip(trials["acc_share"], trials["concentration"], strict=True))) == 3
    best = trials["score"].argmax()
    if trials["valid"].all():
        assert run.manifest.config["concentration"] == trials["concentration"][best]


def test_a_step_descends_the_whole_loss_for_its_preference(root, base):
    """The gradient that Adam sees is that of Σ r l / l⁰ + term, by autograd in one go."""
    from mobench.training.agreement import cosine
    from mobench.training.batches import Scorer
    from mobench.training.loop import begin_epoch, make_step

    plan = make_plan(root, "descends", base, method="conditioned", agreement="cosine")
    loop = make_loop(plan)
    state = begin(plan, loop)
    batches = begin_epoch(state, loop)
    step = make_step(state, loop)
    place = state.negatives.state_dict()
    state.optimizer.step = lambda: None
    step.weight_decay = 0.0
    step(loop.data, batches[0])
    got = {name: p.grad.clone() for name, p in state.model.named_parameters()}
    state.negatives.load_state_dict(place)
    state.optimizer.zero_grad()
    scorer = Scorer(state.model, loop.data, state.negatives, plan.config.n_negatives)
    units, wishes = state.coordinator.initial, state.coordinator.now
    losses = step.losses(scorer, batches[0]).double() / units
    (wishes @ losses + cosine(wishes, losses)).backward()
    for name, parameter in state.model.named_parameters():
        assert torch.allclose(got[name], parameter.grad, atol=1e-5, rtol=1e-3), name
    assert got["head.out.weight"].abs().max() > 0
