"""Every objective in the table keeps the contract."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.config import OBJECTIVE_NAMES
from mobench.data.dataset import Items
from mobench.metrics import METRICS
from mobench.objectives import OBJECTIVES, Settings, Validation


def items(seed: int, n: int = 40) -> Items:
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 20, n).astype(np.int32)
    return Items(
        price=rng.lognormal(size=n),
        revenue=rng.lognormal(size=n),
        fair_group=(np.arange(n) % 5).astype(np.int16),
        pop_group=(np.argsort(np.argsort(-count)) // 10).astype(np.int16),
        n_train=count,
    )


@pytest.mark.parametrize("name", OBJECTIVES)
@given(seed=st.integers(0, 10_000))
@settings(deadline=None, max_examples=25)
def test_contract(name, seed):
    rng = np.random.default_rng(seed)
    table, share = items(seed), np.full(4, 0.25)
    goal = OBJECTIVES[name](table, share, Settings(min_group_size=1))
    start = goal.start_weights()
    assert goal.groups.shape == (40,)
    assert goal.groups.min() == 0
    assert start.shape == (goal.n_groups,)
    assert start.min() >= 0
    assert start.sum() == pytest.approx(1)
    lists = np.array([rng.choice(40, 10, replace=False) for _ in range(60)], dtype=np.int32)
    seen = Validation(
        rng.integers(0, 40, 60).astype(np.int32),
        rng.integers(1, 41, 60).astype(np.int32),
        rng.random(60),
        lists,
    )
    signal = goal.signal(seen)
    assert signal.shape == (goal.n_groups,)
    assert set(signal.tolist()) <= {-1, 0, 1}
    assert goal.adaptive == bool(signal.any())


def test_table_and_config_name_the_same_objectives():
    assert tuple(OBJECTIVES) == OBJECTIVE_NAMES
    assert all(goal.name == name for name, goal in OBJECTIVES.items())
    assert all(goal.metric in METRICS for goal in OBJECTIVES.values())
