"""Full ranking against a plain sort."""

from typing import Self

import numpy as np
import pytest
import torch

from mobench.data.dataset import Dataset
from mobench.errors import DataError
from mobench.evaluation import ranking
from mobench.evaluation.ranking import Ranker
from mobench.models import MF, Backbone
from mobench.seeds import Seeds
from tests.synthetic import planted, write


class Table(Backbone):
    """A model that knows its scores by heart, ``[U, I]``."""

    def __init__(self, scores: torch.Tensor) -> None:
        super().__init__()
        self.scores = scores

    @classmethod
    def build(cls, n_users, n_items, embedding_size, generator) -> Self:
        return cls(torch.zeros(n_users, n_items))

    def score(self, users, history, items):
        return self.scores[users].gather(1, items)

    def score_all(self, users, history):
        return self.scores[users].clone()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Dataset:
    path = tmp_path_factory.mktemp("rank") / "toy"
    planted(path, n_users=30, n_items=20, per_user=6)
    return Dataset.load(path)


def by_sorting(dataset: Dataset, scores: np.ndarray, split: str, seed: int):
    """Rank and list of each user by sorting all unmasked items in plain Python."""
    place = np.argsort(Seeds(seed).numpy("ties").permutation(dataset.n_items))
    known = ["train"] if split == "val" else ["train", "val"]
    ranks, lists = [], []
    for user, target in zip(dataset.splits[split].user, dataset.splits[split].item, strict=True):
        seen = {
            int(item)
            for name in known
            for u, item in zip(dataset.splits[name].user, dataset.splits[name].item, strict=True)
            if u == user
        } - {int(target)}
        items = [i for i in range(dataset.n_items) if i not in seen]
        items.sort(key=lambda i: (-scores[user, i], place[i]))
        ranks.append(items.index(target) + 1)
        lists.append(items)
    return ranks, lists


@pytest.mark.parametrize("split", ["val", "test"])
@pytest.mark.parametrize("levels", [1, 3, 10_000])
def test_ranks_and_lists_equal_a_plain_sort(dataset, split, levels):
    """With 1, 3 or very many distinct scores: all tie, many tie, hardly any."""
    rng = np.random.default_rng(levels)
    scores = rng.integers(0, levels, (dataset.n_users, dataset.n_items)).astype(np.float32)
    found = Ranker(dataset, split, 7, 0, "cpu").rank(Table(torch.from_numpy(scores)))
    ranks, lists = by_sorting(dataset, scores, split, 0)
    assert found.rank.tolist() == ranks
    assert found.items.tolist() == [items[:7] for items in lists]
    assert found.tied.all() if levels == 1 else found.tied.any() == (levels == 3)
    listed = (found.items == found.target[:, None]).any(1)
    assert np.array_equal(listed, found.rank <= 7)


def test_short_lists_end_in_minus_one(dataset):
    found = Ranker(dataset, "test", 25, 0, "cpu").rank(
        Table(torch.rand(dataset.n_users, dataset.n_items))
    )
    assert ((found.items >= 0).sum(1) == 15).all()
    assert (found.items[:, 15:] == -1).all()


def test_blocks_do_not_change_the_result(dataset, monkeypatch):
    model = Table(torch.randint(0, 4, (dataset.n_users, dataset.n_items)).float())
    whole = Ranker(dataset, "test", 5, 0, "cpu").rank(model)
    monkeypatch.setattr("mobench.evaluation.ranking.BLOCK_FLOATS", 3 * dataset.n_items)
    parts = Ranker(dataset, "test", 5, 0, "cpu").rank(model)
    assert np.array_equal(whole.items, parts.items)
    assert np.array_equal(whole.rank, parts.rank)


def test_tie_order_does_not_follow_the_item_codes(dataset):
    lists = Ranker(dataset, "val", 5, 0, "cpu").rank(
        Table(torch.zeros(dataset.n_users, dataset.n_items))
    )
    assert lists.items.mean() > 5


