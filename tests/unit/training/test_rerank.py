"""Re-ranking against a sort in plain Python, and whole runs of it."""

import numpy as np
import pytest
import torch

from mobench.artifacts import partial
from mobench.config import EvalConfig, build
from mobench.data.dataset import Dataset
from mobench.errors import ConfigError, Interrupted
from mobench.evaluation.ranking import Ranker
from mobench.evaluation.run import evaluate, load_model
from mobench.metrics.comparison import imp
from mobench.models import Reranked
from mobench.models.reranked import levels
from mobench.objectives import Settings, Validation
from mobench.training.rerank import run as reranking
from mobench.training.rerank.run import begin
from mobench.training.rerank.terms import TERMS, Seen, group_deficit, popularity_gap, price
from mobench.training.rerank.trials import Candidates
from mobench.training.run import resume, train
from mobench.training.start import make_loop, make_model
from tests.unit.evaluation.test_ranking import Table
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import content

MIXES = [(1, 0, 0, 0), (0.4, 0.3, 0.2, 0.1), (0, 0.5, 0.5, 0), (0, 0, 1, 0), (0.7, 0, 0, 0.3)]


@pytest.fixture
def dataset(root) -> Dataset:
    return Dataset.load(root / "datasets" / "toy")


def by_hand(dataset, scores, values, mix, n, split="val"):
    """Rank and list of each row by sorting in plain Python, scores ``[U, I]``."""
    ranker = Ranker(dataset, split, 1, 0, "cpu")
    place = ranker.place.numpy()
    known = ["train"] if split == "val" else ["train", "val"]
    ranks, lists = [], []
    for user, target in zip(dataset.splits[split].user, dataset.splits[split].item, strict=True):
        seen = {
            int(i)
            for name in known
            for u, i in zip(dataset.splits[name].user, dataset.splits[name].item, strict=True)
            if u == user
        } - {int(target)}
        items = [i for i in range(dataset.n_items) if i not in seen]
        items.sort(key=lambda i: (-scores[user, i], place[i]))
        first, rest = items[:n], items[n:]
        high, low = scores[user, first[0]], scores[user, first[-1]]
        worth = {
            i: np.float32((values[:, i] * np.array(mix[1:])).sum())
            + np.float32((float(scores[user, i]) - float(low)) / ((float(high) - low) or 1))
            * np.float32(max(mix[0], 1e-30))
            for i in first
        }
        first.sort(key=lambda i: (-worth[i], -scores[user, i], place[i]))
        ranks.append([*first, *rest].index(target) + 1)
        lists.append([*first, *rest])
    return np.array(ranks), lists


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize(
    ("kind", "n"), [("trained", 10), ("trained", 17), ("trained", 200), ("few scores", 200)]
)
def test_a_try_and_the_model_rank_as_a_sort_does(root, base, dataset, mix, kind, n):
    """Scores of few kinds tie everywhere, but no tie may cross the last candidate."""
    plan = make_plan(root, "never", base, method="rerank", n_candidates=n)
    loop, model = make_loop(plan), make_model(plan)
    if kind == "few scores":
        rng = np.random.default_rng(3)
        table = rng.integers(0, 4, (dataset.n_users, dataset.n_items)).astype(np.float32)
        model = Table(torch.from_numpy(table))
    with torch.inference_mode():
        scores = model.score_all(torch.arange(dataset.n_users), None).numpy()
    trials = begin(plan, loop, Candidates.collect(loop.validator, model, n))
    wanted = torch.tensor(mix, dtype=torch.float64)
    ranks, lists = by_hand(dataset, scores, trials.values.numpy(), mix, n)
    tried = trials.candidates.ordered(trials.values, wanted, 10)
    made = loop.validator.ranker.rank(Reranked(model, trials.values, wanted, n).eval())
    for found in (tried, made):
        assert found.items.tolist() == [items[:10] for items in lists]
        assert found.rank.tolist() == ranks.tolist()
    if mix[0] < 1:
        assert (ranks != trials.candidates.base.rank).any()


