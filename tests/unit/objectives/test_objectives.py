"""What each objective asks for, against cases worked out by hand."""

import numpy as np
import pytest

from mobench.data.dataset import Items
from mobench.errors import ConfigError
from mobench.objectives import Alignment, Fairness, Revenue, Settings, Validation

ITEMS = Items(
    price=np.array([1.0, 0.0, 3.0, 4.0]),
    revenue=np.array([1.0, 2.0, 3.0, 0.0]),
    fair_group=np.array([0, 0, 1, 2], dtype=np.int16),
    pop_group=np.array([0, 0, 1, 1], dtype=np.int16),
    n_train=np.array([4, 3, 2, 1], dtype=np.int32),
)
Q = np.array([0.7, 0.3])


def seen(target, loss, rank=None, lists=None) -> Validation:
    return Validation(
        target=np.array(target, dtype=np.int32),
        rank=np.array(rank if rank is not None else [1] * len(target), dtype=np.int32),
        loss=np.array(loss, dtype=np.float64),
        lists=np.array(lists if lists is not None else [[0]] * len(target), dtype=np.int32),
    )


def test_revenue_counts_every_interaction_at_its_revenue():
    goal = Revenue(ITEMS, Q, Settings())
    assert goal.start_weights() == pytest.approx(np.array([4, 6, 6, 0]) / 16)


def test_revenue_without_prices_is_refused():
    bare = Items(**{**ITEMS.__dict__, "revenue": np.zeros(4)})
    with pytest.raises(ConfigError, match="no prices"):
        Revenue(bare, Q, Settings()).start_weights()


def test_fairness_picks_the_largest_mean_not_the_largest_sum():
    """Group 0 has the largest sum (what the authors' code picks), group 1 the largest mean."""
    goal = Fairness(ITEMS, Q, Settings(fair_signal="loss", min_group_size=1))
    answer = goal.signal(seen([0, 0, 0, 1, 2, 2], [1, 1, 1, 1, 1.5, 1.5]))
    assert answer.tolist() == [0, 1, 0]


def test_fairness_ignores_groups_too_small_to_judge():
    goal = Fairness(ITEMS, Q, Settings(fair_signal="loss", min_group_size=2))
    assert goal.signal(seen([0, 0, 2, 2, 3], [1, 1, 2, 2, 9])).tolist() == [0, 1, 0]
    assert goal.signal(seen([3], [9])).tolist() == [0, 0, 0]


@pytest.mark.parametrize("signal", ["hit", "ndcg"])
def test_fairness_by_hits(signal):
    goal = Fairness(ITEMS, Q, Settings(fair_signal=signal, min_group_size=1, k=10))
    answer = goal.signal(seen([0, 2, 3], [9, 0, 0], rank=[1, 11, 10]))
    assert answer.tolist() == [0, 1, 0]


def test_alignment_pulls_towards_the_wanted_shares():
    goal = Alignment(ITEMS, Q, Settings(align_k=2))
    too_popular = seen([0, 0], [0, 0], lists=[[0, 1, 2], [1, 0, 2]])
    assert goal.signal(too_popular).tolist() == [-1, 1]
    too_rare = seen([0, 0], [0, 0], lists=[[2, 3, 0], [3, 2, 0]])
    assert goal.signal(too_rare).tolist() == [1, -1]


def test_alignment_rests_within_the_dead_band_and_skips_empty_slots():
    lists = [[0, 1, 0, 1, 0, 1, 0, 2, 3, 2, -1, -1]]
    goal = Alignment(ITEMS, Q, Settings(align_k=12))
    assert goal.signal(seen([0], [0], lists=lists)).tolist() == [0, 0]
    strict = Alignment(ITEMS, np.array([0.72, 0.28]), Settings(align_k=12, dead_band=0.01))
    assert strict.signal(seen([0], [0], lists=lists)).tolist() == [1, -1]


def test_start_masses_are_train_shares():
    assert Fairness(ITEMS, Q, Settings()).start_weights() == pytest.approx([0.7, 0.2, 0.1])
    assert Alignment(ITEMS, Q, Settings()).start_weights() == pytest.approx([0.7, 0.3])