def test_rows_of_one_user_share_a_list_and_no_target_is_masked(tmp_path):
    """Baskets hold out several rows of a user; here one of them was bought before."""
    user, item = np.repeat(np.arange(3), 6), np.tile([0, 1, 2, 3, 4, 1], 3)
    split = np.tile(["train", "train", "val", "test", "test", "test"], 3)
    write(tmp_path / "b", user, item, split, np.ones(8), np.zeros(8), n_pop=2)
    found = Ranker(Dataset.load(tmp_path / "b"), "test", 8, 0, "cpu").rank(Table(torch.rand(3, 8)))
    assert found.target.tolist() == [3, 4, 1] * 3
    for rows in (slice(0, 3), slice(3, 6), slice(6, 9)):
        lists = found.items[rows]
        assert (lists == lists[0]).all()
        assert set(lists[0].tolist()) == {1, 3, 4, 5, 6, 7, -1}
        places = [1 + lists[0].tolist().index(target) for target in (3, 4, 1)]
        assert found.rank[rows].tolist() == places


def test_a_score_that_is_no_number_is_refused(dataset):
    scores = torch.rand(dataset.n_users, dataset.n_items)
    scores[3, 5] = torch.nan
    with pytest.raises(DataError, match=r"no number as the score of an item, in 1 of 30 rankings"):
        Ranker(dataset, "test", 5, 0, "cpu").rank(Table(scores)).checked()


@pytest.fixture
def factors(dataset) -> MF:
    """Whole numbers, so that every way of multiplying gives the same scores, and many tie."""
    generator = torch.Generator().manual_seed(1)
    sizes = (dataset.n_users, 3), (dataset.n_items, 3)
    return MF(*(torch.randint(-2, 3, size, generator=generator).float() for size in sizes)).eval()


def test_vectors_rank_as_their_scores_do(dataset, factors):
    every = factors.score_all(torch.arange(dataset.n_users), None).detach()
    one, other = (Ranker(dataset, "val", 6, 0, "cpu").rank(m) for m in (factors, Table(every)))
    ranks, lists = by_sorting(dataset, every.numpy(), "val", 0)
    for found in (one, other):
        assert found.rank.tolist() == ranks
        assert found.items.tolist() == [items[:6] for items in lists]
    assert np.array_equal(one.scores, other.scores)
    assert one.tied.any()


def test_native_code_is_used_where_it_pays_and_changes_nothing(dataset, factors, monkeypatch):
    native = pytest.importorskip("mobench.evaluation.native", exc_type=ModuleNotFoundError)
    calls, select = [], native.select
    monkeypatch.setattr(native, "select", lambda *given: (calls.append(given), select(*given))[1])
    plain = Ranker(dataset, "val", 6, 0, "cpu").rank(factors)
    monkeypatch.setattr(ranking, "MIN_SCORES", 30 * 72 * 50)
    fast = Ranker(dataset, "val", 6, 0, "cpu", repeats=50).rank(factors)
    assert len(calls) == 1
    assert Ranker(dataset, "val", 6, 0, "cpu", repeats=49).rank(factors).rank.tolist()
    assert len(calls) == 1
    for name in ("rank", "tied", "items", "scores"):
        assert np.array_equal(getattr(plain, name), getattr(fast, name))


def test_a_split_without_rows_gives_nothing(tmp_path):
    user, item = np.repeat(np.arange(3), 2), np.tile([0, 1], 3)
    write(tmp_path / "t", user, item, np.repeat("train", 6), np.ones(4), np.zeros(4), n_pop=2)
    found = Ranker(Dataset.load(tmp_path / "t"), "test", 8, 0, "cpu").rank(Table(torch.rand(3, 4)))
    assert (found.rank.shape, found.items.shape, found.scores.shape) == ((0,), (0, 8), (0, 8))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_a_gpu_gives_the_same_and_is_waited_for_at_the_end_only(dataset, factors, monkeypatch):
    monkeypatch.setattr("mobench.evaluation.ranking.BLOCK_FLOATS", 4 * 72)
    want = Ranker(dataset, "test", 6, 0, "cpu").rank(factors)
    ranker, model = Ranker(dataset, "test", 6, 0, "cuda"), factors.to("cuda")
    found = ranker.rank(model)
    for name in ("rank", "tied", "items", "scores"):
        assert np.array_equal(getattr(want, name), getattr(found, name))
    score, choose = ranker._scorer(model), ranker._selecting()
    torch.cuda.set_sync_debug_mode("error")
    try:
        with torch.inference_mode():
            ranker._block(model, score, choose, 4, lambda rows, scores: scores[rows - 4])
    finally:
        torch.cuda.set_sync_debug_mode("default")
