"""The adaptive sampler: its updates, its frequencies, and the equality of its two modes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from mobench.errors import ConfigError
from mobench.training import AdaptiveSampler
from mobench.training.sampler import Masses, step_masses

UPDATES = json.loads((Path(__file__).parents[2] / "oracles" / "sampler_updates.json").read_text())


@pytest.mark.parametrize("case", UPDATES, ids=lambda c: f"{c['mode']}-{len(c['start'])}")
def test_reproduces_updates(case):
    start = now = np.array(case["start"])
    rule = "paper" if case["mode"] == "paper" else "relative"
    for signal, want in case["steps_signal_and_weights"]:
        now = step_masses(now, np.array(signal), start, case["step"], case["floor"], rule)
        assert now == pytest.approx(want, abs=1e-12)


@given(
    start=st.lists(st.floats(0.01, 1), min_size=2, max_size=12),
    seed=st.integers(0, 2**32),
    rule=st.sampled_from(["relative", "paper"]),
)
def test_masses_stay_on_the_simplex_above_their_floor(start, seed, rule):
    rng = np.random.default_rng(seed)
    begin = now = np.array(start) / sum(start)
    for _ in range(30):
        now = step_masses(now, rng.integers(-1, 2, len(now)), begin, 0.1, 0.1, rule)
        assert now.sum() == pytest.approx(1)
        assert (now >= (0.1 * begin if rule == "relative" else 0) - 1e-12).all()


def test_a_raised_group_gains_and_a_lowered_one_loses():
    start = np.array([0.2, 0.3, 0.5])
    now = step_masses(start, np.array([1, 0, -1]), start)
    assert now[0] > start[0]
    assert now[2] < start[2]


@pytest.mark.parametrize("masses", [[0.7, 0.2, 0.1], [0.05, 0.0, 0.95]])
def test_draws_follow_masses_and_are_uniform_inside(masses):
    row_group = np.array([0] * 5 + [1] * 20 + [2] * 3)
    chosen = Masses.over(row_group, np.array(masses))
    rows = chosen.draw(60_000, np.random.default_rng(3))
    want = np.array(masses)[row_group] / np.bincount(row_group)[row_group] * 60_000
    got = np.bincount(rows, minlength=28)
    assert not got[want == 0].any()
    assert chisquare(got[want > 0], want[want > 0]).pvalue > 1e-3


def test_an_epoch_is_a_permutation_and_one_block_per_objective():
    sampler = AdaptiveSampler({"a": np.arange(10) % 2, "b": np.zeros(10, int)}, 10, 4, seed=5)
    batches = torch.stack(list(sampler))
    assert batches.shape == (3, 3, 4)
    flat = batches[:, 0].flatten()
    assert sorted(flat[:10].tolist()) == list(range(10))
    assert torch.equal(flat[10:], flat[:2])


def test_epochs_differ_and_repeat_by_number():
    sampler = AdaptiveSampler({"a": np.arange(50) % 5}, 50, 10, seed=1)
    first, second = torch.stack(list(sampler)), torch.stack(list(sampler))
    assert not torch.equal(first, second)
    sampler.epoch = 0
    assert torch.equal(first, sampler.batches())


def test_reweighting_has_the_expectation_of_drawing():
    """Σ over all rows of weight / N · x equals Σ of mass / group size · x, exactly."""
    rng = np.random.default_rng(0)
    row_group, values = rng.integers(0, 4, 200), rng.normal(size=200)
    masses = Masses.over(row_group, np.array([0.1, 0.2, 0.3, 0.4]))
    weights = masses.row_weights()
    assert weights.mean() == pytest.approx(1)
    want = sum(m * values[row_group == g].mean() for g, m in enumerate([0.1, 0.2, 0.3, 0.4]))
    assert (weights * values).mean() == pytest.approx(want)
    drawn = values[masses.draw(200_000, rng)].mean()
    assert drawn == pytest.approx(want, abs=5 * values.std() / np.sqrt(200_000))
    assert abs(want - values.mean()) > 1e-3


def test_groups_without_rows_get_no_mass():
    masses = Masses.over(np.array([0, 0, 2]), np.array([0.5, 0.3, 0.2]))
    assert masses.start.tolist() == pytest.approx([5 / 7, 0, 2 / 7])


@pytest.mark.parametrize("start", [[0.0, 0.0], [-1.0, 2.0]])
def test_impossible_masses_are_refused(start):
    with pytest.raises(ConfigError, match="start masses"):
        Masses.over(np.array([0, 1]), np.array(start))


def test_state_survives_saving():
    first = AdaptiveSampler({"a": np.arange(8) % 2}, 8, 4)
    first.update({"a": np.array([1, -1])})
    first.epoch = 3
    second = AdaptiveSampler({"a": np.arange(8) % 2}, 8, 4)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.batches(), second.batches())
    assert second.masses["a"].now.tolist() == first.masses["a"].now.tolist() != [0.5, 0.5]


def test_a_group_without_rows_never_gains():
    """Under the paper's rule the step is the same for all groups; there is nothing to draw here."""
    start = np.array([0.5, 0.5, 0.0])
    for rule in ("relative", "paper"):
        now = step_masses(start, np.array([-1, 0, 1]), start, 0.1, 0.0, rule)
        assert now[2] == 0
        assert now[1] > now[0] > 0