@pytest.mark.parametrize("split", ["val", "test"])
def test_the_score_alone_gives_the_base_exactly(root, base, dataset, split):
    plan = make_plan(root, "never", base, method="rerank")
    rng = np.random.default_rng(5)
    fine = rng.normal(size=(dataset.n_users, dataset.n_items)) * 10.0 ** rng.integers(
        -6, 6, (dataset.n_users, 1)
    )
    rough = rng.integers(0, 3, fine.shape)
    close = 1 + rng.integers(0, 9, fine.shape) * 2.0**-23
    values = torch.rand((3, dataset.n_items), dtype=torch.float64)
    models = [
        make_model(plan),
        *(Table(torch.tensor(t, dtype=torch.float32)) for t in (fine, rough, close)),
    ]
    ranker = Ranker(dataset, split, 20, 0, "cpu")
    for model in models:
        one = ranker.rank(model.eval())
        for n in (20, 200):
            mix = torch.tensor([1.0, 0, 0, 0], dtype=torch.float64)
            other = ranker.rank(Reranked(model, values, mix, n).eval())
            if n == 200 or model is models[0]:
                assert np.array_equal(one.items, other.items)
                assert np.array_equal(one.rank, other.rank)


def test_levels_are_equal_only_for_equals_in_both():
    best = torch.tensor([[5.0, 4.0, 4.0, 3.0, 3.0]])
    found = torch.tensor([[0.0, 1.0, 1.0, 1.0, 0.0]])
    assert levels(found, best).tolist() == [[3, 5, 5, 4, 2]]


def test_what_may_not_be_recommended_stays_out():
    inf = float("inf")
    values = torch.ones((1, 5), dtype=torch.float64)
    model = Reranked(Table(torch.zeros(1, 5)), values, torch.tensor([0.5, 0.5]).double(), 3)
    scores = torch.tensor([[2.0, -inf, 1.0, -inf, -inf], [-inf] * 5, [1, 2, float("nan"), 0, 0]])
    out = model.rerank(scores, torch.arange(5))
    assert out[0].tolist() == [3, -inf, 2, -inf, -inf]
    assert (out[1] == -inf).all()
    assert out[2].isnan().sum() == 1


def seen(dataset, rank, lists, **settings) -> Seen:
    target = dataset.splits["val"].item
    base = Validation(target, rank, np.zeros(len(rank)), lists)
    return Seen(dataset.items, dataset.target_share, base, Settings(**settings))


def test_terms_by_hand(dataset):
    target = dataset.splits["val"].item
    group = dataset.items.fair_group
    rank = np.where(np.isin(group[target], (0, 2)), 1, 99)  # groups 1 and 3 are never hit
    first = np.flatnonzero(group[target] == 2)[0]
    rank[first] = 99
    lists = np.zeros((len(target), 10), np.int32)  # item 0 for all: a popular one
    found = seen(dataset, rank, lists, min_group_size=1)
    dear = dataset.items.price.argmax()
    assert price(found)[dear] == 1
    assert price(found)[3] == np.log1p(dataset.items.price[3]) / np.log1p(dataset.items.price[dear])
    n = (group[target] == 2).sum()
    expected = {0: 0.0, 1: 1.0, 2: 1 / n, 3: 1.0}
    assert group_deficit(found) == pytest.approx(np.array([expected[g] for g in group]))
    gaps = dataset.target_share - np.eye(5)[dataset.items.pop_group[0]]
    scaled = (gaps - gaps.min()) / (gaps.max() - gaps.min())
    assert popularity_gap(found) == pytest.approx(scaled[dataset.items.pop_group])


def test_groups_too_small_to_judge_have_no_deficit(dataset):
    rank = np.full(len(dataset.splits["val"]), 99)
    lists = np.zeros((len(rank), 10), np.int32)
    assert not group_deficit(seen(dataset, rank, lists, min_group_size=10_000)).any()
    assert not group_deficit(seen(dataset, rank, lists, min_group_size=1)).any()  # all equal


