"""Negatives: their distribution, and that no train item of the user is among them."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from mobench.training import negatives
from mobench.training.negatives import NegativeSampler, Seen

N_USERS, N_ITEMS = 30, 25


@pytest.fixture(params=["bitmap", "search"])
def pairs(request, monkeypatch):
    """Seen pairs, held as a bitmap or as sorted keys."""
    if request.param == "search":
        monkeypatch.setattr(negatives, "BITMAP_BYTES", 0)
    rng = np.random.default_rng(1)
    keys = rng.choice(N_USERS * N_ITEMS, 200, replace=False)
    users, items = torch.from_numpy(keys // N_ITEMS), torch.from_numpy(keys % N_ITEMS)
    return users, items, Seen(users, items, N_USERS, N_ITEMS)


def test_seen_is_exact(pairs):
    users, items, seen = pairs
    want = np.zeros((N_USERS, N_ITEMS), bool)
    want[users.numpy(), items.numpy()] = True
    grid = torch.arange(N_USERS).unsqueeze(1), torch.arange(N_ITEMS).expand(N_USERS, -1)
    assert np.array_equal(seen(*grid).numpy(), want)


@pytest.mark.parametrize("way", ["_redraw", "_first_unseen"])  # of a CPU, and of a GPU
@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_distribution_is_count_to_the_power(pairs, power, way, monkeypatch):
    monkeypatch.setattr(NegativeSampler, "_redraw", getattr(NegativeSampler, way))
    _, items, seen = pairs
    counts = torch.bincount(items, minlength=N_ITEMS)
    sampler = NegativeSampler(counts, seen, power, 50, seed=4)
    drawn = sampler.draw(torch.full((4000,), 3), 10).flatten()
    allowed = ~seen(torch.tensor(3), torch.arange(N_ITEMS))
    want = counts.double().pow(power) * allowed
    want = (want / want.sum() * len(drawn)).numpy()
    got = np.bincount(drawn.numpy(), minlength=N_ITEMS)
    assert not got[want == 0].any()
    assert chisquare(got[want > 0], want[want > 0]).pvalue > 1e-3
    assert sampler.kept == 0


@pytest.mark.parametrize("way", ["_redraw", "_first_unseen"])
def test_what_cannot_be_redrawn_is_kept_and_counted(way, monkeypatch):
    monkeypatch.setattr(NegativeSampler, "_redraw", getattr(NegativeSampler, way))
    users, items = torch.zeros(3, dtype=torch.int64), torch.arange(3)
    sampler = NegativeSampler(torch.ones(3), Seen(users, items, 1, 3), 0.0, 4, seed=0)
    assert sampler.draw(users, 2).shape == (3, 2)
    assert sampler.kept == 6


def test_state_survives_saving(pairs):
    users, _, seen = pairs
    first, second = (NegativeSampler(torch.ones(N_ITEMS), seen, 0.0, 10, seed=s) for s in (1, 2))
    first.draw(users, 5)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.draw(users, 5), second.draw(users, 5))
