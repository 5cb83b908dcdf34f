"""Which mixes are tried."""

import importlib.util
import itertools

import numpy as np
import pytest

from mobench.config import TrainConfig, build
from mobench.errors import ConfigError
from mobench.training.rerank.search import check_search, evolve, grid, grid_size, n_tries


def config(**values) -> TrainConfig:
    return build(TrainConfig, {"method": "rerank", **values})


@pytest.mark.parametrize("parts", [1, 2, 5])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_grid_has_every_mix_once(n, parts):
    names = ("acc", "rev", "fair", "align")[:n]
    asked = config(objectives=names, mix_parts=parts, least_score=0)
    found = list(grid(asked))
    steps = itertools.product(range(parts + 1), repeat=n)
    points = {tuple(round(s / parts, 9) for s in p) for p in steps if sum(p) == parts}
    assert {tuple(round(share, 9) for share in mix) for mix in found} == points
    assert len(found) == len(set(found)) == grid_size(asked) == n_tries(asked)
    assert found[0] == (1, *(0,) * (n - 1))


def test_the_score_keeps_its_least_share():
    found = np.array(list(grid(config(least_score=0.7, mix_parts=3))))
    assert found.sum(1) == pytest.approx(1)
    assert found[:, 0].min() == pytest.approx(0.7)
    assert {round(v, 9) for v in found[:, 1:].ravel()} == {0, 0.1, 0.2, 0.3}


def test_a_budget_draws_from_the_grid_by_seed():
    some, same, other = (list(grid(config(tries=30, seed=seed))) for seed in (1, 1, 2))
    assert some == same != other
    assert len(set(some)) == 30
    assert some[0] == (1, 0, 0, 0)
    assert set(some) < set(grid(config()))
    assert len(list(grid(config(tries=10_000)))) == 286


def test_without_pymoo_nsga2_says_what_to_install(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "pymoo" else find(name)
    )
    check_search(config())
    with pytest.raises(ConfigError, match="needs pymoo") as error:
        check_search(config(search="nsga2"))
    assert "mobench[evolutionary]" in error.value.hint


def bred(budget, **values):
    """Mixes that NSGA-II tries where the goals are two shares, and the third is in the way."""
    pytest.importorskip("pymoo", reason="NSGA-II needs the extra evolutionary")
    names = ("acc", "rev", "fair")
    asked = config(search="nsga2", objectives=names, tries=budget, least_score=0, **values)
    tried = []

    def measure(mix):
        tried.append(mix)
        return [-mix[0], -mix[1], -mix[0] - mix[1]]

    evolve(asked, measure, iter(range(budget)))
    return np.array(tried)


@pytest.mark.parametrize("budget", [1, 7, 60, 66])
def test_nsga2_uses_its_budget_and_no_more(budget):
    tried = bred(budget)
    assert len(tried) == budget
    assert tried[0].tolist() == [1, 0, 0]
    assert tried.min() >= 0
    assert tried.sum(1) == pytest.approx(1)


def test_nsga2_repeats_itself_by_seed_and_touches_no_global_generator():
    before = np.random.get_state()[1].copy()
    assert np.array_equal(bred(60, seed=3), bred(60, seed=3))
    assert not np.array_equal(bred(60, seed=3), bred(60, seed=4))
    assert np.array_equal(np.random.get_state()[1], before)


def test_nsga2_gets_better():
    tried = bred(66, mix_parts=10)
    assert tried[-20:, 2].mean() < 0.5 * tried[1:7, 2].mean()