def test_terms_lie_between_0_and_1(root, base):
    plan = make_plan(root, "never", base, method="rerank", min_group_size=1)
    loop = make_loop(plan)
    trials = begin(plan, loop, Candidates.collect(loop.validator, make_model(plan), 30))
    assert len(trials.values) == len(TERMS) == 3
    assert trials.values.min(1).values.tolist() == pytest.approx([0, 0, 0], abs=0.3)
    assert trials.values.max(1).values.tolist() == [1, 1, 1]


def test_a_run_holds_what_was_chosen_and_why(root, base):
    run = trained(root, "rerank", base, method="rerank", min_base_hits=1)
    results = run.manifest.results
    rows = run.read("trials.parquet")
    assert results["tries"] == len(rows["imp"]) == 286
    assert {e.path for e in run.manifest.files} == {
        *("config.json", "history.parquet", "model.safetensors", "run.log", "trials.parquet")
    }
    kept = np.array(rows["hit"]) / results["base_val"]["hit"]
    assert np.array_equal(np.array(rows["valid"]), kept >= 0.97 - 1e-12)
    names = ("hit", "ndcg", "mrr", "rhit", "min_hit", "pop_kl")
    gains = [
        imp({n: rows[n][i] for n in names}, results["base_val"], results["imp_over"])
        for i in range(286)
    ]
    best = int(np.argmax(np.where(rows["valid"], gains, -np.inf)))
    assert np.flatnonzero(rows["selected"]).tolist() == [best]
    assert gains[best] > 0.02
    assert results["mix"] == {n: rows[f"mix_{n}"][best] for n in ("acc", "rev", "fair", "align")}
    measured = {n: rows[n][best] for n in names}  # by the pass over candidates, and by the model
    assert {n: results["val"][n] for n in names} == measured
    history = run.read("history.parquet")
    assert len(history["epoch"]) == 1
    assert history["hit"][0] == measured["hit"]
    assert results["imp_over"]
    assert results["base_val"]["hit"] == rows["hit"][0]  # the first mix is the base's own order
    assert rows["mix_acc"][0] == 1


@pytest.mark.parametrize("search", ["grid", "nsga2"])
def test_same_seed_same_bytes_also_when_interrupted(root, base, monkeypatch, search):
    if search == "nsga2":
        pytest.importorskip("pymoo", reason="NSGA-II needs the extra evolutionary")
    values = {"method": "rerank", "search": search, "tries": 60}
    whole = content(trained(root, f"whole {search}", base, **values))
    begun = make_plan(root, f"begun {search}", base, **values)
    calls, searched = iter([False] * 20 + [True]), reranking.search

    def stopped(plan, trials, track, stop):
        searched(plan, trials, track, lambda: next(calls))

    monkeypatch.setattr(reranking, "search", stopped)
    with pytest.raises(Interrupted, match="after 20 of 60 mixes"):
        finish(train(begun))
    monkeypatch.undo()
    assert content(finish(resume(partial(begun.path))[1])[1]) == whole


@pytest.mark.parametrize("backbone", ["mf", "sasrec"])
def test_evaluation_ranks_as_training_measured(root, dataset, backbone):
    start = trained(root, f"start {backbone}", method="base", backbone=backbone, epochs=3)
    run = trained(root, f"again {backbone}", start.path, method="rerank", tries=40, n_candidates=30)
    model = load_model(run, dataset, "cpu")
    length = model.uses_history and 50
    assert bool(length) == (backbone == "sasrec")
    top = Ranker(dataset, "val", 10, 0, "cpu", length).rank(model)
    assert (top.rank <= 10).mean() == run.manifest.results["val"]["hit"]
    path = root / "metrics" / f"rerank {backbone}"
    found = evaluate(build(EvalConfig, {"k": (10,)}), run.path, path).artifact.manifest.results
    assert found["method"] == "rerank"
    assert found["comparison"]["accuracy_kept"] > 0


