"""Held-out users are scored after the right items, in whatever order they are computed."""

import numpy as np
import pytest
import torch

from mobench.data.dataset import Dataset
from mobench.evaluation import ranking
from mobench.evaluation.ranking import Ranker
from mobench.models import Backbone
from tests.synthetic import write

N_ITEMS, WIDTH = 9, 3


class Recall(Backbone):
    """Scores an item by where it stands in the history, the last item highest."""

    uses_history = True

    @classmethod
    def build(cls, n_users, n_items, config, generator):
        return cls()

    def score(self, users, history, items):
        return self.score_all(users, history).gather(1, items)

    def score_all(self, users, history):
        scores = torch.zeros(len(users), N_ITEMS + 1)
        place = 1.0 + torch.arange(history.shape[1]) - history.shape[1]
        return scores.scatter_reduce(1, history, 10 + place.expand_as(history), "amax")[:, :-1]


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    """User 0 has val rows before and between train rows, user 1 few rows, user 2 only held out."""
    rows = [
        (0, 1, "train"), (0, 2, "val"), (0, 3, "train"), (0, 4, "train"), (0, 5, "val"),
        (0, 6, "test"), (0, 7, "test"), (1, 8, "train"), (1, 0, "test"), (2, 5, "test"),
        (2, 6, "val"),
    ]  # fmt: skip
    user, item, split = (np.array(column) for column in zip(*rows, strict=True))
    write(tmp_path / "toy", user, item, split, np.ones(N_ITEMS), np.zeros(N_ITEMS), n_pop=2)
    return Dataset.load(tmp_path / "toy")


@pytest.mark.parametrize(
    ("split", "want"),
    [
        ("val", {0: [4, 3, 1], 2: []}),
        ("test", {0: [5, 4, 3], 1: [8], 2: [6]}),
    ],
)
@pytest.mark.parametrize("block", [1, 1 << 20])
def test_histories_are_train_for_val_and_train_and_val_for_test(
    dataset, split, want, block, monkeypatch
):
    monkeypatch.setattr(ranking, "BLOCK_FLOATS", block)
    seen, ranker = {}, Ranker(dataset, split, 3, 0, "cpu", WIDTH)

    def look(rows, scores):
        for row, score in zip(rows, scores[:, ranker.place], strict=True):
            known = (-score).argsort()[: int((score > 0).sum())].tolist()
            assert seen.setdefault(int(dataset.splits[split].user[row]), known) == known

    found = ranker.rank(Recall(), look=look)
    assert seen == want
    assert found.user.tolist() == dataset.splits[split].user.tolist()
    assert found.target.tolist() == dataset.splits[split].item.tolist()


def test_ranks_come_back_in_the_order_of_the_rows(dataset):
    found = Ranker(dataset, "val", 9, 0, "cpu", WIDTH).rank(Recall())
    for rank, target, items in zip(found.rank, found.target, found.items, strict=True):
        assert items[rank - 1] == target
