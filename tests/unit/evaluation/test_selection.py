"""Ranks and lists of a block against a plain sort, on every way there is."""

import importlib.util

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.evaluation import selection
from mobench.evaluation.selection import GROUP, largest, select

DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA"),
        ],
    ),
]
WAYS = {"torch": select}
if importlib.util.find_spec("numba"):
    from mobench.evaluation.native import select as native

    WAYS["native"] = native


def block(rng: np.random.Generator, rows: int, groups: int, levels: int, masked: float):
    """Scores of so many different values, the target never masked, the last columns empty."""
    width = groups * GROUP
    scores = rng.integers(-levels, levels + 1, (rows, width)).astype(np.float32) / 3
    scores[rng.random(scores.shape) < 0.1] *= -1  # zeros of both signs
    n_items = width - int(rng.integers(GROUP))
    target = rng.integers(n_items, size=rows)
    wanted = scores[np.arange(rows), target][:, None].copy()
    scores[rng.random(scores.shape) < masked] = -np.inf
    scores[:, n_items:] = -np.inf
    scores[np.arange(rows), target] = wanted[:, 0]
    return scores, target, wanted


def by_sorting(scores: np.ndarray, target: np.ndarray, k: int):
    """Rank, tie and list of each row from one stable sort in plain Python."""
    for row, goal in zip(scores.tolist(), target.tolist(), strict=True):
        order = sorted(range(len(row)), key=lambda column: -row[column])
        places = [column for column in order if row[column] > -np.inf]
        listed = (places + [-1] * k)[:k]
        best = [row[column] if column >= 0 else -np.inf for column in listed]
        yield places.index(goal) + 1, row.count(row[goal]) > 1, listed, best


def agree(found, scores, target, k):
    for b, (rank, tied, columns, best) in enumerate(by_sorting(scores, target, k)):
        assert int(found.rank[b]) == rank
        assert bool(found.tied[b]) == tied
        assert found.columns[b].tolist() == columns
        assert found.scores[b].tolist() == best
    assert not found.broken.any()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 1000),
    rows=st.integers(1, 9),
    groups=st.integers(1, 5),
    levels=st.sampled_from([0, 1, 5, 100_000]),
    masked=st.sampled_from([0.0, 0.5, 0.98]),
    k=st.sampled_from([1, 2, 10, 64]),
)
def test_equals_a_stable_sort(way, seed, rows, groups, levels, masked, k):
    scores, target, wanted = block(np.random.default_rng(seed), rows, groups, levels, masked)
    given = (torch.from_numpy(array) for array in (scores, target, wanted))
    agree(way(*given, k), scores, target, k)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("levels", [0, 2, 100_000])
def test_devices_agree(device, levels):
    scores, target, wanted = block(np.random.default_rng(levels), 40, 21, levels, 0.1)
    on = (torch.from_numpy(array).to(device) for array in (scores, target, wanted))
    found = selection.Selected(*(part.cpu() for part in select(*on, 10)))
    agree(found, scores, target, 10)


def test_all_columns_can_be_listed():
    scores, target, wanted = block(np.random.default_rng(3), 4, 2, 3, 0.2)
    for way in WAYS.values():
        given = (torch.from_numpy(array) for array in (scores, target, wanted))
        agree(way(*given, 2 * GROUP), scores, target, 2 * GROUP)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("chunk", [1, 3 * 7 * GROUP, 1 << 20])
@pytest.mark.parametrize("threads", [1, 2])
def test_how_the_work_is_cut_changes_nothing(way, chunk, threads, monkeypatch):
    monkeypatch.setattr(selection, "CHUNK", chunk)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    scores, target, wanted = block(np.random.default_rng(7), 11, 7, 4, 0.1)
    agree(way(*map(torch.from_numpy, (scores, target, wanted)), 5), scores, target, 5)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_columns_beyond_the_last_group_are_not_looked_at(way):
    scores, target, wanted = block(np.random.default_rng(4), 9, 3, 3, 0.1)
    wider = np.column_stack((scores, np.full((9, 8), -np.inf, np.float32)))
    found = way(*map(torch.from_numpy, (wider, target, wanted)), 7)
    agree(found, scores, target, 7)


def test_more_hits_than_a_byte_can_count():
    """Eight counters of a byte stand side by side; none may run over into the next."""
    n = 300 * GROUP
    scores = torch.ones((2, n))
    scores[:, -1] = 0.5
    target = torch.tensor([n - 1, 0])
    for way in WAYS.values():
        found = way(scores, target, scores.gather(1, target.unsqueeze(1)), 3)
        assert found.rank.tolist() == [n, 1]
        assert found.tied.tolist() == [False, True]
        assert found.columns.tolist() == [[0, 1, 2]] * 2


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_row_with_nan_is_told(way):
    scores = torch.rand((6, 3 * GROUP))
    scores[2, 100] = scores[4, 0] = scores[5, -1] = torch.nan
    target = torch.full((6,), 7)
    found = way(scores, target, scores[:, 7:8].clone(), 4)
    assert found.broken.tolist() == [False, False, True, False, True, True]


@given(seed=st.integers(0, 200), levels=st.sampled_from([1, 3, 1000]), k=st.integers(1, 20))
def test_largest_by_keys_is_a_stable_sort(seed, levels, k):
    values = torch.randint(-levels, levels + 1, (5, 20), generator=torch.manual_seed(seed)).float()
    values[0] = torch.where(values[0] == 0, -0.0, values[0])
    values[1, ::3] = -torch.inf
    want, places = values.sort(dim=1, descending=True, stable=True)
    for found in (largest(values, k), selection._by_keys(values, k)):
        assert torch.equal(found[0], want[:, :k])
        assert torch.equal(found[1], places[:, :k])