def test_a_preference_leaves_one_share_to_choose(root, base):
    run = trained(root, "wish", base, method="rerank", preference=(3, 1, 0), mix_parts=20)
    rows = run.read("trials.parquet")
    assert len(rows["imp"]) == 21
    shares = np.array([rows[f"mix_{n}"] for n in ("acc", "rev", "fair", "align")])
    assert shares.sum(0) == pytest.approx(1)
    assert shares[1] == pytest.approx(3 * shares[2])
    assert not shares[3].any()
    one = trained(root, "fixed", base, method="rerank", preference=(3, 1, 0), acc_share=0.6)
    assert one.manifest.results["mix"] == pytest.approx(
        {"acc": 0.6, "rev": 0.3, "fair": 0.1, "align": 0}
    )
    assert one.manifest.results["tries"] == 1


def test_objectives_choose_the_terms(root, base):
    run = trained(root, "two", base, method="rerank", objectives=("align",))
    assert set(run.manifest.results["mix"]) == {"acc", "align"}
    assert run.manifest.results["tries"] == 11


def test_as_much_is_kept_as_was_asked_for(root, base):
    runs = [
        trained(root, f"keep {k}", base, method="rerank", objectives=("rev",), keep_accuracy=k)
        for k in (1.0, 0.5, 1.5)
    ]
    much, little, none = (run.manifest.results for run in runs)
    kept = [r["val"]["accuracy_kept"] for r in (much, little)]
    assert kept[0] >= 1.0 - 1e-12
    assert kept[0] > kept[1] >= 0.5
    assert little["val"]["imp"] > much["val"]["imp"]
    assert not none["kept_enough"]  # and then the most accurate is kept
    assert none["val"]["hit"] == max(runs[2].read("trials.parquet")["hit"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 3}, "--epochs does nothing for method rerank"),
        ({"sampler_mode": "reweight"}, "--sampler-mode does nothing for method rerank"),
        ({"preset": "paper"}, "preset does nothing for method rerank"),
        ({"target_loss": 0.3}, "target_loss does nothing for method rerank"),
        ({"normalise": "l2"}, "normalise does nothing for method rerank"),
        ({"coordinator": "mgda"}, "coordinator does nothing for method rerank"),
        ({"aux_weight": 0.3}, "aux_weight does nothing for method rerank"),
        ({"fair_signal": "loss"}, "fair_signal does nothing for method rerank"),
        ({"objectives": ("acc",)}, "rerank weighs objectives, and acc is the only one"),
        ({"n_candidates": 5}, "n_candidates 5 is below the 10 of a list"),
        ({"n_candidates": 15, "align_k": 20}, "n_candidates 15 is below the 20 of a list"),
        ({"acc_share": 0.5}, "acc_share of method rerank needs the shares of the others"),
        ({"acc_share": 0.5, "preference": (1, 1, 1), "tries": 3}, "give the one mix"),
        ({"mix_parts": 900}, "mix_parts 900 makes 122,311,651 mixes"),
        ({"learning_rate": 0.5}, "differs from the base's 0.01"),
        ({"method": "morec", "search": "nsga2"}, "search does nothing for method morec"),
        ({"method": "morec", "least_score": 0.2}, "least_score does nothing for method morec"),
        ({"method": "continue", "mix_parts": 3}, "mix_parts does nothing for method continue"),
        ({"method": "mgda", "n_candidates": 30}, "n_candidates does nothing for method mgda"),
        ({"method": "morec", "backbone": "candidates"}, "backbone candidates differs from"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(root, base, values, message):
    with pytest.raises(ConfigError, match=message) as error:
        make_plan(root, "never", base, **{"method": "rerank"} | values)
    assert error.value.hint


def test_a_base_is_needed(root):
    with pytest.raises(ConfigError, match="rerank starts from a base run"):
        make_plan(root, "never", method="rerank")
