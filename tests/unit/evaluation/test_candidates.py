"""Targets among drawn items: what is drawn, how often, and the same for every model."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from mobench.data.dataset import Dataset
from mobench.errors import ConfigError
from mobench.evaluation import candidates
from mobench.evaluation.candidates import draw
from mobench.evaluation.ranking import Ranker
from mobench.evaluation.seen import masked
from tests.synthetic import planted, write
from tests.unit.evaluation.test_ranking import Table


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Dataset:
    path = tmp_path_factory.mktemp("drawn") / "toy"
    planted(path, n_users=40, n_items=25, per_user=6)
    return Dataset.load(path)


def drawn(dataset: Dataset, spec: str, seed: int = 0, split: str = "test"):
    known = [dataset.splits["train"]] + ([dataset.splits["val"]] if split == "test" else [])
    rows = dataset.splits[split]
    seen = masked(known, rows, dataset.n_users, dataset.n_items)
    return rows, seen, draw(spec, dataset, rows, seen, seed)


@pytest.mark.parametrize("kind", ["uniform", "popularity"])
@pytest.mark.parametrize("split", ["val", "test"])
def test_the_target_and_distinct_items_that_were_not_seen(dataset, kind, split):
    rows, (starts, items), found = drawn(dataset, f"{kind}:9", split=split)
    assert found.shape == (40, 10)
    assert found[:, 0].tolist() == rows.item.tolist()
    for row, user in zip(found, rows.user, strict=True):
        seen = set(items[starts[user] : starts[user + 1]].tolist())
        others = row[row != row[0]].tolist()
        assert len(set(others)) == len(others) == 9
        assert not seen & set(others)


@pytest.mark.parametrize("kind", ["uniform", "popularity"])
def test_the_first_one_drawn_has_the_wanted_chances(dataset, kind):
    """With one candidate each, over many seeds, for one user."""
    rows, (starts, items), _ = drawn(dataset, "uniform:1")
    user = int(rows.user[3])
    out = {*items[starts[user] : starts[user + 1]].tolist(), int(rows.item[3])}
    weights = np.ones(25) if kind == "uniform" else dataset.items.n_train.astype(float)
    weights[list(out)] = 0
    counts = np.zeros(25)
    for seed in range(1500):
        counts[drawn(dataset, f"{kind}:1", seed)[2][3, 1]] += 1
    assert counts[weights == 0].sum() == 0
    there = weights > 0
    assert chisquare(counts[there], 1500 * weights[there] / weights.sum()).pvalue > 1e-3


def test_all_that_is_left_is_drawn_where_too_few_are(dataset):
    rows, (starts, items), found = drawn(dataset, "uniform:24")
    for row, user in zip(found, rows.user, strict=True):
        assert set(row.tolist()) == set(range(25)) - set(items[starts[user] : starts[user + 1]])


def test_the_cut_into_chunks_changes_nothing(dataset, monkeypatch):
    _, _, whole = drawn(dataset, "popularity:5")
    monkeypatch.setattr(candidates, "CHUNK_FLOATS", 25 * 7)
    assert np.array_equal(np.sort(drawn(dataset, "popularity:5")[2]), np.sort(whole))
    assert not np.array_equal(np.sort(drawn(dataset, "popularity:5", seed=1)[2]), np.sort(whole))


@pytest.mark.parametrize("levels", [2, 10_000])
def test_ranks_and_lists_are_those_among_the_candidates(dataset, levels):
    rng = np.random.default_rng(levels)
    scores = rng.integers(0, levels, (40, 25)).astype(np.float32)
    rows, _, pool = drawn(dataset, "uniform:8", seed=5)
    ranker = Ranker(dataset, "test", 4, 5, "cpu", candidates="uniform:8")
    found = ranker.rank(Table(torch.from_numpy(scores)))
    place = ranker.place.tolist()
    for r, (user, target) in enumerate(zip(rows.user, rows.item, strict=True)):
        order = sorted(set(pool[r].tolist()), key=lambda i: (-scores[user, i], place[i]))
        assert found.rank[r] == order.index(target) + 1
        assert found.items[r].tolist() == order[:4]


def test_users_with_several_targets_are_refused(tmp_path):
    user, item = np.repeat(np.arange(3), 4), np.tile([0, 1, 2, 3], 3)
    split = np.tile(["train", "train", "test", "test"], 3)
    write(tmp_path / "b", user, item, split, np.ones(8), np.zeros(8), n_pop=2)
    with pytest.raises(ConfigError, match="one held-out item a user, and 'b' has users with sev"):
        Ranker(Dataset.load(tmp_path / "b"), "test", 2, 0, "cpu", candidates="uniform:2")


def test_more_candidates_than_items_are_refused_not_called_sampled(dataset):
    """All others can be drawn; one more would be a full ranking by another name."""
    assert drawn(dataset, "uniform:24")[2].shape == (40, 25)
    with pytest.raises(ConfigError, match=r"draws more items than .* beside the target \(24\)"):
        drawn(dataset, "uniform:25")
